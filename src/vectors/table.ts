import { InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { pageBytes } from '../runtime/wasm.ts'
import { WordTable } from './words.ts'

// V rows · D vector width · S row stride in floats: D rounded up to a multiple of 4

/** What the search kernels need beside the matrix; see `search.ts` and `analogy-search.ts`. */
export const scratch = {
  /** Rows that the kernel may read past the last one. */
  spareRows: 8,
  /** Queries of one batch; even. */
  queries: 64,
  /** Rows scored by one call. */
  rows: 1 << 14,
  /** Words that a batch of analogies is about; even. */
  slots: 512,
  /** Rows of one of its blocks: a multiple of 6 and of 16. Of all slots they stay in the cache. */
  span: 384,
  /** Analogies of a batch, and their terms. */
  questions: 8192,
  terms: 32_768,
}

/**
 * Words and their vectors, in the memory of the search kernel. Made in full size at once: nothing grows.
 *
 * memory  matrix V×S float32, row-major · 1/length of each row, V · queries, exclusions, results, scores
 *         analogies: units of slots, their cosines with a block, terms and where they end, exclusions, results
 * throws  InputError if that is more than the 4 GiB that a WebAssembly memory can hold
 */
export class VectorTable {
  readonly words: WordTable
  readonly dim: number
  readonly stride: number
  readonly memory: WebAssembly.Memory
  /** V×S, row-major; beyond D each row is 0. */
  readonly matrix: Float32Array
  /** How often each word was seen; null if the file did not say. */
  counts: Float64Array | null = null
  /** Words that were there already, and whose later vectors were passed over. */
  duplicates = 0
  /** Byte offsets in the memory; the matrix begins at 0. */
  readonly offsets: ReturnType<typeof layOut>['offsets']

  /** wordBytes  of all words, if that is known */
  constructor(capacity: number, dim: number, wordBytes?: number) {
    const { stride, pages, offsets } = layOut(capacity, dim)
    if (pages * pageBytes > 2 ** 32) throw tooLarge(capacity, dim)
    this.memory = new WebAssembly.Memory({ initial: pages })
    this.matrix = new Float32Array(this.memory.buffer, 0, capacity * stride)
    this.offsets = offsets
    this.words = new WordTable(capacity, wordBytes)
    this.dim = dim
    this.stride = stride
  }

  /** What a table takes whose words are so many bytes; counts not included. */
  static bytesOf(capacity: number, dim: number, wordBytes: number): number {
    return layOut(capacity, dim).pages * pageBytes + WordTable.bytesOf(capacity, wordBytes)
  }

  get length(): number {
    return this.words.length
  }

  /** Adds a word and returns its row to fill; null if the word is there already. */
  add(word: Uint8Array): Float32Array | null {
    const index = this.words.add(word)
    if (index >= 0) return this.row(index)
    this.duplicates++
    return null
  }

  /** A word's vector, without a copy. */
  row(index: number): Float32Array {
    return this.matrix.subarray(index * this.stride, index * this.stride + this.dim)
  }
}

/** The matrix begins at 0, in rows of `stride` floats; the rest in bytes. */
function layOut(capacity: number, dim: number) {
  const stride = Math.ceil(dim / 4) * 4
  let bytes = 0
  const take = (size: number) => {
    const offset = bytes
    bytes += Math.ceil(size / 16) * 16
    return offset
  }
  take((capacity + scratch.spareRows) * stride * 4)
  const offsets = {
    inverse: take((capacity + scratch.spareRows) * 4),
    queries: take(scratch.queries * stride * 4),
    excluded: take(scratch.queries * 16),
    best: take(scratch.queries * 8),
    scores: take(scratch.rows * 4),
    units: take(scratch.slots * stride * 4),
    cosines: take(scratch.slots * scratch.span * 4),
    ends: take(scratch.questions * 4),
    terms: take(scratch.terms * 8),
    analogyExcluded: take(scratch.questions * 16),
    analogyBest: take(scratch.questions * 8),
  }
  return { stride, offsets, pages: Math.ceil(bytes / pageBytes) }
}

function tooLarge(rows: number, dim: number): InputError {
  return new InputError('VECTORS_TOO_LARGE', {
    what: `${formatCount(rows)} words × ${dim} numbers do not fit a memory of 4 GiB`,
    why: 'queries run on a WebAssembly memory, which ends there',
    mend: 'keep the most frequent words only; they stand first in the file',
  })
}
