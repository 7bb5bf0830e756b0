import { paddingBytes, searchBytes } from '../corpus/blocks.ts'
import { growthFactor } from '../corpus/tokenizer.ts'
import { slotBytes } from '../corpus/word-table.ts'
import { pageBytes } from '../runtime/wasm.ts'
import { dealColumns, type Leaf, leavesOf, needsColumns, type Segment } from './columns.ts'
import type { TrainConfig } from './config.ts'

// V vocabulary size · D vector width · K negative samples · W window · T threads · N blocks · B windows of a batch

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

/** What a thread needs in each memory that it works in. */
export interface LocalLayout {
  params: number
  constants: number
  signs: number
  pointers: number
  scratch: number
  hotCopies: number
  hotInputs: number
  jobs: number
  sums: number
  gradients: number
  moved: number
  hidden: number
}

/** A job's parts, in bytes from its start. */
export interface JobLayout {
  biases: number
  targetRows: number
  contextRows: number
  bytes: number
  /** Of the jobs of one window. */
  windowBytes: number
  /** Of the dot products, or gradients, of one job. */
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
  /** Whether threads share each window, its columns dealt to them, instead of taking windows of their own. */
  byColumns: boolean
  /** Nodes near the root, or of the most frequent words, that each thread has copies of. */
  hotRows: number
  /** Rows of the output that they are copied with: from the first of them to the last of all. */
  copiedRows: number
  /** B: windows between two meetings of threads that share them. */
  batch: number
  /** Of these, windows that stand side by side in the text. */
  beside: number
  segments: Segment[]
  leaves: Leaf[]
  /** Bytes of a row of scratch in each memory: as wide as all columns there. */
  scratchRowBytes: number[]
  job: JobLayout
  /** Words trained in one call of the kernel, at most. */
  pieceWords: number
  /** i32: the next place to claim, 1 to stop. */
  control: number
  /** For threads that share windows: see train/meeting.ts. */
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
  /** The same for each further memory and thread. */
  locals: LocalLayout[][]
}

const windowsAhead = 4
/** Batches that a thread which shares windows is at: it multiplies one, and then moves the one before. */
export const batchesAtOnce = 2
/** Batches whose dot products such threads may be at: one still reads its last but two, another writes the next. */
export const sumsAtOnce = 4
const pieceWords = 2000
/** Noise words before the first of a piece or block that its windows may take. */
const pooledBefore = 255
// More of them save waiting for other threads, and cost copying.
const hotNodes = 512
const hotWords = 64
/** Of the largest memory that WASM has. */
export const memoryLimit = 65536 * 65536

/** Lays out a model's memory. Every byte that training needs is in it; nothing grows afterwards. */
export function planLayout(shape: ModelShape): ModelLayout {
  const alone = layOut(shape, false)
  return alone.bytes <= (shape.memoryCap ?? memoryLimit) ? alone : layOut(shape, true)
}

