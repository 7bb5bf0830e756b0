import type { Write } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { ByteReader } from './byte-reader.ts'
import { readHeader } from './header.ts'
import { gather, newline, rowOf, space, type VectorSet, writableWord } from './set.ts'
import { VectorTable } from './table.ts'

// word2vec.c's binary format: "V D\n", then V times: word, space, D float32 (little-endian), newline.
// gensim writes no newline there; both are read.

const newlineByte = Uint8Array.of(newline)
const spaceByte = Uint8Array.of(space)

export function writeVectorsBinary(write: Write, set: VectorSet): void {
  const { put, flush } = gather(write)
  put(Buffer.from(`${set.words.length} ${set.dim}\n`))
  for (let i = 0; i < set.words.length; i++) {
    put(writableWord(set.words, i, [space, newline], 'word2vec binary'))
    put(spaceByte)
    const row = rowOf(set, i)
    put(new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
    put(newlineByte)
  }
  flush()
}

/** throws  InputError, with the byte offset, if the file is cut off or is something else */
export function readVectorsBinary(path: string): VectorTable {
  const reader = new ByteReader(path)
  try {
    const header = readHeader(reader)
    if (!header) throw damaged(reader, 'its first line is not `words dimensions`, as in 3000000 300')
    const { rows, dim } = header
    // A word has one byte at least, and a space.
    const least = reader.position + rows * (dim * 4 + 2)
    if (least > reader.size) {
      const needs = `${formatCount(rows)} words × ${dim} numbers need at least ${formatCount(least)} bytes`
      throw damaged(reader, `${needs}, the file has ${formatCount(reader.size)}`)
    }
    const table = new VectorTable(rows, dim)
    for (let i = 0; i < rows; i++) readRow(reader, table, i)
    const rest = reader.peek(2)
    if (rest.length > 1 || (rest.length === 1 && rest[0] !== newline))
      throw damaged(reader, `it goes on after its ${formatCount(rows)} words`)
    return table
  } finally {
    reader.close()
  }
}

function readRow(reader: ByteReader, table: VectorTable, index: number): void {
  if (reader.peek(1)[0] === newline) reader.take(1)
  const begin = reader.position
  const word = reader.takeUntil(space, 1 << 16)
  if (!word || word.length === 0 || word.includes(newline))
    throw damaged(
      reader,
      `no word at byte ${formatCount(begin)}, where word ${formatCount(index + 1)} should begin`,
    )
  const row = table.add(word)
  const bytes = reader.take(table.dim * 4)
  if (!bytes) throw damaged(reader, `it ends inside the vector of word ${formatCount(index + 1)}`)
  if (row) new Uint8Array(row.buffer, row.byteOffset, row.byteLength).set(bytes)
}

function damaged(reader: ByteReader, why: string): InputError {
  return new InputError('VECTORS_DAMAGED', {
    what: `${reader.path} is not a whole file of word2vec binary vectors (byte ${formatCount(reader.position)})`,
    why,
    mend: 'copy or download it again, or name its format with --from',
  })
}
