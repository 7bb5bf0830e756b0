import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../core/random.ts'
import { Vocabulary } from '../corpus/index.ts'
import { loadKernel } from '../runtime/wasm.ts'
import { parseTrainConfig, type TrainConfigInput } from './config.ts'
import { HuffmanTree } from './huffman.ts'
import { KernelThread, pieces } from './kernel-thread.ts'
import { LaneKernel, lanesOf } from './lane-kernel.ts'
import { trainLanes } from './lane-reference.ts'
import { laneCount } from './layout.ts'
import {
  createModel,
  freezeRows,
  type MatrixName,
  matrixNames,
  readRows,
  sentenceBreak,
  shapeOf,
  type TrainKernel,
  writeRows,
} from './model.ts'
import { initialiseReference, keptWords, type ReferenceModel, trainReference } from './reference.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

/** A model of `size` words whose counts fall as 1/rank, as in language. */
function build(
  size: number,
  input: TrainConfigInput,
  memoryCap?: number,
  threads = input.deterministic ? 2 : 1,
) {
  const config = parseTrainConfig({ seed, ...input })
  const words = Array.from({ length: size }, (_, i): [Uint8Array, number] => [
    Buffer.from(`word${i}`),
    Math.ceil((50 * size) / (i + 1)),
  ])
  const vocabulary = Vocabulary.from(words, 1)
  const shape = shapeOf(vocabulary, { length: 1, blockBytes: 65536 }, config, threads)
  if (memoryCap !== undefined) shape.memoryCap = memoryCap
  return { config, vocabulary, model: createModel(vocabulary, config, shape) }
}

type Built = ReturnType<typeof build>

function rowsOf({ model }: Built, name: MatrixName): Float32Array {
  const rows = new Float32Array(model.vocabulary * model.dim)
  readRows(model, name, 0, rows)
  return rows
}

/** Copies a model into the reference's form. */
function reference(built: Built): ReferenceModel {
  const { config, model, vocabulary } = built
  const { layout } = model
  const { buffer } = model.memories[0]!
  const V = model.vocabulary
  const dense = (name: MatrixName) => Float64Array.from(rowsOf(built, name))
  const copied: ReferenceModel = {
    ...config,
    input: dense('input'),
    output: dense('output'),
    keep: new Uint32Array(buffer, layout.keep, V).slice(),
    noise: config.loss === 'hs' ? new Uint32Array() : new Uint32Array(buffer, layout.noise, 2 * V).slice(),
  }
  if (config.loss === 'nce') copied.noiseOffsets = new Float32Array(buffer, layout.noiseOffsets, V).slice()
  if (config.loss === 'hs') {
    const tree = new HuffmanTree(vocabulary.counts)
    copied.paths = { offsets: new Uint32Array(V + 1), steps: new Uint32Array(tree.steps) }
    tree.write(copied.paths.offsets, copied.paths.steps)
  }
  if (config.optimizer === 'adagrad') {
    copied.inputSquares = dense('inputSquares')
    copied.outputSquares = dense('outputSquares')
  }
  return copied
}

/** Vectors as large as after some training, so that dot products matter; squares that are not zero. */
function scatter({ model }: Built, random: Random): void {
  for (const name of matrixNames(model)) {
    const isSquares = name.endsWith('Squares')
    const rows = Float32Array.from({ length: model.vocabulary * model.dim }, () =>
      isSquares ? (1 + random.below(1000)) / 500 : (random.below(2001) - 1000) / 2500,
    )
    writeRows(model, name, 0, rows)
  }
}

/** No word stands twice in a sentence: in a window, kernels may take a row that has moved for the old one. */
function sentences(size: number, count: number, random: Random): Uint32Array {
  const ids: number[] = []
  while (ids.length < count) {
    const sentence = new Set<number>()
    for (let length = 1 + random.below(30); length > 0; length--) {
      let id = Math.min(random.below(size), random.below(size))
      while (sentence.has(id)) id = (id + 1) % size
      sentence.add(id)
    }
    ids.push(...sentence, sentenceBreak)
  }
  return Uint32Array.from(ids)
}

function place(built: Built, ids: Uint32Array): Uint32Array {
  const { memories, layout } = built.model
  const here = new Uint32Array(memories[0]!.buffer, layout.threads[0]!.ids, ids.length)
  here.set(ids)
  return here
}

