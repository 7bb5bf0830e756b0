import { expect, test } from 'vitest'
import { expand } from './expand.ts'
import { parseRecipe } from './recipe.ts'

const given = {
  name: 'accuracy',
  corpus: 'google-news',
  train: { model: 'cbow', loss: 'hs' },
  grid: { dim: [50, 600], words: ['24M', '783M'] },
  scales: {
    paper: {},
    small: {
      corpus: { oneOf: ['text8', 'other'] },
      train: { minCount: 2 },
      as: { words: { '24M': '1M', '783M': null } },
      seeds: [1, 2],
    },
  },
} as const

test('a grid is every combination, and a scale puts its values in place of those of the paper', () => {
  const { runs, scale } = expand(parseRecipe(given, 'recipe.yaml'), 'small')
  expect(scale).toBe('small')
  expect(runs.map(({ id, skipped }) => [id, skipped])).toEqual([
    ['dim=50,words=24M,seed=1', null],
    ['dim=50,words=24M,seed=2', null],
    ['dim=50,words=783M,seed=1', 'words 783M is not run at this scale'],
    ['dim=50,words=783M,seed=2', 'words 783M is not run at this scale'],
    ['dim=600,words=24M,seed=1', null],
    ['dim=600,words=24M,seed=2', null],
    ['dim=600,words=783M,seed=1', 'words 783M is not run at this scale'],
    ['dim=600,words=783M,seed=2', 'words 783M is not run at this scale'],
  ])
  expect(runs[5]).toMatchObject({
    cell: { dim: 600, words: '24M' },
    values: { dim: 600, words: '1M' },
    seed: 2,
    config: { model: 'cbow', loss: 'hs', minCount: 2, dim: 600, seed: 2 },
    corpus: { oneOf: ['text8', 'other'], words: '1M' },
  })
  expect(runs[5]!.config).not.toHaveProperty('words')
})

test('rows have settings of their own, over those of the recipe and the scale', () => {
  const recipe = parseRecipe(
    {
      name: 'rows',
      corpus: 'a.txt',
      train: { epochs: 3, dim: 300 },
      runs: [
        { id: 'sg', words: '783M', train: { epochs: 1 } },
        { id: 'cbow', train: { model: 'cbow' } },
      ],
      scales: { tiny: { train: { dim: 50 }, as: { words: { '783M': '1M' } } } },
    },
    '/recipes/rows.yaml',
  )
  const [first, second] = expand(recipe).runs
  expect(first).toMatchObject({ id: 'sg', row: 'sg', config: { epochs: 1, dim: 50, seed: 1 } })
  expect(first!.corpus).toEqual({ text: '/recipes/a.txt', words: '1M' })
  expect(second).toMatchObject({ id: 'cbow', cell: { model: 'cbow' }, config: { epochs: 3, model: 'cbow' } })
  expect(second!.corpus).toBe('/recipes/a.txt')
})

test('what a recipe asks for in vain is an error', () => {
  expect(() => expand(parseRecipe(given, 'r'), 'large')).toThrow('accuracy has no scale large')
  expect(() => parseRecipe({ ...given, gird: {} }, 'r')).toThrow('did you mean grid?')
  expect(() => expand(parseRecipe({ ...given, grid: { dims: [1] }, scales: {} }, 'r'))).toThrow(
    'did you mean dim?',
  )
  const as = { words: { '25M': '1M' } }
  expect(() => expand(parseRecipe({ ...given, scales: { small: { as } } }, 'r'))).toThrow(
    'no run has words 25M',
  )
  expect(() => parseRecipe({ ...given, train: { dimm: 1 } }, 'r')).toThrow('did you mean dim?')
  expect(() => parseRecipe({ ...given, corpus: { text: 'a', wordz: 1 } }, 'r')).toThrow('did you mean words?')
})

const plain = { name: 'plain', corpus: 'a.txt' }
const refused = (changes: object) => () => expand(parseRecipe({ ...plain, ...changes }, 'r'))

test.each([
  ['train', { train: { seed: 42 } }, 'seeds: [42]'],
  ['the grid', { grid: { seed: [7, 8] } }, 'seeds: [7, 8]'],
  ['a row', { runs: [{ id: 'a', train: { seed: 5 } }] }, 'plain, row a: seed has no effect'],
  [
    'a scale that is not chosen',
    { scales: { tiny: {}, paper: { train: { seed: 5 } } } },
    'scale paper: seed',
  ],
])('a seed in %s is refused: seeds would go over it', (_, changes, message) => {
  expect(refused(changes)).toThrow(message)
})

test('runs cannot differ in how they are run, but for how often they are scored', () => {
  expect(refused({ grid: { threads: [1, 2] } })).toThrow('write threads in train')
  expect(refused({ runs: [{ id: 'a', train: { memory: '50M' } }] })).toThrow('row a: memory')
  expect(refused({ train: { memory: '50M', threads: 2 } })).not.toThrow()
  expect(refused({ grid: { evaluateEvery: ['1epoch', '0.5epochs'] } })).not.toThrow()
})

test('a value twice, a name that is no folder of its own, and an id of the version’s own files are refused', () => {
  expect(refused({ grid: { dim: [8, 8] } })).toThrow('dim has the value 8 twice')
  expect(refused({ grid: { words: ['10K', 10_000] } })).toThrow('words has the value 10000 twice')
  expect(refused({ seeds: [1, 1] })).toThrow('two runs with the id seed=1')
  for (const name of ['..', '.', '-x']) expect(refused({ name })).toThrow('name is wrong')
  for (const id of ['lock', 'logs', 'experiment.json', '..'])
    expect(refused({ runs: [{ id }, { id: 'b' }] })).toThrow('runs.0.id is wrong')
})

test('a scale that takes all questions away asks nothing', () => {
  const changes = {
    evaluate: { analogies: ['q.txt'] },
    scales: { tiny: { evaluate: { analogies: [] } }, paper: {} },
  }
  const recipe = parseRecipe({ ...plain, ...changes }, '/r.yaml')
  expect(expand(recipe, 'tiny').evaluate).toBeUndefined()
  expect(expand(recipe, 'paper').evaluate).toMatchObject({ analogies: ['/q.txt'] })
})
