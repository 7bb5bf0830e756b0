import type { Write } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { ByteReader } from './byte-reader.ts'
import { type Header, readHeader } from './header.ts'
import { formatFloat32, parseNumber } from './numbers.ts'
import { gather, newline, rowOf, space, type VectorSet, writableWord } from './set.ts'
import { VectorTable } from './table.ts'

// word2vec.c's text format: "V D", then V lines of a word and D numbers. GloVe's has no first line, and
// some of its words hold spaces; there, the last D fields are the numbers.

const tab = 0x09
const carriageReturn = 0x0d
const lineLimit = 1 << 24

/** Writes each number with the fewest digits that give the same float32 again. */
export function writeVectorsText(write: Write, set: VectorSet): void {
  const { put, flush } = gather(write)
  put(Buffer.from(`${set.words.length} ${set.dim}\n`))
  for (let i = 0; i < set.words.length; i++) {
    put(writableWord(set.words, i, [space, newline, tab], 'word2vec text'))
    let numbers = ''
    for (const value of rowOf(set, i)) numbers += ` ${formatFloat32(value)}`
    put(Buffer.from(`${numbers}\n`, 'latin1'))
  }
  flush()
}

/** throws  InputError, with the line, if a line is damaged or lines are missing */
export function readVectorsText(path: string): VectorTable {
  const reader = new ByteReader(path)
  try {
    const header = readHeader(reader)
    const { rows, dim } = header ?? measure(reader)
    checkSize(reader, { rows, dim })
    const table = new VectorTable(rows, dim)
    let line = header ? 1 : 0
    for (let i = 0; i < rows; i++) {
      const bytes = reader.takeUntil(newline, lineLimit)
      line++
      if (!bytes) {
        const why = `it ends, or a line does not, after ${formatCount(i)} of the ${formatCount(rows)} words its first line tells`
        throw damaged(path, line, why)
      }
      readRow(bytes, table, !header, (why) => damaged(path, line, why))
    }
    while (reader.position < reader.size)
      if (reader.takeUntil(newline, lineLimit)?.some((byte) => !isBlank(byte)) !== false)
        throw damaged(path, line + 1, `it goes on after its ${formatCount(rows)} words`)
    return table
  } finally {
    reader.close()
  }
}

/** A first pass over a file without a header: its lines, and the numbers of its first one. */
function measure(reader: ByteReader): Header {
  let rows = 0
  let dim = 0
  if (/^0[ \t]+\d+\s*$/.test(Buffer.from(reader.peek(64)).toString('latin1')))
    throw damaged(reader.path, 1, 'it tells of 0 words')
  for (let line = reader.takeUntil(newline, lineLimit); line; line = reader.takeUntil(newline, lineLimit)) {
    if (rows === 0)
      dim =
        Buffer.from(line)
          .toString('latin1')
          .trim()
          .split(/[ \t]+/).length - 1
    rows++
  }
  if (dim < 1) throw damaged(reader.path, 1, 'it has no numbers after its first word')
  reader.seek(0)
  return { rows, dim }
}

/** Refuses a header that the file cannot keep, before memory is taken for it: a number is 2 bytes at least. */
function checkSize(reader: ByteReader, { rows, dim }: Header): void {
  if (rows * (dim * 2 + 1) <= reader.size + 1) return
  const why = `its first line tells ${formatCount(rows)} words × ${dim} numbers, more than ${formatCount(reader.size)} bytes hold`
  throw damaged(reader.path, 1, why)
}

function readRow(
  line: Uint8Array,
  table: VectorTable,
  spacesInWords: boolean,
  fault: (why: string) => InputError,
): void {
  let end = line.length
  while (end > 0 && isBlank(line[end - 1]!)) end--
  // Numbers are found from the end of the line: what is left is the word.
  const begins = new Int32Array(table.dim + 1)
  begins[table.dim] = end + 1
  let at = end
  for (let i = table.dim - 1; i >= 0; i--) {
    while (at > 0 && !isBlank(line[at - 1]!)) at--
    begins[i] = at
    if (i > 0) while (at > 0 && isBlank(line[at - 1]!)) at--
  }
  let wordEnd = at
  while (wordEnd > 0 && isBlank(line[wordEnd - 1]!)) wordEnd--
  const word = line.subarray(0, wordEnd)
  if (wordEnd === 0 || (!spacesInWords && word.some(isBlank)))
    throw fault(`it has ${fieldCount(line) - 1} numbers after the word, not ${table.dim}`)
  const row = table.add(word) ?? new Float32Array(table.dim)
  for (let i = 0; i < table.dim; i++) {
    const begin = begins[i]!
    let stop = begin
    while (stop < end && !isBlank(line[stop]!)) stop++
    row[i] = parseNumber(line, begin, stop)
    if (!Number.isFinite(row[i])) throw fault(notANumber(line.subarray(begin, stop)))
  }
}

function notANumber(field: Uint8Array): string {
  const text = Buffer.from(field.subarray(0, 40)).toString()
  return /^[-+]?(nan|inf(inity)?)$/i.test(text)
    ? `it holds ${text}: the training that made it has diverged`
    : `${JSON.stringify(text)} is not a number of the range of float32`
}

function isBlank(byte: number): boolean {
  return byte === space || byte === tab || byte === carriageReturn
}

function fieldCount(line: Uint8Array): number {
  return Buffer.from(line)
    .toString('latin1')
    .trim()
    .split(/[ \t]+/).length
}

function damaged(path: string, line: number, why: string): InputError {
  return new InputError('VECTORS_DAMAGED', {
    what: `${path} line ${formatCount(line)} is not a line of word vectors`,
    why,
    mend: 'copy or download it again, or name its format with --from',
  })
}
