import { deriveSeed } from '../core/random.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { loadKernel, pageBytes, trainKernelName } from '../runtime/wasm.ts'
import type { TrainConfig } from './config.ts'
import { type ModelLayout, type ModelShape, planLayout } from './layout.ts'
import { aliasTable, keepThresholds } from './tables.ts'

/** Exports of kernels/train.ts. Pointers are byte offsets in the memory. */
export interface TrainKernel {
  hashEntries(table: number): void
  auditRecords(text: number, length: number, offset: bigint, maxWords: number, counts: number): bigint
  lowerWords(text: number, length: number, out: number): number
  tokenise(table: number, text: number, length: number, ids: number, maxSentence: number): number
  train(params: number, ids: number, count: number, learningRate: number): void
  initialise(params: number, dim: number): void
}

/** Stands behind each sentence in a list of word numbers. */
export const sentenceBreak = 0xffffffff

/** A model in shared memory: what threads are given to work on it. */
export interface SharedModel {
  memory: WebAssembly.Memory
  layout: ModelLayout
  dim: number
  vocabulary: number
}

// Fields of a thread's parameters, in bytes; see kernels/train.ts.
const fields = { random: 64, loss: 72, product: 80, pairs: 88, centres: 96 }

/** Lays out a model, fills its tables and draws its first input vectors; output vectors are zero. */
export function createModel(vocabulary: Vocabulary, config: TrainConfig, shape: ModelShape): SharedModel {
  const layout = planLayout(shape)
  const pages = layout.bytes / pageBytes
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const model = { memory, layout, dim: config.dim, vocabulary: vocabulary.length }
  const kernel = loadKernel<TrainKernel>(trainKernelName(), memory)
  enterVocabulary(model, vocabulary)
  kernel.hashEntries(layout.table)
  const buffer = memory.buffer
  keepThresholds(
    vocabulary.counts,
    config.sample,
    config.sampleFormula,
    new Uint32Array(buffer, layout.keep, vocabulary.length),
  )
  aliasTable(
    vocabulary.counts,
    config.noiseExponent,
    new Uint32Array(buffer, layout.noise, 2 * vocabulary.length),
  )
  for (let thread = 0; thread < shape.threads; thread++) enterParameters(model, config, thread)
  new KernelThread(model, kernel, 0).seed(deriveSeed(config.seed))
  kernel.initialise(layout.threads[0]!.params, config.dim)
  return model
}

/** Bytes of a vocabulary's words in a model. */
export function paddedWordBytes(vocabulary: Vocabulary): number {
  let bytes = 0
  for (let i = 0; i < vocabulary.length; i++) {
    bytes += Math.ceil((vocabulary.offsets[i + 1]! - vocabulary.offsets[i]!) / 8) * 8
  }
  return bytes
}

/** Parameters are matrices of rows as wide as the vectors; a checkpoint holds those that a model has. */
export type MatrixName = 'input' | 'output' | 'inputSquares' | 'outputSquares'

/** The matrices of a model: words as contexts, words (or nodes) as targets, and Adagrad's sums of squares. */
export function matrixNames(_model: SharedModel): MatrixName[] {
  return ['input', 'output']
}

/** Copies rows out of a matrix, from `first` on: as many as `rows`, packed, has room for. Nothing may be at work. */
export function readRows(model: SharedModel, name: MatrixName, first: number, rows: Float32Array): void {
  const { matrix, stride } = modelVectors(model, name as 'input')
  for (let row = 0; row * model.dim < rows.length; row++) {
    const from = (first + row) * stride
    rows.set(matrix.subarray(from, from + model.dim), row * model.dim)
  }
}

/** Copies packed rows into a matrix, from row `first` on. */
export function writeRows(model: SharedModel, name: MatrixName, first: number, rows: Float32Array): void {
  const { matrix, stride } = modelVectors(model, name as 'input')
  for (let row = 0; row * model.dim < rows.length; row++) {
    matrix.set(rows.subarray(row * model.dim, (row + 1) * model.dim), (first + row) * stride)
  }
}

/** The vectors of a model: V rows of `stride` floats, of which the first D count. */
export function modelVectors(
  model: SharedModel,
  matrix: 'input' | 'output',
): { matrix: Float32Array; stride: number } {
  const stride = model.layout.rowBytes / 4
  return {
    matrix: new Float32Array(model.memory.buffer, model.layout[matrix], model.vocabulary * stride),
    stride,
  }
}

/** One thread's view of a model: its buffers, and the kernel's calls on them. */
export class KernelThread {
  readonly kernel: TrainKernel
  readonly #model: SharedModel
  readonly #view: DataView
  readonly #thread: number

  constructor(model: SharedModel, kernel: TrainKernel, thread: number) {
    this.#model = model
    this.kernel = kernel
    this.#thread = thread
    this.#view = new DataView(model.memory.buffer)
  }

  static load(model: SharedModel, thread: number): KernelThread {
    return new KernelThread(model, loadKernel<TrainKernel>(trainKernelName(), model.memory), thread)
  }

