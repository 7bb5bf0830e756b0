import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { type Disk, writeFileAtomically } from '../core/disk.ts'
import { ConfigError, InputError } from '../core/errors.ts'
import { readVectorsBinary, writeVectorsBinary } from './binary.ts'
import { ByteReader } from './byte-reader.ts'
import { headerOf } from './header.ts'
import { parseNumber } from './numbers.ts'
import { readVectorsSafetensors, widthOfSafetensors, writeVectorsSafetensors } from './safetensors.ts'
import type { VectorSet } from './set.ts'
import type { VectorTable } from './table.ts'
import { readVectorsText, writeVectorsText } from './word2vec-text.ts'

export const vectorFormats = ['safetensors', 'binary', 'text'] as const
export type VectorFormat = (typeof vectorFormats)[number]

const extensions: Record<string, VectorFormat> = {
  '.safetensors': 'safetensors',
  '.bin': 'binary',
  '.txt': 'text',
  '.vec': 'text',
}

/**
 * The format of a file by its content if it is there, else by its extension.
 *
 * throws  InputError if neither tells
 */
export function detectFormat(path: string): VectorFormat {
  return existsSync(path) ? formatOfContent(path) : formatOfName(path)
}

/**
 * The format that a file's extension tells, for one that is to be written.
 *
 * throws  ConfigError if it tells none
 */
export function formatOfName(path: string): VectorFormat {
  const format = extensions[extname(path).toLowerCase()]
  if (format) return format
  throw new ConfigError('FORMAT_UNKNOWN', {
    what: `the name ${path} does not tell a format`,
    why: `known are ${Object.keys(extensions).join(', ')}`,
    mend: `use one of these, or name the format with --to: ${vectorFormats.join(', ')}`,
  })
}

/**
 * Reads a file of vectors, in the format that its content tells unless one is named.
 *
 * memory  the vectors and their words, and a MiB
 * throws  InputError if the file is missing, damaged or something else
 */
export function readVectors(path: string, format: VectorFormat = formatOfContent(path)): VectorTable {
  return { safetensors: readVectorsSafetensors, binary: readVectorsBinary, text: readVectorsText }[format](
    path,
  )
}

/**
 * The width of a file's vectors, as its beginning tells it.
 *
 * throws  InputError if the file is missing or something else
 */
export function widthOfVectors(path: string): number {
  if (formatOfContent(path) === 'safetensors') return widthOfSafetensors(path)
  const reader = new ByteReader(path)
  try {
    const head = reader.peek(1 << 20)
    return headerOf(head)?.dim ?? firstLine(head).split(/[ \t]+/).length - 1
  } finally {
    reader.close()
  }
}

/**
 * Writes vectors, whole or not at all.
 *
 * memory  a MiB; safetensors: the words and counts too
 * throws  ConfigError if a word cannot be written in the format; ResourceError if the disk refuses
 */
export function writeVectors(path: string, format: VectorFormat, set: VectorSet, disk?: Disk): void {
  const fill = { safetensors: writeVectorsSafetensors, binary: writeVectorsBinary, text: writeVectorsText }
  writeFileAtomically(path, (write) => fill[format](write, set), disk)
}

function formatOfContent(path: string): VectorFormat {
  const reader = new ByteReader(path)
  try {
    const head = reader.peek(1 << 20)
    const text = Buffer.from(head.buffer, head.byteOffset, head.length)
    for (const [magic, name] of strangers)
      if (text.subarray(0, magic.length).equals(magic)) throw foreign(path, `it is ${name}`)
    if (text.length > 8 && text[8] === 0x7b && text.readBigUInt64LE(0) < 2n ** 32n) return 'safetensors'
    if (text.length === 0) throw foreign(path, 'it is empty')
    const body = headerOf(head) ? head.subarray(head.indexOf(0x0a) + 1) : head
    if (isLineOfNumbers(body)) return 'text'
    if (headerOf(head)) return 'binary'
    throw foreign(path, 'it begins neither with `words dimensions` nor with a word and its numbers')
  } finally {
    reader.close()
  }
}

/** What people hold for vectors, by its first bytes. */
const strangers: [Buffer, string][] = [
  [Buffer.from([0x1f, 0x8b]), 'compressed with gzip: unpack it first'],
  [Buffer.from('BZh'), 'compressed with bzip2: unpack it first'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'compressed with xz: unpack it first'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'compressed with zstd: unpack it first'],
  [Buffer.from('PK\x03\x04'), 'a zip archive: unpack it first'],
  [Buffer.from([0xba, 0x16, 0x4f, 0x2f]), 'a model of fastText: use the .vec file that lies beside it'],
  [Buffer.from([0x80, 0x02]), 'a Python pickle: write it with save_word2vec_format in gensim'],
  [Buffer.from([0x80, 0x03]), 'a Python pickle: write it with save_word2vec_format in gensim'],
  [Buffer.from([0x80, 0x04]), 'a Python pickle: write it with save_word2vec_format in gensim'],
  [Buffer.from([0x93, 0x4e, 0x55]), 'a NumPy array, without words'],
]

/** Whether the first line is a word and numbers; nan and inf count, for the reader to refuse them by line. */
function isLineOfNumbers(bytes: Uint8Array): boolean {
  const fields = firstLine(bytes).split(/[ \t]+/)
  const isNumber = (field: string) =>
    /^[-+]?(nan|inf(inity)?)$/i.test(field) || !Number.isNaN(parseNumber(Buffer.from(field), 0, field.length))
  return (
    fields.length > 1 &&
    isNumber(fields.at(-1)!) &&
    fields.slice(Math.ceil(fields.length / 2)).every(isNumber)
  )
}

function firstLine(bytes: Uint8Array): string {
  const stop = bytes.indexOf(0x0a)
  const line = bytes.subarray(0, stop < 0 ? bytes.length : stop)
  return Buffer.from(line).toString('latin1').trim()
}

function foreign(path: string, why: string): InputError {
  return new InputError('VECTORS_FOREIGN', {
    what: `${path} is not a file of word vectors`,
    why,
    mend: 'give safetensors, or word2vec text or binary vectors, or a run folder',
  })
}
