import type { Write } from '../core/disk.ts'
import { ConfigError } from '../core/errors.ts'
import type { ReadRows } from '../core/safetensors.ts'
import type { Words } from './words.ts'

/** Vectors to be written: what a trainer or a `VectorTable` holds, without a copy. */
export interface VectorSet {
  words: Words
  dim: number
  /** Row-major, `stride` floats a row; or how to read rows from wherever they lie. */
  matrix: Float32Array | ReadRows
  /** Floats from one row to the next, at least `dim`, which it is by default. */
  stride?: number
  /** How often each word was seen. */
  counts?: ArrayLike<number> | null
}

/** A row of the set. */
export function rowOf({ matrix, dim, stride = dim }: VectorSet, index: number): Float32Array {
  if (typeof matrix !== 'function') return matrix.subarray(index * stride, index * stride + dim)
  const row = new Float32Array(dim)
  matrix(index, row)
  return row
}

/**
 * A word's bytes, if the format can hold them.
 *
 * throws  ConfigError if the word is empty or holds one of the bytes that end a word in the format
 */
export function writableWord(
  words: Words,
  index: number,
  ends: readonly number[],
  format: string,
): Uint8Array {
  const bytes = words.bytes(index)
  if (bytes.length > 0 && !bytes.some((byte) => ends.includes(byte))) return bytes
  throw new ConfigError('WORD_NOT_WRITABLE', {
    what: `word ${index + 1}, ${JSON.stringify(words.word(index))}, cannot be written as ${format}`,
    why: bytes.length === 0 ? 'it is empty' : 'a space or line end would end the word there',
    mend: ends.includes(space)
      ? 'write safetensors, which holds any word of one line'
      : 'leave that word out',
  })
}

export const space = 0x20
export const newline = 0x0a

/** Gathers small pieces, so that the disk is called once a MiB. `flush` writes what is left. */
export function gather(write: Write): { put: Write; flush: () => void } {
  const buffer = new Uint8Array(1 << 20)
  let length = 0
  const flush = () => {
    if (length > 0) write(buffer.subarray(0, length))
    length = 0
  }
  const put = (bytes: Uint8Array) => {
    if (length + bytes.length > buffer.length) flush()
    if (bytes.length > buffer.length) write(bytes)
    else {
      buffer.set(bytes, length)
      length += bytes.length
    }
  }
  return { put, flush }
}
