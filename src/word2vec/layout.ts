import { paddingBytes, searchBytes } from '../corpus/blocks.ts'
import { growthFactor } from '../corpus/tokenizer.ts'
import { slotBytes } from '../corpus/word-table.ts'
import { pageBytes } from '../runtime/wasm.ts'
import type { TrainConfig } from './config.ts'
import { type FarLayout, layOutFar, memoryLimit, Regions, rowsAtOnce } from './far-layout.ts'

// V vocabulary size · D vector width · K negative samples · W window · T threads · N blocks · L lanes · P words of a lane

/** What decides the size of a model's memory. */
export interface ModelShape {
  config: TrainConfig
  /** V */
  vocabulary: number
  /** Bytes of all words, each padded to a multiple of 8. */
  wordBytes: number
  threads: number
  blocks: number
  blockBytes: number
  /** Of the Huffman tree: the length of all paths, and of the longest; 0 without one. */
  pathSteps: number
  longestPath: number
  /** Bytes of one memory at most; 4 GiB, less in tests. */
  memoryCap?: number
}

/** Where a thread's own buffers lie in the first memory: byte offsets. */
export interface ThreadLayout extends LocalLayout {
  counts: number
  lookups: number
  kept: number
  pool: number
  ids: number
  raw: number
  prepared: number
}

/** What a thread, or a lane, needs to train. */
export interface LocalLayout {
  params: number
  constants: number
  signs: number
  pointers: number
  scratch: number
  hotCopies: number
  hotInputs: number
  jobs: number
  gradients: number
  moved: number
  hidden: number
}

/** What a lane knows of the rows of one matrix that it uses; its slots are copies of them. */
export interface SideLayout {
  /** V u32: the slot of each row. */
  slots: number
  /** 16 bytes a slot: see kernels/layout.ts. */
  entries: number
  /** The row that the first slot is, behind those of all words. */
  first: number
}

export interface LaneLayout extends LocalLayout {
  contextList: number
  centreList: number
  noiseList: number
  inputs: SideLayout
  outputs: SideLayout
}

/** A job's parts, in bytes from its start. */
export interface JobLayout {
  biases: number
  targetRows: number
  contextRows: number
  bytes: number
  /** Of the jobs of one window. */
  windowBytes: number
  /** Of the dot products and gradients of one job. */
  gradientBytes: number
  /** Groups of six targets at most. */
  groups: number
}

/** Where everything lies in the shared memories: byte offsets, each a multiple of 64. */
export interface ModelLayout {
  /** Bytes of each memory. The first holds the tables. */
  memories: number[]
  /** Bytes of all memories. */
  bytes: number
  /** What the bytes are for. */
  parts: Record<string, number>
  /** Whether threads share lanes of each block out among them, instead of taking blocks of their own. */
  inLanes: boolean
  lanes: LaneLayout[]
  /** P: words of a lane in a round, breaks among them, at most. */
  laneWords: number
  /** Noise words that the windows of a lane share: a power of two. Half as many as words cost no quality (docs/performance.md). */
  lanePool: number
  /** 8 bytes each, for either matrix: who uses rows with such a number. A power of two. */
  marks: number
  inputMarks: number
  outputMarks: number
  /** Of each thread: L pointers. */
  copyPointers: number[]
  far: FarLayout | undefined
  /** Nodes near the root, or of the most frequent words, that each thread has copies of. */
  hotRows: number
  /** Rows of the output that they are copied with: from the first of them to the last of all. */
  copiedRows: number
  /** D, up to whole eights, in bytes: a row of any matrix. */
  rowBytes: number
  /**
   * Where row 0 is, or would be: V+1 rows, the last of which stays zero, and behind them the slots of lanes. Where rows are
   * far, only the last of them is here, and so this may be below 0 (modulo 2³²).
   */
  input: number
  output: number
  inputSquares: number
  outputSquares: number
  job: JobLayout
  /** Words trained in one call of the kernel, at most. */
  pieceWords: number
  /** i32: the next place to claim, 1 to stop, the pieces begun, the threads at work that run freely. */
  control: number
  /** For threads that share lanes: see train/meeting.ts. */
  meeting: number
  /** N u32: the epoch's order of blocks. */
  order: number
  /** N+1 f64: share of the epoch's words before each place. */
  shares: number
  table: number
  slots: number
  slotCount: number
  entries: number
  arena: number
  keep: number
  noise: number
  noiseOffsets: number
  pathOffsets: number
  pathSteps: number
  frozen: number
  threads: ThreadLayout[]
}

const windowsAhead = 4
/** L: the kernel has a byte for each in a u64. */
export const laneCount = 8
/** Bytes of a lane's parameters, in the kernel's layout; a thread's are the first 232. */
export const paramsBytes = 320
const entryBytes = 16
const mostMarks = 65536
const pieceWords = 2000
/** Noise words before the first of a piece or block that its windows may take. */
export const pooledBefore = 255
// More of them save waiting for other threads, and cost copying and a place in the cache.
const hotNodes = 512
const hotWords = 64

