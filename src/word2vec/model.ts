import { deriveSeed } from '../core/random.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { askForHugePages } from '../runtime/huge-pages.ts'
import {
  compileKernel,
  instantiate,
  pageBytes,
  type TrainKernelName,
  trainKernelName,
} from '../runtime/wasm.ts'
import type { TrainConfig } from './config.ts'
import { HuffmanTree } from './huffman.ts'
import {
  type LocalLayout,
  type ModelLayout,
  type ModelShape,
  planLayout,
  type ThreadLayout,
} from './layout.ts'
import { aliasTable, keepThresholds, noiseOffsets, sigmoidConstants } from './tables.ts'

/** Exports of kernels/train.ts. Pointers are byte offsets in the memory. */
export interface TrainKernel {
  hashEntries(table: number): void
  auditRecords(text: number, length: number, offset: bigint, maxWords: number, counts: number): bigint
  lowerWords(text: number, length: number, out: number): number
  tokenise(
    table: number,
    text: number,
    length: number,
    ids: number,
    maxSentence: number,
    lookups: number,
  ): number
  train(params: number, ids: number, count: number, bytes: number, learningRate: number): void
  subsample(params: number, ids: number, count: number, kept: number): number
  drawPool(params: number, place: number, count: number, number: number): void
  drawWindows(
    params: number,
    kept: number,
    total: number,
    stretch: number,
    beside: number,
    number: number,
    jobs: number,
    count: number,
    isPacked: boolean,
  ): void
  dotsWindows(
    params: number,
    segment: number,
    column: number,
    bytes: number,
    moreBytes: number,
    jobs: number,
    hidden: number,
    from: number,
    to: number,
    sums: number,
  ): void
  activateWindows(
    params: number,
    jobs: number,
    count: number,
    sums: number,
    parts: number,
    partBytes: number,
    gradients: number,
    learningRate: number,
  ): void
  moveWindows(
    params: number,
    segment: number,
    column: number,
    bytes: number,
    jobs: number,
    hidden: number,
    count: number,
    gradients: number,
    learningRate: number,
  ): void
  initialise(
    row: number,
    stride: number,
    rows: number,
    column: number,
    columns: number,
    dim: number,
    seed: bigint,
  ): void
}

/** Stands behind each sentence in a list of word numbers. */
export const sentenceBreak = 0xffffffff

/** A model in shared memory: what threads are given to work on it. */
export interface SharedModel {
  /** The first holds the tables, and all else if it has room for it. */
  memories: WebAssembly.Memory[]
  layout: ModelLayout
  dim: number
  vocabulary: number
  kernel: TrainKernelName
  module: WebAssembly.Module
  hasSquares: boolean
}

/** Where a segment is described in its memory: behind the parameters of a thread. */
const segmentFields = { first: 192 }

// Fields of a thread's parameters, in bytes; see kernels/layout.ts.
export const fields = {
  random: 104,
  seed: 112,
  place: 120,
  hotFirst: 124,
  loss: 128,
  product: 136,
  pairs: 144,
  centres: 152,
  hotCopies: 160,
  hotCount: 164,
  hotInputs: 184,
  hotShare: 168,
  pool: 172,
  read: 176,
  scratch: 188,
}

const modes = {
  cbow: 1,
  softmax: 2,
  nce: 4,
  perPair: 8,
  fixedRadius: 16,
  adagrad: 32,
  frozen: 64,
  sumInput: 128,
  divided: 256,
}

/** Lays out a model, fills its tables and draws its first input vectors; output vectors are zero. */
export function createModel(
  vocabulary: Vocabulary,
  config: TrainConfig,
  shape: ModelShape,
  kernel = trainKernelName(config.arithmetic),
): SharedModel {
  const layout = planLayout(shape)
  const memories = layout.memories.map((bytes) => {
    const pages = bytes / pageBytes
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    askForHugePages(memory)
    return memory
  })
  const model: SharedModel = {
    memories,
    layout,
    dim: config.dim,
    vocabulary: vocabulary.length,
    kernel,
    module: compileKernel(kernel),
    hasSquares: config.optimizer === 'adagrad',
  }
  const kernels = memories.map((memory) => instantiate<TrainKernel>(model.module, memory))
  enterVocabulary(model, vocabulary)
  kernels[0]!.hashEntries(layout.table)
  enterTables(model, vocabulary, config)
  const threads = [layout.threads, ...layout.locals]
  for (const [memory, places] of threads.entries()) {
    for (const local of places) enterParameters(model, config, memory, local)
  }
  for (const segment of layout.segments) {
    const columns = Math.min(config.dim - segment.octet * 8, segment.octets * 8)
    const seed = deriveSeed(config.seed)
    const { input, stride, octet } = segment
    const kernel = kernels[segment.memory]!
    if (columns > 0) kernel.initialise(input, stride, vocabulary.length, octet * 8, columns, config.dim, seed)
  }
  return model
}

