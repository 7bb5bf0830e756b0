import type { Write } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import {
  packedRows,
  SafetensorsFile,
  type Tensor,
  type TensorPlace,
  writeSafetensors,
} from '../core/safetensors.ts'
import { ByteReader } from './byte-reader.ts'
import { newline, rowOf, type VectorSet, writableWord } from './set.ts'
import { VectorTable } from './table.ts'
import type { Words } from './words.ts'

// Millrace's own format, version 1:
//   vectors  F32 [V, D]
//   words    U8 [bytes]  the words in UTF-8, joined by "\n"
//   counts   U64 [V]     if known
// Nothing in it tells time, path or host: equal vectors are equal files.

const metadata = { format: 'millrace-vectors', version: '1' }

/** Vectors whose rows lie anywhere: `rows` gives their bytes packed, in parts, and may be called again. */
export interface StreamedVectors extends Pick<VectorSet, 'words' | 'dim' | 'counts'> {
  rows: () => Iterable<Uint8Array>
  /** Written beside the vectors; who reads vectors passes them over. */
  moreTensors?: Record<string, Tensor>
  moreMetadata?: Record<string, string>
}

/** Writes vectors as safetensors. Memory: the words and counts once more, and a MiB. */
export function writeVectorsSafetensors(write: Write, set: VectorSet): void {
  const { words, dim, counts = null } = set
  const rows = () => rowBytes(set)
  writeStreamedVectors(write, { words, dim, counts, rows })
}

/** The same file, of vectors that lie in no one matrix. */
export function writeStreamedVectors(write: Write, vectors: StreamedVectors): void {
  const { words, dim, counts, rows, moreTensors = {}, moreMetadata = {} } = vectors
  const V = words.length
  const tensors: Record<string, Tensor> = {
    vectors: { dtype: 'F32', shape: [V, dim], bytes: rows },
    words: joinWords(words),
  }
  if (counts) {
    const exact = BigUint64Array.from({ length: V }, (_, i) => BigInt(counts[i]!))
    tensors.counts = { dtype: 'U64', shape: [V], bytes: new Uint8Array(exact.buffer) }
  }
  writeSafetensors(write, { ...tensors, ...moreTensors }, { ...metadata, ...moreMetadata })
}

/** The matrix of a set, row after row; only what lies together as it is goes without a copy. */
function rowBytes(set: VectorSet): Iterable<Uint8Array> {
  const { matrix, dim, stride = dim, words } = set
  if (typeof matrix === 'function') return packedRows(matrix, words.length, dim)
  if (stride === dim) return [new Uint8Array(matrix.buffer, matrix.byteOffset, words.length * dim * 4)]
  const read = (first: number, rows: Float32Array) => {
    for (let i = 0; i * dim < rows.length; i++) rows.set(rowOf(set, first + i), i * dim)
  }
  return packedRows(read, words.length, dim)
}

/** throws  InputError if the file is not whole, or holds no vectors of this format */
export function readVectorsSafetensors(path: string): VectorTable {
  const reader = new ByteReader(path)
  try {
    const file = new SafetensorsFile(path)
    try {
      return readTable(file, reader)
    } finally {
      file.close()
    }
  } finally {
    reader.close()
  }
}

/** The width of the vectors, as the header tells it. throws  InputError as `readVectorsSafetensors` */
export function widthOfSafetensors(path: string): number {
  const file = new SafetensorsFile(path)
  try {
    return placeOf(file, 'vectors', 'F32', 2).shape[1]!
  } finally {
    file.close()
  }
}

function joinWords(words: Words): Tensor {
  let length = Math.max(0, words.length - 1)
  for (let i = 0; i < words.length; i++) length += writableWord(words, i, [newline], 'safetensors').length
  const bytes = new Uint8Array(length)
  for (let i = 0, at = 0; i < words.length; i++) {
    if (i > 0) bytes[at++] = newline
    const word = words.bytes(i)
    bytes.set(word, at)
    at += word.length
  }
  return { dtype: 'U8', shape: [length], bytes }
}

function readTable(file: SafetensorsFile, reader: ByteReader): VectorTable {
  const place = placeOf(file, 'vectors', 'F32', 2)
  placeOf(file, 'words', 'U8', 1)
  const [V, dim] = place.shape as [number, number]
  if (V === 0 || dim === 0) throw foreign(file, `tensor vectors is empty: ${V} × ${dim}`)
  const table = new VectorTable(V, dim)
  const words = file.read('words')
  reader.seek(place.begin)
  let begin = 0
  for (let i = 0; i < V; i++) {
    const stop = words.indexOf(newline, begin)
    const end = stop < 0 ? words.length : stop
    if (begin > words.length || (i === V - 1 && stop >= 0))
      throw foreign(file, `it holds ${V} vectors and ${stop < 0 ? 'fewer' : 'more'} words`)
    const row = table.add(words.subarray(begin, end))
    const bytes = reader.take(dim * 4)
    if (!row || !bytes)
      throw foreign(file, row ? 'it ends inside tensor vectors' : `word ${i + 1} is there twice`)
    new Uint8Array(row.buffer, row.byteOffset, row.byteLength).set(bytes)
    begin = end + 1
  }
  if (file.tensors.has('counts')) {
    const { shape } = placeOf(file, 'counts', 'U64', 1)
    if (shape[0] !== V) throw foreign(file, `it holds ${V} vectors and ${shape[0]} counts`)
    table.counts = Float64Array.from(new BigUint64Array(file.read('counts').buffer), Number)
  }
  return table
}

function placeOf(file: SafetensorsFile, name: string, dtype: string, rank: number): TensorPlace {
  const place = file.tensors.get(name)
  if (!place) throw foreign(file, `it holds no tensor ${name}, but ${[...file.tensors.keys()].join(', ')}`)
  if (place.dtype !== dtype || place.shape.length !== rank)
    throw foreign(
      file,
      `tensor ${name} is ${place.dtype} [${place.shape}], not ${dtype} of ${rank} dimension${rank > 1 ? 's' : ''}`,
    )
  return place
}

function foreign(file: SafetensorsFile, why: string): InputError {
  return new InputError('VECTORS_FOREIGN', {
    what: `${file.path} holds no word vectors of Millrace's format`,
    why,
    mend: 'give vectors.safetensors of a run, or vectors in word2vec text or binary format',
  })
}