function expectClose(built: Built, wanted: ReferenceModel, within: number): void {
  const expected: Record<MatrixName, Float64Array | undefined> = {
    input: wanted.input,
    output: wanted.output,
    inputSquares: wanted.inputSquares,
    outputSquares: wanted.outputSquares,
  }
  for (const name of matrixNames(built.model)) {
    const worst = rowsOf(built, name).reduce(
      (most, x, i) => Math.max(most, Math.abs(x - expected[name]![i]!)),
      0,
    )
    expect(worst, `${name}, SEED=${seed}`).toBeLessThan(within)
  }
}

type Case = TrainConfigInput & { size: number }
const shapes: Case[] = [
  { size: 500, dim: 100, window: 5, negative: 5, sample: 1e-3 },
  { size: 300, dim: 3, window: 2, negative: 1, sample: 0 },
  { size: 300, dim: 17, window: 8, negative: 6, sample: 0.01 },
  { size: 300, dim: 64, window: 3, negative: 11, sample: 0, radius: 'fixed' },
  { size: 90, dim: 30, window: 10, negative: 20, sample: 0 },
  { size: 300, dim: 20, negatives: 'per-pair', sample: 0 },
  { size: 300, dim: 33, negatives: 'per-pair', negative: 8, window: 3, radius: 'fixed' },
  { size: 300, dim: 20, loss: 'nce', sample: 0 },
  { size: 300, dim: 20, loss: 'nce', negatives: 'per-pair', negative: 7, sample: 0 },
  { size: 300, dim: 20, loss: 'hs' },
  { size: 300, dim: 50, loss: 'hs', window: 2, sampleFormula: 'paper', sample: 1e-2 },
  { size: 300, dim: 20, model: 'cbow' },
  { size: 300, dim: 44, model: 'cbow', cbowInput: 'sum', negative: 9, lr: 0.01 },
  { size: 300, dim: 20, model: 'cbow', cbowGradient: 'divided', radius: 'fixed' },
  { size: 300, dim: 20, model: 'cbow', loss: 'hs' },
  { size: 300, dim: 20, loss: 'hs', negatives: 'per-pair', window: 10 },
  { size: 300, dim: 20, model: 'cbow', loss: 'nce', sample: 0 },
  { size: 300, dim: 20, optimizer: 'adagrad' },
  { size: 300, dim: 20, optimizer: 'adagrad', negative: 8 },
  { size: 300, dim: 20, optimizer: 'adagrad', model: 'cbow', cbowGradient: 'divided' },
  { size: 300, dim: 20, optimizer: 'adagrad', loss: 'hs' },
  { size: 300, dim: 20, freeze: 'init', init: 'x' },
  { size: 300, dim: 20, freeze: 'init', init: 'x', model: 'cbow', optimizer: 'adagrad' },
]

for (const kernelName of ['train.relaxed', 'train.wide', 'train.strict'] as const) {
  test.each(shapes)(`${kernelName} moves the vectors as the reference does: %o`, ({ size, ...input }) => {
    const random = new Random(deriveSeed(seed, size))
    const built = build(size, input)
    scatter(built, random)
    const expected = reference(built)
    freezeSome(built, expected)
    const before = expected.input.slice()
    const ids = sentences(size, 400, random)
    const { memories } = built.model
    const kernel = new KernelThread(built.model, loadKernel<TrainKernel>(kernelName, memories[0]!), 0)
    const stream = deriveSeed(seed, 9)
    kernel.seed(stream)
    kernel.train(place(built, ids), 0.02)
    const sums = kernel.sums()
    const wanted = trainReference(expected, ids, 0.02, stream)
    expect(sums.pairs, `SEED=${seed}`).toBe(wanted.pairs)
    expect(sums.centres, `SEED=${seed}`).toBe(wanted.centres)
    expect(Math.abs(sums.loss - wanted.loss), `SEED=${seed}`).toBeLessThanOrEqual(1e-5 * wanted.loss)
    expectClose(built, expected, 3e-5)
    expect(Float64Array.from(rowsOf(built, 'input'))).not.toEqual(before)
  })
}

function freezeSome({ config, model }: Built, expected: ReferenceModel): void {
  if (config.freeze !== 'init') return
  expected.frozen = Uint8Array.from({ length: model.vocabulary }, (_, i) => (i % 3 === 0 ? 1 : 0))
  freezeRows(model, expected.frozen)
}