/** What decides the size of a model; for hierarchical softmax the tree is built to know it. */
export function shapeOf(
  vocabulary: Vocabulary,
  blocks: { length: number; blockBytes: number },
  config: TrainConfig,
  threads: number,
): ModelShape {
  const tree = config.loss === 'hs' ? new HuffmanTree(vocabulary.counts) : undefined
  return {
    config,
    vocabulary: vocabulary.length,
    wordBytes: paddedWordBytes(vocabulary),
    threads,
    blocks: blocks.length,
    blockBytes: blocks.blockBytes,
    pathSteps: tree?.steps ?? 0,
    longestPath: tree?.longest ?? 0,
  }
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
export function matrixNames({ hasSquares }: SharedModel): MatrixName[] {
  return hasSquares ? ['input', 'output', 'inputSquares', 'outputSquares'] : ['input', 'output']
}

/** Copies rows out of a matrix, from `first` on: as many as `rows`, packed, has room for. Nothing may be at work. */
export function readRows(model: SharedModel, name: MatrixName, first: number, rows: Float32Array): void {
  eachRow(model, name, first, rows, (part, packed) => packed.set(part))
}

/** Copies packed rows into a matrix, from row `first` on. */
export function writeRows(model: SharedModel, name: MatrixName, first: number, rows: Float32Array): void {
  eachRow(model, name, first, rows, (part, packed) => part.set(packed))
}

/** Visits the columns of rows, segment by segment: as they lie in the model, and in `rows`. */
function eachRow(
  { layout, memories, dim }: SharedModel,
  name: MatrixName,
  first: number,
  rows: Float32Array,
  visit: (part: Float32Array, packed: Float32Array) => void,
): void {
  const count = rows.length / dim
  for (const segment of layout.segments) {
    const column = segment.octet * 8
    const columns = Math.min(dim - column, segment.octets * 8)
    const { buffer } = memories[segment.memory]!
    const stride = segment.stride / 4
    const here = new Float32Array(buffer, segment[name] + first * segment.stride, count * stride)
    for (let row = 0; row < count; row++) {
      const at = row * dim + column
      const from = row * stride
      visit(here.subarray(from, from + columns), rows.subarray(at, at + columns))
    }
  }
}

/** Keeps the input rows of some words as they are: V, 1 for those. Only where the config's `freeze` is `init`. */
export function freezeRows({ memories, layout, vocabulary }: SharedModel, frozen: Uint8Array): void {
  new Uint8Array(memories[0]!.buffer, layout.frozen, vocabulary).set(frozen)
}

function enterVocabulary({ memories, layout }: SharedModel, vocabulary: Vocabulary): void {
  const { buffer } = memories[0]!
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
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
  new Uint32Array(buffer, layout.table, table.length).set(table)
}

/** What the kernel draws by. */
function enterTables({ memories, layout }: SharedModel, vocabulary: Vocabulary, config: TrainConfig): void {
  const { buffer } = memories[0]!
  const { counts, length } = vocabulary
  const { noiseExponent, negative } = config
  keepThresholds(counts, config.sample, config.sampleFormula, new Uint32Array(buffer, layout.keep, length))
  if (config.loss === 'hs') {
    const tree = new HuffmanTree(counts)
    const steps = new Uint32Array(buffer, layout.pathSteps, tree.steps)
    tree.write(new Uint32Array(buffer, layout.pathOffsets, length + 1), steps)
    return
  }
  aliasTable(counts, noiseExponent, new Uint32Array(buffer, layout.noise, 2 * length))
  if (config.loss === 'nce')
    noiseOffsets(counts, noiseExponent, negative, new Float32Array(buffer, layout.noiseOffsets, length))
}

/** Writes what a thread works with in one of the memories. */
function enterParameters(
  model: SharedModel,
  config: TrainConfig,
  memory: number,
  places: LocalLayout | ThreadLayout,
): void {
  const { layout, vocabulary } = model
  const { job } = layout
  const { buffer } = model.memories[memory]!
  const segments = layout.segments.filter((segment) => segment.memory === memory)
  const firstSegment = places.params + segmentFields.first
  const numbers = [
    segments.length === 1 ? firstSegment : 0,
    config.window,
    config.negative,
    vocabulary,
    modeOf(config),
    layout.keep,
    layout.noise,
    layout.noiseOffsets,
    layout.pathOffsets,
    layout.pathSteps,
    layout.frozen,
    'kept' in places ? places.kept : 0,
    places.jobs,
    job.bytes,
    job.windowBytes,
    job.biases,
    job.targetRows,
    job.contextRows,
    places.gradients,
    job.gradientBytes,
    places.moved,
    places.hidden,
    layout.scratchRowBytes[memory]!,
    places.constants,
    places.signs,
    places.pointers,
  ]
  new Uint32Array(buffer, places.params, numbers.length).set(numbers)
  const { hotRows, byColumns } = layout
  const parameters = new DataView(buffer)
  parameters.setUint32(
    places.params + fields.hotFirst,
    hotRows > 0 && config.loss === 'hs' ? vocabulary - 1 - hotRows : 0,
    true,
  )
  if ('pool' in places) {
    parameters.setUint32(
      places.params + fields.pool,
      places.pool - (byColumns ? places.ids : places.kept),
      true,
    )
  }
  parameters.setUint32(places.params + fields.scratch, places.scratch, true)
  parameters.setUint32(places.params + fields.hotCopies, places.hotCopies, true)
  parameters.setUint32(places.params + fields.hotInputs, places.hotInputs, true)
  parameters.setUint32(places.params + fields.hotCount, layout.copiedRows, true)
  parameters.setFloat32(places.params + fields.hotShare, 1 / layout.threads.length, true)
  for (const [i, segment] of segments.entries()) {
    const { input, output, inputSquares, outputSquares, stride, column } = segment
    const described = [input, output, inputSquares, outputSquares, stride, column]
    new Uint32Array(buffer, firstSegment + i * segmentBytes, described.length).set(described)
  }
  const constants = new Float32Array(buffer, places.constants)
  for (const [i, value] of sigmoidConstants.entries()) constants[i + 1] = value
  constants.set([1, 1, 1, 1, 1, 1, 0, 0], sigmoidConstants.length + 1)
  const signs = new Float32Array(buffer, places.signs, 24 * job.groups)
  for (let lane = 0; lane < signs.length; lane++) {
    const target = 6 * Math.floor(lane / 24) + (lane % 6)
    signs[lane] = target === 0 ? 1 : target <= config.negative ? -1 : 0
  }
}

/** Bytes of the description of a segment. */
export const segmentBytes = 32

/** Where a segment is described for a thread, in the segment's memory. */
export function segmentPointer({ layout }: SharedModel, places: LocalLayout, segment: number): number {
  const { memory } = layout.segments[segment]!
  const before = layout.segments.slice(0, segment).filter((other) => other.memory === memory).length
  return places.params + segmentFields.first + before * segmentBytes
}

function modeOf(config: TrainConfig): number {
  const { model, loss, cbowInput } = config
  let mode = 0
  if (model === 'cbow') mode |= modes.cbow
  if (loss === 'hs') mode |= modes.softmax
  if (loss === 'nce') mode |= modes.nce
  if (model === 'skipgram' && loss !== 'hs' && config.negatives === 'per-pair') mode |= modes.perPair
  if (config.radius === 'fixed') mode |= modes.fixedRadius
  if (config.optimizer === 'adagrad') mode |= modes.adagrad
  if (config.freeze === 'init') mode |= modes.frozen
  if (cbowInput === 'sum') mode |= modes.sumInput
  if (config.cbowGradient === 'divided') mode |= modes.divided
  return mode
}
