import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../core/random.ts'
import { Vocabulary } from '../corpus/index.ts'
import { loadKernel } from '../runtime/wasm.ts'
import { parseTrainConfig, type TrainConfigInput } from './config.ts'
import {
  createModel,
  KernelThread,
  modelVectors,
  paddedWordBytes,
  pieces,
  sentenceBreak,
  type TrainKernel,
} from './model.ts'
import { initialiseReference, type ReferenceModel, trainReference } from './reference.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

/** A model of `size` words whose counts fall as 1/rank, as in language. */
function build(size: number, input: TrainConfigInput) {
  const config = parseTrainConfig({ seed, ...input })
  const words = Array.from({ length: size }, (_, i): [Uint8Array, number] => [
    Buffer.from(`word${i}`),
    Math.ceil((50 * size) / (i + 1)),
  ])
  const vocabulary = Vocabulary.from(words, 1)
  const shape = {
    vocabulary: size,
    wordBytes: paddedWordBytes(vocabulary),
    dim: config.dim,
    negative: config.negative,
    window: config.window,
    threads: 2,
    blocks: 1,
    blockBytes: 65536,
  }
  return { config, vocabulary, model: createModel(vocabulary, config, shape) }
}

type Built = ReturnType<typeof build>

/** Copies a model into the reference's form. */
function reference({ config, model }: Built): ReferenceModel {
  const { layout, vocabulary } = model
  const dense = (name: 'input' | 'output') => {
    const { matrix, stride } = modelVectors(model, name)
    return Float64Array.from({ length: vocabulary * config.dim }, (_, i) => {
      return matrix[Math.floor(i / config.dim) * stride + (i % config.dim)]!
    })
  }
  return {
    ...config,
    input: dense('input'),
    output: dense('output'),
    keep: new Uint32Array(model.memory.buffer, layout.keep, vocabulary),
    noise: new Uint32Array(model.memory.buffer, layout.noise, 2 * vocabulary),
  }
}

/** Vectors as large as after some training, so that dot products matter. */
function scatter(built: Built, random: Random): void {
  for (const name of ['input', 'output'] as const) {
    const { matrix, stride } = modelVectors(built.model, name)
    for (let word = 0; word < built.model.vocabulary; word++) {
      for (let d = 0; d < built.config.dim; d++)
        matrix[word * stride + d] = (random.below(2001) - 1000) / 2500
    }
  }
}

function sentences(size: number, count: number, random: Random): Uint32Array {
  const ids: number[] = []
  while (ids.length < count) {
    const length = 1 + random.below(30)
    for (let i = 0; i < length; i++) ids.push(Math.min(random.below(size), random.below(size)))
    ids.push(sentenceBreak)
  }
  return Uint32Array.from(ids)
}

function place(built: Built, ids: Uint32Array): Uint32Array {
  const here = new Uint32Array(built.model.memory.buffer, built.model.layout.threads[0]!.ids, ids.length)
  here.set(ids)
  return here
}

const shapes: (TrainConfigInput & { size: number })[] = [
  { size: 500, dim: 100, window: 5, negative: 5, sample: 1e-3 },
  { size: 300, dim: 3, window: 2, negative: 1, sample: 0 },
  { size: 300, dim: 17, window: 8, negative: 6, sample: 0.01 },
  { size: 300, dim: 64, window: 3, negative: 11, sample: 0 },
  { size: 60, dim: 30, window: 10, negative: 20, sample: 0 },
  { size: 4, dim: 8, window: 5, negative: 5, sample: 0 },
  { size: 1, dim: 8, window: 5, negative: 5, sample: 0 },
]

for (const kernelName of ['train.relaxed', 'train.strict'] as const) {
  test.each(shapes)(`${kernelName} moves the vectors as the reference does: %o`, ({ size, ...input }) => {
    const random = new Random(deriveSeed(seed, size))
    const built = build(size, input)
    scatter(built, random)
    const expected = reference(built)
    const before = expected.input.slice()
    const ids = sentences(size, 600, random)
    const kernel = new KernelThread(built.model, loadKernel<TrainKernel>(kernelName, built.model.memory), 0)
    const stream = deriveSeed(seed, 9)
    kernel.seed(stream)
    kernel.train(place(built, ids), 0.02)
    const sums = kernel.sums()
    const wanted = trainReference(expected, ids, 0.02, stream)
    expect(sums.pairs, `SEED=${seed}`).toBe(wanted.pairs)
    expect(sums.centres, `SEED=${seed}`).toBe(wanted.centres)
    expect(Math.abs(sums.loss - wanted.loss), `SEED=${seed}`).toBeLessThanOrEqual(1e-5 * wanted.loss)
    const actual = reference(built)
    for (const name of ['input', 'output'] as const) {
      const worst = actual[name].reduce((most, x, i) => Math.max(most, Math.abs(x - expected[name][i]!)), 0)
      expect(worst, `${name}, SEED=${seed}`).toBeLessThan(2e-5)
    }
    if (size > 1) expect(actual.input).not.toEqual(before)
  })
}

test('a sigmoid far out gives its loss exactly and moves as it should', () => {
  const built = build(2, { dim: 4, window: 1, negative: 1, sample: 0 })
  for (const name of ['input', 'output'] as const)
    modelVectors(built.model, name).matrix.fill(name === 'input' ? 5 : -5)
  const expected = reference(built)
  const ids = Uint32Array.from([0, 1, sentenceBreak])
  const kernel = KernelThread.load(built.model, 0)
  kernel.seed(1n)
  kernel.train(place(built, ids), 0.01)
  const wanted = trainReference(expected, ids, 0.01, 1n)
  expect(kernel.sums().loss).toBeCloseTo(wanted.loss, 3)
  expect(wanted.loss).toBeGreaterThan(150)
})

test('padding columns stay zero', () => {
  const built = build(50, { dim: 5, sample: 0 })
  const kernel = KernelThread.load(built.model, 1)
  kernel.seed(3n)
  kernel.train(place(built, sentences(50, 500, new Random(5n))), 0.05)
  const { matrix, stride } = modelVectors(built.model, 'input')
  for (let word = 0; word < 50; word++)
    expect([...matrix.subarray(word * stride + 5, (word + 1) * stride)]).toEqual([0, 0, 0])
})

test("the first vectors are the reference's", () => {
  const built = build(40, { dim: 6 })
  const actual = reference(built)
  const wanted = initialiseReference(40, 6, seed)
  for (const [i, x] of wanted.entries()) expect(actual.input[i]).toBeCloseTo(x, 7)
  expect(actual.output.every((x) => x === 0)).toBe(true)
})

test('pieces are whole sentences and lose nothing', () => {
  const ids = sentences(100, 9000, new Random(8n))
  const all = [...pieces(ids, 2000)]
  expect(all.flatMap((piece) => [...piece])).toEqual([...ids])
  for (const piece of all) {
    expect(piece.length).toBeLessThanOrEqual(2000)
    expect(piece.at(-1)).toBe(sentenceBreak)
  }
})
