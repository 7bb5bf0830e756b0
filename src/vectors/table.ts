import { InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { pageBytes } from '../runtime/wasm.ts'
import { WordTable } from './words.ts'

// V rows · D vector width · S row stride in floats: D rounded up to a multiple of 4

/** What the search kernel needs beside the matrix; see `search.ts`. */
export const scratch = {
  /** Rows that the kernel may read past the last one. */
  spareRows: 8,
  /** Queries of one batch; even. */
  queries: 64,
  /** Rows scored by one call. */
  rows: 1 << 14,
}

/**
 * Words and their vectors, in the memory of the search kernel. Made in full size at once: nothing grows.
 *
 * memory  matrix V×S float32, row-major · 1/length of each row, V · queries, exclusions, results, scores
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
  readonly offsets: { inverse: number; queries: number; excluded: number; best: number; scores: number }

  /** wordBytes  of all words, if that is known */
  constructor(capacity: number, dim: number, wordBytes?: number) {
    const { stride, pages, ...offsets } = layOut(capacity, dim)
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
  const inverse = (capacity + scratch.spareRows) * stride * 4
  const queries = inverse + Math.ceil((capacity + scratch.spareRows) / 4) * 16
  const excluded = queries + scratch.queries * stride * 4
  const best = excluded + scratch.queries * 16
  const scores = best + scratch.queries * 8
  const pages = Math.ceil((scores + scratch.rows * 4) / pageBytes)
  return { stride, inverse, queries, excluded, best, scores, pages }
}

function tooLarge(rows: number, dim: number): InputError {
  return new InputError('VECTORS_TOO_LARGE', {
    what: `${formatCount(rows)} words × ${dim} numbers do not fit a memory of 4 GiB`,
    why: 'queries run on a WebAssembly memory, which ends there',
    mend: 'keep the most frequent words only; they stand first in the file',
  })
}
