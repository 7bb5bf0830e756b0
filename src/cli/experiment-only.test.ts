import { expect, test } from 'vitest'
import { expand, parseRecipe } from '../experiment/index.ts'
import { chosenRuns, isWish } from './experiment-only.ts'

const { runs } = expand(
  parseRecipe(
    {
      name: 'grid',
      corpus: 'a.txt',
      runs: [{ id: 'a' }, { id: 'b', train: { model: 'cbow' } }],
      grid: { sample: [1e-5, 1e-3], words: ['10K', 20_000] },
    },
    'r.yaml',
  ),
)
const chosen = (...only: string[]) => chosenRuns(runs, 'grid', only).map(({ id }) => id)

test('a value is found however it is written, and where it is the default', () => {
  expect(chosen()).toHaveLength(8)
  expect(chosen('sample=1e-5')).toHaveLength(4)
  expect(chosen('sample=0.00001', 'words=10000', 'model=skipgram')).toEqual(['a,sample=0.00001,words=10K'])
  expect(chosen('sample=1e-3,words=20K,row=b')).toEqual(['b,sample=0.001,words=20000'])
  expect(chosen('dim=100')).toHaveLength(8)
  expect(chosen('seed=1', 'row=a')).toHaveLength(4)
  expect(chosen('id=b,sample=0.001,words=20000')).toHaveLength(1)
})

test('what means nothing is told, with the nearest', () => {
  expect(() => chosen('sampel=1e-5')).toThrow('did you mean sample?')
  expect(() => chosen('sample=1')).toThrow('sample is 0.00001, 0.001')
  expect(() => chosen('model=skipgram', 'row=b')).toThrow('together mean no run')
  expect(() => chosen('model')).toThrow('is not KEY=VALUE')
  expect(['words=24M', 'recipe.yaml', './a=b.yaml', 'a=b.yaml'].map(isWish)).toEqual([
    true,
    false,
    false,
    false,
  ])
})
