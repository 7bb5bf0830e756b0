import { BlockReader, BlockTable, chooseBlockBytes, whiteSpaceLength } from './blocks.ts'
import { findCorpusFiles } from './files.ts'

/** A line, or a piece of a line longer than `maxSentence` words. */
export interface TextRecord {
  /** Offset of its first byte in the corpus. */
  offset: number
  /** Its bytes, line end included: every byte of a block belongs to exactly one record. */
  bytes: Uint8Array
  words: string[]
}

/** Words in a record at most, counted from the start of its line or block. */
export const maxSentence = 1000

/**
 * The records of a corpus in its order, read lazily, one block in memory at a time.
 *
 * throws  InputError as `findCorpusFiles` and `BlockReader.read` do
 */
export function* readRecords(paths: string[], blockBytes?: number): Generator<TextRecord> {
  const files = findCorpusFiles(paths)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const table = new BlockTable(files, blockBytes ?? chooseBlockBytes(bytes))
  const reader = new BlockReader(table)
  try {
    for (let block = 0; block < table.length; block++) {
      const buffer = new Uint8Array(table.bufferBytes)
      const { start, end, offset } = reader.read(block, buffer)
      yield* recordsOf(buffer.subarray(start, end), offset)
    }
  } finally {
    reader.close()
  }
}

/** The records of one block. The kernel's `auditRecords` is the fast form of this. */
export function* recordsOf(text: Uint8Array, offset: number): Generator<TextRecord> {
  let start = 0
  let words: string[] = []
  for (let i = 0; i < text.length; ) {
    const space = whiteSpaceLength(text, i, text.length)
    if (space > 0) {
      const newline = text[i] === 10
      i += space
      if (newline) {
        yield { offset: offset + start, bytes: text.subarray(start, i), words }
        start = i
        words = []
      }
      continue
    }
    if (words.length === maxSentence) {
      yield { offset: offset + start, bytes: text.subarray(start, i), words }
      start = i
      words = []
    }
    const from = i
    while (i < text.length && whiteSpaceLength(text, i, text.length) === 0) i++
    words.push(Buffer.from(text.subarray(from, i)).toString())
  }
  if (start < text.length) yield { offset: offset + start, bytes: text.subarray(start), words }
}