/** Lays out a model's memory. Every byte that training needs is in it; nothing grows afterwards. */
export function planLayout(shape: ModelShape): ModelLayout {
  const near = layOut(shape, false)
  return near.bytes <= (shape.memoryCap ?? memoryLimit) ? near : layOut(shape, true)
}

function layOut(shape: ModelShape, isFar: boolean): ModelLayout {
  const { config, vocabulary, blockBytes } = shape
  const inLanes = isFar || config.deterministic
  const rowBytes = Math.ceil(config.dim / 8) * 32
  const parts: Record<string, number> = {}
  const hub = new Regions(parts)
  const region = (part: string, bytes: number) => hub.add(part, bytes)
  const job = layOutJob(shape)
  const isPair = job.windowBytes > job.bytes
  const laneWords = laneWordsOf(vocabulary, isPair)
  const lanePool = Math.max(32, laneWords / 2)
  const slots = inLanes ? slotsOf(shape, job, laneWords, lanePool) : { inputs: 0, outputs: 0 }
  const isTree = config.loss === 'hs'
  const isHot =
    config.optimizer === 'sgd' && (isTree || config.freeze === 'none') && !inLanes && shape.threads > 1
  const hotRows = isHot ? Math.max(0, Math.min(isTree ? hotNodes : hotWords, vocabulary - 1)) : 0
  // Behind the root a row is not used, and behind that is the one that pads targets: it must be found there, too.
  const copiedRows = hotRows > 0 && isTree ? hotRows + 2 : hotRows
  const slotCount = 2 ** Math.ceil(Math.log2(2 * vocabulary + 2))
  const marks = inLanes ? Math.min(mostMarks, 2 ** Math.ceil(Math.log2(vocabulary + 1))) : 0
  const matrix = (part: string, slots: number) => {
    const begin = region(part, ((isFar ? 0 : vocabulary) + 1 + laneCount * slots) * rowBytes)
    return isFar ? modulo(begin - vocabulary * rowBytes, 2 ** 32) : begin
  }
  const hasSquares = config.optimizer === 'adagrad'
  const layout = {
    inLanes,
    laneWords,
    lanePool,
    hotRows,
    copiedRows,
    rowBytes,
    job,
    pieceWords,
    parts,
    control: region('tables', 64),
    meeting: region('tables', meetingBytes(shape.threads)),
    order: region('tables', shape.blocks * 4),
    shares: region('tables', (shape.blocks + 1) * 8),
    table: region('vocabulary', 32),
    slots: region('vocabulary', slotCount * slotBytes),
    slotCount,
    entries: region('vocabulary', vocabulary * 24),
    arena: region('vocabulary', shape.wordBytes + paddingBytes),
    keep: region('tables', vocabulary * 4),
    noise: region('tables', isTree ? 0 : vocabulary * 8),
    noiseOffsets: region('tables', config.loss === 'nce' ? vocabulary * 4 : 0),
    pathOffsets: region('tables', isTree ? (vocabulary + 1) * 4 : 0),
    pathSteps: region('tables', shape.pathSteps * 4),
    frozen: region('tables', config.freeze === 'init' ? vocabulary : 0),
    marks,
    inputMarks: region('tables', marks * 8),
    outputMarks: region('tables', marks * 8),
    input: matrix('input vectors', slots.inputs),
    output: matrix('output vectors', slots.outputs),
    inputSquares: hasSquares ? matrix('optimizer state', slots.inputs) : 0,
    outputSquares: hasSquares ? matrix('optimizer state', slots.outputs) : 0,
  }
  const buffer = (bytes: number) => region('thread buffers', bytes)
  const movedRows = config.model === 'cbow' || isPair ? 1 : 2 * config.window
  const local = (params: number, isLane = false): LocalLayout => ({
    params,
    constants: buffer(80),
    signs: buffer(job.groups * 96),
    pointers: buffer(2 * config.window * 4),
    scratch: buffer(128),
    hotCopies: buffer(2 * copiedRows * rowBytes),
    hotInputs: copiedRows > 0 && !isTree ? buffer(2 * copiedRows * rowBytes) : 0,
    jobs: buffer((isLane && isPair ? laneWords : windowsAhead) * job.windowBytes),
    gradients: buffer(job.gradientBytes),
    moved: buffer(movedRows * rowBytes),
    hidden: buffer(rowBytes),
  })
  const isPooled = !isTree && (config.model === 'cbow' || config.negatives === 'shared')
  const rawBytes = blockBytes + searchBytes + paddingBytes
  const threads = Array.from(
    { length: shape.threads },
    (): ThreadLayout => ({
      ...local(buffer(paramsBytes)),
      counts: buffer(8),
      // 32 words that the tokeniser has met and not looked up, and a break.
      lookups: buffer(33 * 48),
      // A break may stand behind each word, and one stands before the first.
      kept: inLanes ? 0 : buffer(64 + 2 * pieceWords * 4) + 64,
      // A word and its space, or a word, its newline and the break for it: 4 bytes for each byte at most.
      ids: buffer(64 + rawBytes * 4 + 64) + 64,
      pool: isPooled
        ? buffer((pooledBefore + (inLanes ? rawBytes : 2 * pieceWords)) * 4) + pooledBefore * 4
        : 0,
      raw: buffer(rawBytes),
      prepared: buffer(rawBytes * growthFactor),
    }),
  )
  const side = (lane: number, slots: number): SideLayout => ({
    slots: region('tables', (vocabulary + 1) * 4),
    entries: buffer(slots * entryBytes),
    first: vocabulary + 1 + lane * slots,
  })
  // One behind the other: the kernel finds a lane by the first.
  const laneParams = inLanes ? buffer(laneCount * paramsBytes) : 0
  const lanes = Array.from(
    { length: inLanes ? laneCount : 0 },
    (_, lane): LaneLayout => ({
      ...local(laneParams + lane * paramsBytes, true),
      // Contexts are copied four at a time.
      contextList: buffer((laneWords + 2 * config.window + 8) * 4),
      centreList: buffer(laneWords * 4),
      noiseList: buffer(lanePool * 4),
      inputs: side(lane, slots.inputs),
      outputs: side(lane, slots.outputs),
    }),
  )
  const perThread = (bytes: number) => Array.from({ length: shape.threads }, () => buffer(bytes))
  const copyPointers = perThread(laneCount * 4)
  const away = isFar ? layOutFar(shape, rowBytes, parts) : undefined
  const far: FarLayout | undefined = away && {
    ...away.layout,
    hubLists: perThread(rowsAtOnce * 4),
    hubSlots: perThread(rowsAtOnce * 4),
    hubStaging: perThread(rowsAtOnce * rowBytes),
  }
  const memories = [hub.end, ...Array<number>(far?.memories ?? 0).fill(away?.end ?? 0)].map(
    (end) => Math.ceil(end / pageBytes) * pageBytes,
  )
  const bytes = memories.reduce((sum, bytes) => sum + bytes, 0)
  return { ...layout, lanes, threads, copyPointers, far, memories, bytes }
}
function layOutJob({ config, longestPath }: ModelShape): JobLayout {
  const isPair = config.model === 'skipgram' && config.loss !== 'hs' && config.negatives === 'per-pair'
  const groups = Math.ceil((config.loss === 'hs' ? Math.max(longestPath, 1) : config.negative + 1) / 6)
  const contexts = isPair ? 1 : 2 * config.window
  const inputs = config.model === 'cbow' ? 1 : contexts
  const biases = 32 + groups * 96
  const targetRows = biases + (config.loss === 'nce' ? groups * 48 : 0)
  const contextRows = targetRows + groups * 24
  // Contexts are copied four at a time.
  const bytes = Math.ceil((contextRows + contexts * 4 + 12) / 16) * 16
  return {
    biases,
    targetRows,
    contextRows,
    bytes,
    windowBytes: bytes * (isPair ? 2 * config.window : 1),
    // Sums are taken 32 bytes at a time.
    gradientBytes: Math.ceil((groups * (inputs * 24 + 8) + 32) / 16) * 16,
    groups,
  }
}

/**
 * Words of a lane. Fewer where the vocabulary is so small that all lanes have the same words, for what each adds for itself
 * would be too much together; and where windows draw for each pair, so that their many rows stay in a core's cache.
 */
function laneWordsOf(vocabulary: number, isPair: boolean): number {
  const words = 2 ** Math.floor(Math.log2(Math.max(vocabulary, 1) / 32))
  return Math.max(4, Math.min(words, isPair ? 32 : 256))
}

/** Rows of each matrix that a lane may use. */
function slotsOf(
  { config, vocabulary, longestPath }: ModelShape,
  job: JobLayout,
  words: number,
  pool: number,
): { inputs: number; outputs: number } {
  const jobsEach = job.windowBytes / job.bytes
  // The centre words, and noise: a pool, or for each pair its own.
  const drawn = jobsEach > 1 ? jobsEach * config.negative * words : pool
  const outputs = config.loss === 'hs' ? words * longestPath : words + drawn
  return {
    inputs: Math.min(vocabulary, words + 2 * config.window),
    outputs: Math.min(vocabulary, outputs),
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** See train/meeting.ts: a line for all, three for each thread, and one for lanes. */
function meetingBytes(threads: number): number {
  return 64 * (2 + 3 * threads)
}
