import { expect, test } from 'vitest'
import { Vocabulary } from '../corpus/index.ts'
import {
  createModel,
  parseTrainConfig,
  shapeOf,
  type TrainConfigInput,
  writeRows,
} from '../word2vec/index.ts'
import { divergenceCauses } from './divergence.ts'
import { Guard } from './guard.ts'
import { keptWords, requireSense } from './sense.ts'

const words = (count: number, each = 100) =>
  Vocabulary.from(
    Array.from({ length: count }, (_, i): [Uint8Array, number] => [Buffer.from(`w${i}`), each]),
    1,
  )
const causesOf = (config: TrainConfigInput, vocabulary = words(5000), initLength = 0) => {
  const { causes, changes } = divergenceCauses(parseTrainConfig(config), vocabulary, initLength)
  return [causes.join('; '), changes.join(', or ')]
}
const blockOf = (loss: number, pairs = 1) => ({ place: 3, words: 1, records: 1, hash: 0n, loss, pairs })

test.each([Number.NaN, Infinity, -Infinity])('a loss of %d ends the run', (loss) => {
  const guard = new Guard(parseTrainConfig({}), words(10), 0)
  expect(() => guard.watchBlock(2, blockOf(1e300))).not.toThrow()
  expect(() => guard.watchBlock(2, blockOf(loss))).toThrow(
    /^training diverged in epoch 2: the loss of a block/,
  )
})

test('a loss far above that of an untrained model ends the run; one above it is told', () => {
  const guard = new Guard(parseTrainConfig({}), words(10), 0)
  expect(() => guard.watchBlock(2, blockOf(6900, 1000))).not.toThrow()
  // A handful of pairs may be anything.
  expect(() => guard.watchBlock(2, blockOf(90, 9))).not.toThrow()
  expect(() => guard.watchBlock(2, blockOf(7000, 1000))).toThrow(
    'the loss of a block is 7.00 nats per pair, where an untrained model has 0.693',
  )
  // With nce an untrained model may be far off: of ten words, 5 samples are drawn with a chance of 1/10 each.
  const nce = new Guard(parseTrainConfig({ loss: 'nce' }), words(10), 0)
  expect(() => nce.watchBlock(2, blockOf(13_000, 1000))).not.toThrow()
  expect(() => nce.watchBlock(2, blockOf(14_000, 1000))).toThrow('where an untrained model has 1.39')
  expect(guard.judgeEpoch(2, { loss: 750, pairs: 1000 })).toBeUndefined()
  expect(guard.judgeEpoch(2, { loss: 7, pairs: 9 })).toBeUndefined()
  expect(guard.judgeEpoch(2, { loss: 800, pairs: 1000 })).toMatch(
    /^the loss of epoch 2 is 0.800 nats per pair, where .* 0.693: .*lr 0.025 is too high .*; try --lr 0.0125/,
  )
})

test('a parameter that is no number, or a vector that has run away, ends the run by name', () => {
  const vocabulary = words(5000)
  const config = parseTrainConfig({ dim: 3 })
  const blocks = { length: 1, blockBytes: 65536 }
  const model = createModel(vocabulary, config, shapeOf(vocabulary, blocks, config, 1))
  const watch = (length = 0) => new Guard(config, vocabulary, length).watchParameters(3, model)
  expect(() => watch()).not.toThrow()
  writeRows(model, 'output', 4321, Float32Array.of(0, 9999, 0))
  expect(() => watch()).not.toThrow()
  writeRows(model, 'output', 4321, Float32Array.of(0, 10001, 0))
  const name = vocabulary.word(4321)
  expect(() => watch()).toThrow(`the output vector of "${name}" has run away to a length of 1.00e+4`)
  // What came so long may stay so.
  expect(() => watch(2000)).not.toThrow()
  writeRows(model, 'input', 0, Float32Array.of(0, 0, Number.NaN))
  expect(() => watch(2000)).toThrow(`the input vector of "${vocabulary.word(0)}" is not made of numbers`)
  writeRows(model, 'input', 0, Float32Array.of(-Infinity, 0, 0))
  expect(() => watch(2000)).toThrow('is not made of numbers')
})

test('the message says where the run goes on', () => {
  const guard = new Guard(parseTrainConfig({}), words(10), 0)
  expect(() => guard.watchBlock(1, blockOf(Number.NaN))).toThrow('in the same command')
  guard.checkpoint = 'checkpoints/000004'
  expect(() => guard.watchBlock(1, blockOf(Number.NaN))).toThrow('in another folder with --out')
})

test('causes are settings of this run, with what to change', () => {
  expect(causesOf({ lr: 0.3 })).toEqual(['lr 0.3 is 12 times the usual 0.025', '--lr 0.025'])
  expect(causesOf({})).toEqual(['lr 0.025 is too high for this text with these settings', '--lr 0.0125'])
  expect(causesOf({ model: 'cbow', cbowInput: 'sum', window: 8 })).toEqual([
    'cbowInput sum adds up to 16 vectors, and each moves by the whole step; lr 0.05 is too high for this text with these settings',
    '--lr 0.025, or --cbow-input mean',
  ])
  expect(causesOf({ model: 'cbow', window: 20 })[1]).toBe('--lr 0.025, or --cbow-gradient divided')
  expect(causesOf({ window: 100 })[0]).toContain(
    'window 100 with negative 5 moves its vectors by up to 1,200 pairs',
  )
  expect(causesOf({ sample: 0 }, words(7))[0]).toContain('only 7 different words, so that the same vectors')
  expect(causesOf({ sample: 0 }, words(7))[1]).toContain('--sample 1e-3')
  expect(causesOf({ threads: 4 }, words(7))[1]).toContain('--threads 1')
  expect(causesOf({ threads: 4, deterministic: true }, words(7))[1]).not.toContain('--threads 1')
  expect(causesOf({}, undefined, 50)[0]).toMatch(/^init brings vectors of a length of up to 50/)
  expect(causesOf({}, undefined, 50)[1]).toBe('an --init of shorter vectors, or --lr 0.0125')
})

test('what subsampling keeps', () => {
  expect(keptWords(words(10), parseTrainConfig({ sample: 0 }))).toBe(1000)
  // f = 0.1, t = 0.001: (√100 + 1) / 100 of each word.
  expect(keptWords(words(10), parseTrainConfig({ sample: 1e-3 }))).toBeCloseTo(110, 9)
  expect(keptWords(words(10), parseTrainConfig({ sample: 1e-3, sampleFormula: 'paper' }))).toBeCloseTo(100, 9)
})

test('settings that make no sense for a text are refused or told', () => {
  const told = (config: TrainConfigInput) => requireSense(parseTrainConfig(config), words(10)).join()
  expect(told({})).toBe('')
  expect(() => told({ sample: 1e-9 })).toThrow('nothing is left to train on with sample 1e-9')
  expect(told({ sample: 1e-6 })).toContain('keeps about 3 of 1,000 words')
  expect(told({ lr: 0.5 })).toContain('training may diverge')
  expect(told({ lr: 1e-6 })).toContain('will hardly move')
  expect(told({ epochs: 5000 })).toContain('epochs 5,000')
})