  get #places() {
    return this.#model.layout.threads[this.#thread]!
  }

  /** Where a block's bytes are read to. */
  get rawBuffer(): Uint8Array {
    const { raw, prepared } = this.#places
    return new Uint8Array(this.#model.memory.buffer, raw, prepared - raw)
  }

  /** Puts a prepared text where the kernel can read it. */
  copyIn(text: Uint8Array): Uint8Array {
    const target = new Uint8Array(this.#model.memory.buffer, this.#places.prepared, text.length + 16)
    target.set(text)
    target.fill(0, text.length)
    return target.subarray(0, text.length)
  }

  /** The tokenizer `words`; null at a character that only the slow form knows. */
  lowerWords(text: Uint8Array): Uint8Array | null {
    const { prepared } = this.#places
    const written = this.kernel.lowerWords(text.byteOffset, text.length, prepared)
    return written < 0 ? null : new Uint8Array(this.#model.memory.buffer, prepared, written)
  }

  /** Seeds the random numbers and sets the sums to nothing. */
  seed(seed: bigint): void {
    const { params } = this.#places
    this.#view.setBigUint64(params + fields.random, seed, true)
    for (const field of [fields.loss, fields.pairs, fields.centres])
      this.#view.setFloat64(params + field, 0, true)
    this.#view.setFloat64(params + fields.product, 1, true)
  }

  audit(
    text: Uint8Array,
    offset: number,
    maxWords: number,
  ): { records: number; words: number; hash: bigint } {
    const { counts } = this.#places
    const hash = this.kernel.auditRecords(text.byteOffset, text.length, BigInt(offset), maxWords, counts)
    return {
      records: this.#view.getUint32(counts, true),
      words: this.#view.getUint32(counts + 4, true),
      hash: BigInt.asUintN(64, hash),
    }
  }

  /** The numbers of a text's words, with breaks; valid until the next call. */
  tokenise(text: Uint8Array, maxSentence: number): Uint32Array {
    const { table } = this.#model.layout
    const { ids } = this.#places
    const count = this.kernel.tokenise(table, text.byteOffset, text.length, ids, maxSentence)
    return new Uint32Array(this.#model.memory.buffer, ids, count)
  }

  /** Trains on whole sentences, `pieceWords` numbers at most, that lie in this thread's buffer. */
  train(ids: Uint32Array, learningRate: number): void {
    this.kernel.train(this.#places.params, ids.byteOffset, ids.length, learningRate)
  }

  /** Sums since `seed`: the loss in nats, the pairs of words it is over, the words that subsampling left. */
  sums(): { loss: number; pairs: number; centres: number } {
    const { params } = this.#places
    // Probabilities not yet in the loss are kept as a product.
    const product = this.#view.getFloat64(params + fields.product, true)
    return {
      loss: this.#view.getFloat64(params + fields.loss, true) - Math.log(product),
      pairs: this.#view.getFloat64(params + fields.pairs, true),
      centres: this.#view.getFloat64(params + fields.centres, true),
    }
  }
}

/**
 * Cuts word numbers into pieces of whole sentences, of `pieceWords` at most where sentences allow (a sentence is
 * 1000 words and a break at most, so a piece of 2000 always holds one).
 */
export function* pieces(ids: Uint32Array, pieceWords: number): Generator<Uint32Array> {
  for (let from = 0; from < ids.length; ) {
    let to = ids.length
    if (to - from > pieceWords) to = ids.lastIndexOf(sentenceBreak, from + pieceWords - 1) + 1
    yield ids.subarray(from, to)
    from = to
  }
}

function enterVocabulary({ memory, layout }: SharedModel, vocabulary: Vocabulary): void {
  const bytes = new Uint8Array(memory.buffer)
  const view = new DataView(memory.buffer)
  const { arena, offsets, counts } = vocabulary
  // Word by word without a view or a BigInt for each: millions of them would be garbage.
  let offset = 0
  for (let i = 0; i < vocabulary.length; i++) {
    const from = offsets[i]!
    const length = offsets[i + 1]! - from
    const entry = layout.entries + i * 24
    view.setUint32(entry, counts[i]! % 2 ** 32, true)
    view.setUint32(entry + 4, Math.floor(counts[i]! / 2 ** 32), true)
    view.setUint32(entry + 16, offset, true)
    view.setUint32(entry + 20, length, true)
    for (let b = 0; b < length; b++) bytes[layout.arena + offset + b] = arena[from + b]!
    offset += Math.ceil(length / 8) * 8
  }
  const table = [layout.slots, layout.slotCount - 1, layout.entries, layout.arena, vocabulary.length, offset]
  new Uint32Array(memory.buffer, layout.table, table.length).set(table)
}

function enterParameters(
  { memory, layout, vocabulary }: SharedModel,
  config: TrainConfig,
  thread: number,
): void {
  const places = layout.threads[thread]!
  const numbers = [
    layout.input,
    layout.output,
    layout.rowBytes,
    config.window,
    config.negative,
    vocabulary,
    layout.keep,
    layout.noise,
    places.kept,
    places.jobs,
    layout.jobBytes,
    places.gradients,
    places.moved,
    places.zeroRow,
    places.constants,
  ]
  new Uint32Array(memory.buffer, places.params, numbers.length).set(numbers)
  const constants = new Float32Array(memory.buffer, places.constants)
  for (const [i, value] of sigmoidConstants.entries()) constants.fill(value, 4 * i, 4 * i + 4)
  const first = 4 * sigmoidConstants.length
  for (let lane = 0; lane < 12; lane++) {
    constants[first + lane] = lane % 6 === 0 ? 1 : -1
    constants[first + 12 + lane] = -1
  }
  const targets = new Uint32Array(memory.buffer, places.constants + 4 * (first + 24), 12)
  for (let lane = 0; lane < 12; lane++) targets[lane] = lane % 6
}

/** In the order of kernels/train.ts. The polynomial is Cephes' exp2f. */
const sigmoidConstants = [
  -Math.LOG2E,
  12582912,
  1.5353361883195e-4,
  1.339887440266574e-3,
  9.61843735767464e-3,
  5.550332471162809e-2,
  2.402264791363012e-1,
  6.931472028550421e-1,
  1,
  16,
  -16,
]
