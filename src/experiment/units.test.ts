import { expect, test } from 'vitest'
import { expand } from './expand.ts'
import { parseRecipe } from './recipe.ts'

test('shares are in percent; correlations, losses and times are not', () => {
  const heads = ['questions', 'ws353', 'ws353.pearson', 'loss', 'seconds', 'words']
  const recipe = parseRecipe(
    {
      name: 'units',
      corpus: 'a.txt',
      evaluate: { analogies: ['questions.txt'], pairs: ['ws353'] },
      tables: [
        { kind: 'rows', id: 'rows', title: 'Rows', scores: heads.map((score) => ({ score, head: score })) },
      ],
      figures: [{ kind: 'bars', id: 'bars', title: 'Bars', y: 'ws353' }],
    },
    'recipe.yaml',
  )
  const { tables, figures } = expand(recipe)
  const [rows] = tables
  expect(rows!.kind === 'rows' && rows!.scores.map(({ unit }) => unit)).toEqual([
    'percent',
    'number',
    'number',
    'number',
    'seconds',
    'words',
  ])
  expect(figures).toMatchObject([{ unit: 'number' }])
})