/** Goes through a block as threads do that share its lanes, each lane with the next of them. */
function walkLanes(built: Built, ids: Uint32Array, active: number, rate: number, seed: bigint) {
  const { model } = built
  const kernels = model.layout.threads.map((_, thread) => KernelThread.load(model, thread))
  const threads = kernels
    .map((kernel, thread) => new LaneKernel(model, kernel.kernel, thread))
    .slice(0, active)
  kernels[0]!.seed(seed)
  const length = kernels[0]!.subsample(place(built, ids))
  const block = { seed, kept: model.layout.threads[0]!.ids, length }
  const rounds = threads[0]!.rounds(length)
  const lanes = Array.from({ length: laneCount }, (_, lane) => lane)
  threads[0]!.clearSums()
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) threads[lane % active]!.mark(lane, block, round)
    // In another order each time.
    for (const lane of round % 2 === 0 ? lanes : lanes.toReversed())
      threads[(lane + round) % active]!.train(lane, block, round, rate)
    for (const [i, thread] of threads.entries()) thread.merge(lanesOf(i, active))
  }
  return { ...threads[0]!.sums(), rounds }
}

test.each(shapes)('lanes move the vectors as those of the reference do: %o', ({ size, ...input }) => {
  const random = new Random(deriveSeed(seed, size))
  const ids = sentences(size, 400, random)
  const stream = deriveSeed(seed, 9)
  const matrices: Float32Array[] = []
  // One memory, several, and one or two threads: the same bits.
  for (const [active, cap] of [
    [2, undefined],
    [1, undefined],
    [2, 1],
    [1, 1],
  ] as const) {
    const built = build(size, { ...input, deterministic: true }, cap)
    scatter(built, new Random(5n))
    const expected = reference(built)
    freezeSome(built, expected)
    expect(built.model.memories.length).toBe(cap === undefined ? 1 : 3)
    const { rounds, ...sums } = walkLanes(built, ids, active, 0.002, stream)
    expect(rounds).toBeGreaterThan(1)
    for (const name of matrixNames(built.model)) matrices.push(rowsOf(built, name))
    const kept = keptWords(expected, ids, stream)
    const { laneWords: words, lanePool: pool } = built.model.layout
    const sharing = { lanes: laneCount, words, pool }
    const wanted = trainLanes(expected, kept, 0.002, stream, sharing)
    expect(sums.pairs, `SEED=${seed}`).toBe(wanted.pairs)
    expect(Math.abs(sums.loss - wanted.loss), `SEED=${seed}`).toBeLessThanOrEqual(1e-5 * wanted.loss)
    expectClose(built, expected, 3e-5)
  }
  const each = matrices.length / 4
  for (const [i, matrix] of matrices.entries()) expect(matrix, `SEED=${seed}`).toEqual(matrices[i % each]!)
})

/** Trains a thread of two on copies, and the reference: what it is then, and was before. */
function trainOnCopies(changes: TrainConfigInput) {
  const built = build(300, { dim: 20, sample: 0, ...changes }, undefined, 2)
  scatter(built, new Random(5n))
  const before = reference(built)
  const expected = reference(built)
  const ids = sentences(300, 400, new Random(6n))
  const kernel = KernelThread.load(built.model, 1)
  kernel.seed(1n)
  kernel.copyHotRows()
  kernel.train(place(built, ids), 0.02)
  kernel.mergeHotRows(1 / 2)
  trainReference(expected, ids, 0.02, 1n)
  return { built, before, expected }
}

test.each(['skipgram', 'cbow'] as const)(
  'nodes near the root move on copies, and a thread adds its part of it: %s',
  (model) => {
    const { built, before, expected } = trainOnCopies({ loss: 'hs', model })
    expect(built.model.layout.hotRows).toBe(299)
    expected.output = expected.output.map((x, i) => (x + before.output[i]!) / 2)
    expectClose(built, expected, 3e-5)
  },
)

test.each<TrainConfigInput>([
  {},
  { model: 'cbow' },
  { model: 'cbow', cbowGradient: 'divided', window: 12 },
  { model: 'cbow', loss: 'nce', cbowInput: 'sum' },
])('the most frequent words move on copies as well, both their vectors: %o', (changes) => {
  const { built, before, expected } = trainOnCopies(changes)
  const { hotRows } = built.model.layout
  expect(hotRows).toBe(64)
  for (const name of ['input', 'output'] as const) {
    expected[name] = expected[name].map((x, i) => (i < hotRows * 20 ? (x + before[name][i]!) / 2 : x))
  }
  expectClose(built, expected, 3e-5)
})

