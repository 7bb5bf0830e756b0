import type { ByteReader } from './byte-reader.ts'
import { newline } from './set.ts'

/** The first line of word2vec's formats. */
export interface Header {
  rows: number
  dim: number
}

/** Takes the line `V D` if the file begins with it; else null, and nothing is taken. */
export function readHeader(reader: ByteReader): Header | null {
  const header = headerOf(reader.peek(64))
  if (header) reader.takeUntil(newline, 64)
  return header
}

/** The header at the beginning of a file, or null. */
export function headerOf(head: Uint8Array): Header | null {
  const match = /^(\d+)[ \t]+(\d+)[ \t]*\r?\n/.exec(Buffer.from(head.subarray(0, 64)).toString('latin1'))
  if (!match) return null
  const [rows, dim] = [Number(match[1]), Number(match[2])]
  return rows > 0 && dim > 0 ? { rows, dim } : null
}
