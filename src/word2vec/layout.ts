import { paddingBytes, searchBytes } from '../corpus/blocks.ts'
import { growthFactor } from '../corpus/tokenizer.ts'
import { pageBytes } from '../runtime/wasm.ts'

// V vocabulary size · D vector width · K negative samples · W window · T threads · N blocks

/** What decides the size of a model's memory. */
export interface ModelShape {
  /** V */
  vocabulary: number
  /** Bytes of all words, each padded to a multiple of 8. */
  wordBytes: number
  dim: number
  negative: number
  window: number
  threads: number
  blocks: number
  blockBytes: number
}

/** Where a thread's own buffers lie: byte offsets. */
export interface ThreadLayout {
  params: number
  constants: number
  counts: number
  zeroRow: number
  jobs: number
  gradients: number
  moved: number
  kept: number
  ids: number
  raw: number
  prepared: number
}

/** Where everything lies in the one shared memory: byte offsets, each a multiple of 64. */
export interface ModelLayout {
  /** Bytes of a row: D floats, rounded up to a multiple of 4 floats. */
  rowBytes: number
  jobBytes: number
  /** Words trained in one call of the kernel, at most. */
  pieceWords: number
  /** i32: the next place to claim, 1 to stop. */
  control: number
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
  /** V×D f32, rows of `rowBytes`. */
  input: number
  output: number
  threads: ThreadLayout[]
  bytes: number
  /** What the bytes are for. */
  parts: Record<string, number>
}

const jobsAhead = 4
const pieceWords = 2000

/** Lays out a model's memory. Every byte that training needs is in it; nothing grows afterwards. */
export function planLayout(shape: ModelShape): ModelLayout {
  const { vocabulary, dim, negative, window, blockBytes } = shape
  const rowBytes = Math.ceil(dim / 4) * 16
  const targets = Math.ceil((negative + 1) / 6) * 6
  const jobBytes = 8 + 4 * (targets + 2 * window)
  const slotCount = 2 ** Math.ceil(Math.log2(2 * vocabulary + 2))
  const rawBytes = blockBytes + searchBytes + paddingBytes
  const parts: Record<string, number> = {}
  // Address 0 stays unused, so that a wrong pointer does no harm.
  let end = 64
  const region = (part: string, bytes: number) => {
    const begin = end
    end = Math.ceil((begin + bytes) / 64) * 64
    parts[part] = (parts[part] ?? 0) + end - begin
    return begin
  }
  const layout: Omit<ModelLayout, 'threads' | 'bytes'> = {
    rowBytes,
    jobBytes,
    pieceWords,
    parts,
    control: region('tables', 64),
    order: region('tables', shape.blocks * 4),
    shares: region('tables', (shape.blocks + 1) * 8),
    table: region('vocabulary', 32),
    slots: region('vocabulary', slotCount * 8),
    slotCount,
    entries: region('vocabulary', vocabulary * 24),
    arena: region('vocabulary', shape.wordBytes + paddingBytes),
    keep: region('tables', vocabulary * 4),
    noise: region('tables', vocabulary * 8),
    input: region('input vectors', vocabulary * rowBytes),
    output: region('output vectors', vocabulary * rowBytes),
  }
  const threads = Array.from({ length: shape.threads }, (): ThreadLayout => {
    const buffer = (bytes: number) => region('thread buffers', bytes)
    return {
      params: buffer(128),
      constants: buffer(320),
      counts: buffer(8),
      zeroRow: buffer(rowBytes),
      jobs: buffer(jobsAhead * jobBytes),
      gradients: buffer((targets / 6) * (2 * window + 1) * 24 + 32),
      moved: buffer(targets * 16),
      // A break may stand behind each word, and one stands before the first.
      kept: buffer(64 + 2 * pieceWords * 4) + 64,
      // A word and its space, or a word, its newline and the break for it: 4 bytes for each byte at most.
      ids: buffer(rawBytes * 4 + 64),
      raw: buffer(rawBytes),
      prepared: buffer(rawBytes * growthFactor),
    }
  })
  return { ...layout, threads, bytes: Math.ceil(end / pageBytes) * pageBytes }
}
