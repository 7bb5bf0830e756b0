import { expect, test } from 'vitest'
import { expand } from './expand.ts'
import { parseRecipe } from './recipe.ts'

const grid = { kind: 'grid', id: 'grid', title: 'Grid', rows: 'dim', columns: 'words', score: 'questions' }
const given = {
  name: 'shown',
  corpus: 'a.txt',
  grid: { dim: [50, 100], words: ['1M', '2M'] },
  evaluate: { analogies: ['questions.txt', { file: 'questions.txt', method: 'mul' }], pairs: ['ws353'] },
  tables: [grid],
}
const expanded = (changes: object, scale?: string) =>
  expand(parseRecipe({ ...given, ...changes }, 'recipe.yaml'), scale)

test('tables and figures of a scale take the place of those of the same id, or come behind', () => {
  const own = { ...grid, title: 'Other' }
  const bars = { kind: 'bars', id: 'bars', title: 'Bars', y: 'wordsPerSecond' }
  const scales = { plain: {}, tiny: { tables: [own, { ...grid, id: 'more' }], figures: [bars] } }
  expect(expanded({ scales }).tables).toEqual([own, { ...grid, id: 'more' }])
  expect(expanded({ scales }).figures).toMatchObject([bars])
  expect(expanded({ scales }, 'plain')).toMatchObject({ tables: [grid], figures: [] })
})

test.each(['questions.syntactic.ofAll', 'questions-mul', 'questions.gram3-plural', 'ws353.pearson', 'loss'])(
  'there is a score %s',
  (score) => {
    expect(expanded({ tables: [{ ...grid, score }] }).tables).toMatchObject([{ score }])
  },
)

const rows = { kind: 'rows', id: 'rows', title: 'Rows', scores: [{ score: 'ws353', head: 'Pairs' }] }
const asks = [{ ask: { near: 'war' } }, { ask: { near: 'peace' } }]
const words = { kind: 'words', id: 'words', title: 'Words', asks }

test.each([
  ['a score of no measure', { tables: [{ ...grid, score: 'question' }] }, 'did you mean questions?'],
  [
    'a part of pairs',
    { tables: [{ ...grid, score: 'ws353.semantic' }] },
    'nothing yields the score ws353.semantic',
  ],
  ['a key that is not in the grid', { tables: [{ ...grid, rows: 'window' }] }, 'no key of the grid window'],
  ['an id twice', { tables: [grid, grid] }, 'have the id grid'],
  [
    'one published value for many runs',
    { runs: [{ id: 'a', published: { ws353: 3 } }], tables: [rows] },
    'row a: its published values would stand beside each run',
  ],
  [
    'a course that is not recorded',
    { figures: [{ kind: 'training', id: 'f', title: 'F', y: 'questions' }] },
    'figure f: no run has evaluateEvery',
  ],
  [
    'a figure of no table',
    { figures: [{ kind: 'lines', id: 'f', title: 'F', x: 'dim', y: 'loss', table: 'gird' }] },
    'no grid table gird',
  ],
  [
    'a published value that no table shows',
    { tables: [rows], runs: [{ id: 'a', published: { ws35: 1 } }] },
    'no table shows the published ws35',
  ],
  [
    'too few answers of another system',
    { tables: [{ ...words, others: [{ label: 'NNLM', published: ['war'] }] }] },
    'NNLM has 1 answers to 2 questions',
  ],
])('%s is told', (_, changes, message) => {
  const told = () => {
    try {
      expanded(changes)
    } catch (error) {
      return String((error as Error).message)
    }
    return 'nothing'
  }
  expect(told()).toContain(message)
})