test('what pads targets is zero for a thread with copies, too', () => {
  const built = build(300, { dim: 20, loss: 'hs', sample: 0 }, undefined, 2)
  const { memories, layout, vocabulary } = built.model
  scatter(built, new Random(5n))
  const kernel = KernelThread.load(built.model, 0)
  kernel.seed(3n)
  kernel.copyHotRows()
  kernel.train(place(built, sentences(300, 400, new Random(6n))), 0.02)
  const firstCopied = vocabulary - 1 - layout.hotRows
  const at = layout.threads[0]!.hotCopies + (vocabulary - firstCopied) * layout.rowBytes
  expect([...new Float32Array(memories[0]!.buffer, at, 20)]).toEqual(Array(20).fill(0))
})

test('a vocabulary of a few words can be trained on', () => {
  for (const size of [1, 2, 4]) {
    for (const loss of ['ns', 'hs', 'nce'] as const) {
      const built = build(size, { dim: 8, sample: 0, loss })
      const kernel = KernelThread.load(built.model, 0)
      kernel.seed(3n)
      const ids = Uint32Array.from({ length: 40 }, (_, i) => (i % 8 === 7 ? sentenceBreak : i % size))
      kernel.train(place(built, ids), 0.02)
      expect(kernel.sums().loss).toBeGreaterThanOrEqual(0)
      expect(rowsOf(built, 'output').every(Number.isFinite)).toBe(true)
    }
  }
})

test('a sigmoid far out gives its loss exactly and moves as it should', () => {
  const built = build(2, { dim: 4, window: 1, negative: 1, sample: 0 })
  for (const name of ['input', 'output'] as const)
    writeRows(built.model, name, 0, new Float32Array(8).fill(name === 'input' ? 5 : -5))
  const expected = reference(built)
  const ids = Uint32Array.from([0, 1, sentenceBreak])
  const kernel = KernelThread.load(built.model, 0)
  kernel.seed(1n)
  kernel.train(place(built, ids), 0.01)
  const wanted = trainReference(expected, ids, 0.01, 1n)
  expect(kernel.sums().loss).toBeCloseTo(wanted.loss, 3)
  expect(wanted.loss).toBeGreaterThan(150)
})

test('numbers that only fill rows up, and the row that pads targets, stay zero', () => {
  for (const deterministic of [false, true]) {
    const built = build(50, { dim: 5, sample: 0, negative: 7, deterministic })
    const ids = sentences(50, 500, new Random(5n))
    if (deterministic) walkLanes(built, ids, 2, 0.05, 3n)
    else {
      const kernel = KernelThread.load(built.model, 0)
      kernel.seed(3n)
      kernel.train(place(built, ids), 0.05)
    }
    const { rowBytes, input, output } = built.model.layout
    const width = rowBytes / 4
    for (const offset of [input, output]) {
      const all = new Float32Array(built.model.memories[0]!.buffer, offset, 51 * width)
      expect(all.subarray(50 * width).every((x) => x === 0)).toBe(true)
      for (let row = 0; row < 50; row++)
        expect(all.subarray(row * width + 5, (row + 1) * width).every((x) => x === 0)).toBe(true)
    }
  }
})

test("the first vectors are the reference's, wherever rows lie", () => {
  for (const [deterministic, cap] of [
    [false, undefined],
    [true, undefined],
    [true, 1],
  ] as const) {
    const built = build(40, { dim: 38, deterministic }, cap)
    const expected = initialiseReference(40, 38, seed)
    const actual = rowsOf(built, 'input')
    for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i]!, 7)
    expect(rowsOf(built, 'output').every((x) => x === 0)).toBe(true)
  }
})

test('rows that are written are read again', () => {
  for (const cap of [undefined, 1]) {
    const built = build(40, { dim: 21, deterministic: true }, cap)
    const rows = Float32Array.from({ length: 21 * 7 }, (_, i) => i / 3)
    writeRows(built.model, 'output', 5, rows)
    const back = new Float32Array(21 * 7)
    readRows(built.model, 'output', 5, back)
    expect(back).toEqual(rows)
    expect(rowsOf(built, 'output').reduce((sum, x) => sum + (x !== 0 ? 1 : 0), 0)).toBe(21 * 7 - 1)
  }
})

test('pieces are whole sentences and lose nothing', () => {
  const ids = sentences(100, 5000, new Random(1n))
  const cut = [...pieces(ids, 2000)]
  expect(cut.every((piece) => piece.length <= 2000 && piece.at(-1) === sentenceBreak)).toBe(true)
  expect(Uint32Array.from(cut.flatMap((piece) => [...piece]))).toEqual(ids)
})