function layOut(shape: ModelShape, apart: boolean): ModelLayout {
  const { config, vocabulary, blockBytes } = shape
  const byColumns = apart || needsColumns(config)
  const { segments, leaves } = dealColumns(config.dim, byColumns, shape.threads, apart)
  const leafCount = leavesOf(config.dim)
  const memoryCount = apart ? 1 + leafCount : 1
  const parts: Record<string, number> = {}
  // Address 0 stays unused, so that a wrong pointer does no harm.
  const ends = Array<number>(memoryCount).fill(64)
  const region = (part: string, bytes: number, memory = 0) => {
    const begin = ends[memory]!
    ends[memory] = Math.ceil((begin + bytes) / 64) * 64
    parts[part] = (parts[part] ?? 0) + ends[memory]! - begin
    return begin
  }
  const job = layOutJob(shape)
  const { batch, beside } = byColumns ? batchWindows(vocabulary) : { batch: windowsAhead, beside: 1 }
  const scratchRowBytes = Array.from({ length: memoryCount }, (_, memory) =>
    segments.reduce((sum, segment) => sum + (segment.memory === memory ? segment.stride : 0), 0),
  )
  const isTree = config.loss === 'hs'
  const isHot =
    config.optimizer === 'sgd' &&
    (isTree || (config.model === 'skipgram' && config.freeze === 'none')) &&
    !byColumns &&
    shape.threads > 1
  const hotRows = isHot ? Math.max(0, Math.min(isTree ? hotNodes : hotWords, vocabulary - 1)) : 0
  // Behind the root a row is not used, and behind that is the one that pads targets: it must be found there, too.
  const copiedRows = hotRows > 0 && isTree ? hotRows + 2 : hotRows
  const slotCount = 2 ** Math.ceil(Math.log2(2 * vocabulary + 2))
  const layout = {
    byColumns,
    hotRows,
    copiedRows,
    batch,
    beside,
    segments,
    leaves,
    scratchRowBytes,
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
    noise: region('tables', config.loss === 'hs' ? 0 : vocabulary * 8),
    noiseOffsets: region('tables', config.loss === 'nce' ? vocabulary * 4 : 0),
    pathOffsets: region('tables', config.loss === 'hs' ? (vocabulary + 1) * 4 : 0),
    pathSteps: region('tables', shape.pathSteps * 4),
    frozen: region('tables', config.freeze === 'init' ? vocabulary : 0),
  }
  for (const segment of segments) {
    const matrix = (part: string) => region(part, (vocabulary + 1) * segment.stride, segment.memory)
    segment.input = matrix('input vectors')
    segment.output = matrix('output vectors')
    if (config.optimizer === 'adagrad') {
      segment.inputSquares = matrix('optimizer state')
      segment.outputSquares = matrix('optimizer state')
    }
  }
  // Threads that share windows share these.
  const jobsEach = job.windowBytes / job.bytes
  const sumsBytes = batch * jobsEach * job.gradientBytes
  const common = byColumns
    ? {
        sums: region('thread buffers', sumsAtOnce * leafCount * sumsBytes),
        hidden: Array.from({ length: memoryCount }, (_, memory) =>
          region(
            'thread buffers',
            batchesAtOnce * hiddenRows(shape, batch) * scratchRowBytes[memory]!,
            memory,
          ),
        ),
      }
    : undefined
  const movedRows = config.model === 'cbow' || config.negatives === 'per-pair' ? 1 : 2 * config.window
  const local = (memory: number): LocalLayout => {
    const buffer = (bytes: number) => region('thread buffers', bytes, memory)
    const rowBytes = scratchRowBytes[memory]!
    const isHub = memory === 0
    return {
      // Parameters, and behind them a description of each segment.
      params: buffer(192 + 4 * 32),
      constants: buffer(80),
      signs: buffer(job.groups * 96),
      pointers: buffer(2 * config.window * 4),
      scratch: buffer(128),
      hotCopies: buffer(2 * copiedRows * rowBytes),
      hotInputs: copiedRows > 0 && !isTree ? buffer(2 * copiedRows * rowBytes) : 0,
      jobs: buffer((byColumns ? batchesAtOnce : 1) * batch * job.windowBytes),
      sums: common && isHub ? common.sums : byColumns ? buffer(sumsBytes) : 0,
      gradients: buffer(byColumns ? sumsBytes : job.gradientBytes),
      moved: buffer(movedRows * rowBytes),
      hidden: common ? common.hidden[memory]! : buffer(hiddenRows(shape, 1) * rowBytes),
    }
  }
  const isPooled = config.loss !== 'hs' && (config.model === 'cbow' || config.negatives === 'shared')
  const rawBytes = blockBytes + searchBytes + paddingBytes
  const threads = Array.from({ length: shape.threads }, (): ThreadLayout => {
    const buffer = (bytes: number) => region('thread buffers', bytes)
    return {
      ...local(0),
      counts: buffer(8),
      // 32 words that the tokeniser has met and not looked up, and a break.
      lookups: buffer(33 * 48),
      // A break may stand behind each word, and one stands before the first.
      kept: byColumns ? 0 : buffer(64 + 2 * pieceWords * 4) + 64,
      // A word and its space, or a word, its newline and the break for it: 4 bytes for each byte at most.
      ids: buffer(64 + rawBytes * 4 + 64) + 64,
      pool: isPooled
        ? buffer((pooledBefore + (byColumns ? rawBytes : 2 * pieceWords)) * 4) + pooledBefore * 4
        : 0,
      raw: buffer(rawBytes),
      prepared: buffer(rawBytes * growthFactor),
    }
  })
  const locals = ends.slice(1).map((_, i) => Array.from({ length: shape.threads }, () => local(i + 1)))
  const memories = ends.map((end) => Math.ceil(end / pageBytes) * pageBytes)
  return { ...layout, threads, locals, memories, bytes: memories.reduce((sum, bytes) => sum + bytes, 0) }
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
 * Windows whose gradients are taken together, and how many of them stand side by side. Fewer where the
 * vocabulary is so small that all windows have the same words: what each adds for itself would be too much together.
 */
function batchWindows(vocabulary: number): { batch: number; beside: number } {
  if (vocabulary >= 1024) return { batch: 8, beside: 2 }
  return vocabulary >= 64 ? { batch: 2, beside: 1 } : { batch: 1, beside: 1 }
}

function hiddenRows({ config }: ModelShape, windows: number): number {
  return config.model === 'cbow' ? windows : 0
}

/** See train/meeting.ts: a line for all, and three for each thread. */
function meetingBytes(threads: number): number {
  return 64 * (1 + 3 * threads)
}
