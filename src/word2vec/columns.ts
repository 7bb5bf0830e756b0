import type { TrainConfig } from './config.ts'

// Columns are dealt out in eights, 32 bytes. D vector width · O = ⌈D / 8⌉ eights · T threads

/** Columns of all matrices that lie together, row by row, in one of the memories. */
export interface Segment {
  memory: number
  /** The first eight of columns, and how many eights. */
  octet: number
  octets: number
  /** Bytes of a row. */
  stride: number
  /** Where the columns begin in a row of scratch, in bytes. */
  column: number
  /** Byte offsets of (V+1)×`stride` bytes each; the last row stays zero. */
  input: number
  output: number
  inputSquares: number
  outputSquares: number
}

/**
 * A fixed share of the columns: a dot product is the sum of two leaves, or of four, (0 + 1) + (2 + 3), so that it is the
 * same to the last bit whoever adds up which leaf.
 */
export interface Leaf {
  segment: number
  /** From the segment's first column, in bytes. */
  from: number
  bytes: number
}

/** Leaves of vectors of a width: adding up a leaf takes as long as some of its columns. */
export function leavesOf(dim: number): 2 | 4 {
  return dim < 200 ? 2 : 4
}

/** Whether a run asks for windows to be shared by all threads, so that its result depends on none of them. */
export function needsColumns(config: TrainConfig): boolean {
  return config.deterministic
}

/** Deals columns to leaves, and leaves to segments: one for each thread where that comes out even. */
export function dealColumns(
  dim: number,
  byColumns: boolean,
  threads: number,
  apart: boolean,
): { segments: Segment[]; leaves: Leaf[] } {
  const octets = Math.ceil(dim / 8)
  const leafCount = leavesOf(dim)
  const starts = Array.from({ length: leafCount + 1 }, (_, i) => Math.floor((i * octets) / leafCount))
  // Segments of threads end in cache lines of their own.
  const count = apart ? leafCount : byColumns && leafCount % threads === 0 ? threads : 1
  const segments: Segment[] = []
  const leaves: Leaf[] = []
  for (let i = 0; i < count; i++) {
    const first = (i * leafCount) / count
    const last = ((i + 1) * leafCount) / count
    const octet = starts[first]!
    const size = starts[last]! - octet
    const before = segments.at(-1)
    segments.push({
      memory: apart ? i + 1 : 0,
      octet,
      octets: size,
      stride: byColumns ? Math.max(1, Math.ceil(size / 2)) * 64 : size * 32,
      column: before && !apart ? before.column + before.stride : 0,
      ...{ input: 0, output: 0, inputSquares: 0, outputSquares: 0 },
    })
    for (let leaf = first; leaf < last; leaf++) {
      const from = (starts[leaf]! - octet) * 32
      leaves.push({ segment: i, from, bytes: (starts[leaf + 1]! - starts[leaf]!) * 32 })
    }
  }
  return { segments, leaves }
}

/** What a thread does of each batch of windows. */
export interface Duty {
  /** Lists of dot products whose sums, as a tree, are the products: 2 or 4. */
  parts: number
  /** Of a leaf, or, where there are fewer parts than leaves, of it and the next one together. */
  dots: { leaf: number; part: number; fromWindow: number; toWindow: number }[]
  moves: { segment: number; from: number; bytes: number }[]
  /** Whether it multiplies just the columns that it moves; else all must have moved before anyone multiplies again. */
  ownColumns: boolean
}

/** Shares the work on a batch out among threads, evenly. */
export function dutyOf(
  { segments, leaves }: { segments: readonly Segment[]; leaves: readonly Leaf[] },
  batch: number,
  thread: number,
  threads: number,
): Duty {
  const leafCount = leaves.length
  const share = (whole: number): [number, number] => [
    Math.floor((thread * whole) / threads),
    Math.floor(((thread + 1) * whole) / threads),
  ]
  // Two threads, or one, add up pairs of leaves themselves where those lie side by side.
  const parts = threads <= 2 && leaves[0]!.segment === leaves[1]!.segment ? 2 : leafCount
  const dots: Duty['dots'] = []
  const [first, last] = share(parts * batch)
  for (let part = 0; part < parts; part++) {
    const fromWindow = Math.max(first - part * batch, 0)
    const toWindow = Math.min(last - part * batch, batch)
    if (fromWindow < toWindow) dots.push({ leaf: (part * leafCount) / parts, part, fromWindow, toWindow })
  }
  const ownColumns = leafCount % threads === 0
  const octets = segments.at(-1)!.octet + segments.at(-1)!.octets
  const [firstOctet, lastOctet] = ownColumns
    ? [
        octetOf(segments, leaves, (thread * leafCount) / threads),
        octetOf(segments, leaves, ((thread + 1) * leafCount) / threads),
      ]
    : share(octets)
  const moves: Duty['moves'] = []
  for (const [i, { octet, octets }] of segments.entries()) {
    const from = Math.max(firstOctet - octet, 0)
    const to = Math.min(lastOctet - octet, octets)
    if (from < to) moves.push({ segment: i, from: from * 32, bytes: (to - from) * 32 })
  }
  return { parts, dots, moves, ownColumns }
}

/** The first eight of columns of a leaf; behind the last leaf, the number of eights. */
function octetOf(segments: readonly Segment[], leaves: readonly Leaf[], leaf: number): number {
  if (leaf === leaves.length) return segments.at(-1)!.octet + segments.at(-1)!.octets
  return segments[leaves[leaf]!.segment]!.octet + leaves[leaf]!.from / 32
}
