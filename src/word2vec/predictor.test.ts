import { expect, test } from 'vitest'
import { Random } from '../core/random.ts'
import { HuffmanTree } from './huffman.ts'
import { Predictor, type TrainedModel } from './predictor.ts'
import { gradients, type ReferenceModel, type Target } from './reference.ts'

const [vocabulary, dim] = [7, 5]
const counts = Float64Array.of(50, 20, 9, 8, 3, 1, 1)
const random = new Random(3n)
const matrix = () => Float32Array.from({ length: vocabulary * dim }, () => random.below(2001) / 1000 - 1)
const [input, output] = [matrix(), matrix()]
const rowOf = (values: Float32Array) => (row: number) => values.subarray(row * dim, (row + 1) * dim)
const trained = (settings: Partial<TrainedModel>): TrainedModel => ({
  ...{ model: 'skipgram', loss: 'hs', cbowInput: 'mean', dim, counts, ...settings },
  ...{ input: rowOf(input), output: rowOf(output) },
})

/** The loss of the reference on a step: the logarithm of what it was told, less than 0. */
function referenceLoss(settings: Partial<TrainedModel>, contexts: number[], targets: Target[]): number {
  const model = { ...trained(settings), input: Float64Array.from(input), output: Float64Array.from(output) }
  return -gradients(model as unknown as ReferenceModel, { contexts, targets }).loss
}

test('hierarchical softmax: chances of all words add up to 1', () => {
  const predictor = new Predictor(trained({ loss: 'hs' }))
  for (let word = 0; word < vocabulary; word++) {
    const chances = Array.from({ length: vocabulary }, (_, target) =>
      Math.exp(predictor.logProbability(rowOf(input)(word), target)),
    )
    expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12)
  }
})

test('a word fits as well as the reference has learned it', () => {
  const tree = new HuffmanTree(counts)
  const [offsets, steps] = [new Uint32Array(vocabulary + 1), new Uint32Array(tree.steps)]
  tree.write(offsets, steps)
  const path = (word: number): Target[] =>
    Array.from(steps.slice(offsets[word]!, offsets[word + 1]!), (step) => {
      return { row: step & 0x7fffffff, label: step >>> 31 ? 0 : 1, offset: 0 }
    })
  const alone = (word: number): Target[] => [{ row: word, label: 1, offset: 0 }]
  const fitOf = (settings: Partial<TrainedModel>) => new Predictor(trained(settings)).fit(2, [0, 5, 0])
  const sum = (settings: Partial<TrainedModel>, targets: (word: number) => Target[]) =>
    [0, 5, 0].reduce((total, word) => total + referenceLoss(settings, [2], targets(word)), 0)
  expect(fitOf({ loss: 'hs' })).toBeCloseTo(sum({ loss: 'hs' }, path), 10)
  expect(fitOf({ loss: 'ns' })).toBeCloseTo(sum({ loss: 'ns' }, alone), 10)
  for (const cbowInput of ['mean', 'sum'] as const) {
    const cbow = { model: 'cbow', loss: 'hs', cbowInput } as const
    expect(fitOf(cbow)).toBeCloseTo(referenceLoss(cbow, [0, 5, 0], path(2)), 10)
  }
})

test('noise-contrastive estimation: the dot product is the logarithm itself', () => {
  const x = rowOf(input)(1)
  const dot = x.reduce((sum, value, d) => sum + value * rowOf(output)(4)[d]!, 0)
  expect(new Predictor(trained({ loss: 'nce' })).logProbability(x, 4)).toBeCloseTo(dot, 5)
})
