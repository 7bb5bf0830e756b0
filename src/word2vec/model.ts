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
  type LaneLayout,
  type LocalLayout,
  type ModelLayout,
  type ModelShape,
  planLayout,
  pooledBefore,
  type SideLayout,
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
  train(params: number, ids: number, count: number, learningRate: number): void
  copyHotRows(params: number): void
  mergeHotRows(params: number, share: number): void
  subsample(params: number, ids: number, count: number, kept: number): number
  drawPool(params: number, place: number, count: number, number: number): void
  markLane(params: number, kept: number, total: number, from: number, to: number, tag: number): void
  openLane(params: number, kept: number, total: number, from: number, to: number, tag: number): void
  trainLane(params: number, kept: number, from: number, to: number, learningRate: number): void
  mergeLanes(lanes: number, laneBytes: number, from: number, to: number, pointers: number): void
  listSlots(
    sides: number,
    laneBytes: number,
    lane: number,
    from: number,
    to: number,
    which: number,
    rows: number,
    slots: number,
  ): number
  mergeFar(
    sides: number,
    laneBytes: number,
    lane: number,
    slot: number,
    bytes: number,
    to: number,
    areSquares: boolean,
    pointers: number,
  ): void
  gatherRows(rows: number, bytes: number, list: number, count: number, to: number): void
  scatterRows(rows: number, bytes: number, list: number, count: number, from: number): void
  initialise(
    row: number,
    bytes: number,
    rows: number,
    first: number,
    step: number,
    dim: number,
    seed: bigint,
  ): void
}

/** Stands behind each sentence in a list of word numbers. */
export const sentenceBreak = 0xffffffff

/** A model in shared memory: what threads are given to work on it. */
export interface SharedModel {
  /** The first holds the tables, and the rows if it has room for them. */
  memories: WebAssembly.Memory[]
  layout: ModelLayout
  dim: number
  vocabulary: number
  kernel: TrainKernelName
  module: WebAssembly.Module
  hasSquares: boolean
}

// Fields of the parameters of a thread or lane, in bytes; see kernels/layout.ts.
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
  pool: 172,
  read: 176,
  scratch: 188,
  inputSquares: 192,
  outputSquares: 196,
  poolMask: 200,
  lane: 204,
  isFar: 208,
  markMask: 212,
  contextList: 216,
  centreList: 220,
  noiseList: 224,
  inputSide: 232,
  outputSide: 264,
  /** Within a side. */
  used: 16,
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
  const hub = instantiate<TrainKernel>(model.module, memories[0]!)
  enterVocabulary(model, vocabulary)
  hub.hashEntries(layout.table)
  enterTables(model, vocabulary, config)
  for (const places of [...layout.threads, ...layout.lanes]) enterParameters(model, config, places)
  for (const [lane, places] of layout.lanes.entries()) enterLane(model, lane, places)
  const seed = deriveSeed(config.seed)
  const { rowBytes, far } = layout
  if (!far) hub.initialise(layout.input, rowBytes, vocabulary.length, 0, 1, config.dim, seed)
  else {
    for (const [i, memory] of memories.slice(1).entries()) {
      const rows = Math.ceil((vocabulary.length - i) / far.memories)
      const { initialise } = instantiate<TrainKernel>(model.module, memory)
      if (rows > 0) initialise(far.input, rowBytes, rows, i, far.memories, config.dim, seed)
    }
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

/** Visits rows, one after the other: as they lie in the model, and in `rows`. */
function eachRow(
  { layout, memories, dim }: SharedModel,
  name: MatrixName,
  first: number,
  rows: Float32Array,
  visit: (row: Float32Array, packed: Float32Array) => void,
): void {
  const { far, rowBytes } = layout
  const views = memories.map(({ buffer }) => new Float32Array(buffer))
  const count = far?.memories ?? 1
  for (let i = 0; i < rows.length / dim; i++) {
    const row = first + i
    const view = views[far ? 1 + (row % count) : 0]!
    const at = ((far ?? layout)[name] + Math.floor(row / count) * rowBytes) / 4
    visit(view.subarray(at, at + dim), rows.subarray(i * dim, (i + 1) * dim))
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

/** Writes what a thread or a lane works with. */
function enterParameters(
  { layout, vocabulary, memories }: SharedModel,
  config: TrainConfig,
  places: LocalLayout | ThreadLayout,
): void {
  const { job, inLanes } = layout
  const { buffer } = memories[0]!
  const numbers = [
    layout.input,
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
    layout.output,
    places.moved,
    places.hidden,
    layout.rowBytes,
    places.constants,
    places.signs,
    places.pointers,
  ]
  new Uint32Array(buffer, places.params, numbers.length).set(numbers)
  const view = new DataView(buffer, places.params)
  const put = (field: number, value: number) => view.setUint32(field, value, true)
  put(fields.hotFirst, layout.hotRows > 0 && config.loss === 'hs' ? vocabulary - 1 - layout.hotRows : 0)
  // A block's noise words lie as far from its words for each thread.
  const { pool, ids, kept } = 'pool' in places ? places : layout.threads[0]!
  put(fields.pool, pool === 0 ? 0 : pool - (inLanes ? ids : kept))
  put(fields.poolMask, inLanes ? layout.lanePool - 1 : pooledBefore)
  put(fields.scratch, places.scratch)
  put(fields.inputSquares, layout.inputSquares)
  put(fields.outputSquares, layout.outputSquares)
  put(fields.hotCopies, places.hotCopies)
  put(fields.hotInputs, places.hotInputs)
  put(fields.hotCount, layout.copiedRows)
  const constants = new Float32Array(buffer, places.constants)
  for (const [i, value] of sigmoidConstants.entries()) constants[i + 1] = value
  constants.set([1, 1, 1, 1, 1, 1, 0, 0], sigmoidConstants.length + 1)
  const signs = new Float32Array(buffer, places.signs, 24 * job.groups)
  for (let lane = 0; lane < signs.length; lane++) {
    const target = 6 * Math.floor(lane / 24) + (lane % 6)
    signs[lane] = target === 0 ? 1 : target <= config.negative ? -1 : 0
  }
}

/** Writes what only a lane has. */
function enterLane({ layout, memories }: SharedModel, lane: number, places: LaneLayout): void {
  const view = new DataView(memories[0]!.buffer, places.params)
  const put = (field: number, value: number) => view.setUint32(field, value, true)
  put(fields.lane, lane)
  put(fields.isFar, layout.far ? 1 : 0)
  put(fields.markMask, layout.marks - 1)
  put(fields.contextList, places.contextList)
  put(fields.centreList, places.centreList)
  put(fields.noiseList, places.noiseList)
  const enterSide = (at: number, rows: number, squares: number, marks: number, side: SideLayout) => {
    const numbers = [rows, squares, marks, side.first, 0, side.slots, side.entries]
    for (const [i, value] of numbers.entries()) put(at + 4 * i, value)
  }
  enterSide(fields.inputSide, layout.input, layout.inputSquares, layout.inputMarks, places.inputs)
  enterSide(fields.outputSide, layout.output, layout.outputSquares, layout.outputMarks, places.outputs)
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
