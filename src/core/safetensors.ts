import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Write } from './disk.ts'
import { assert, InputError } from './errors.ts'

/** A tensor to be written: `shape` in elements; its bytes row-major and little-endian, whole or part by part. */
export interface Tensor {
  dtype: Dtype
  shape: number[]
  bytes: Uint8Array | (() => Iterable<Uint8Array>)
}

/** Where a tensor lies in a file. `begin` and `end` are byte offsets from the start of the file. */
export interface TensorPlace {
  dtype: Dtype
  shape: number[]
  begin: number
  end: number
}

const dtypeBytes = {
  U8: 1,
  I8: 1,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  F64: 8,
  U64: 8,
  I64: 8,
}
export type Dtype = keyof typeof dtypeBytes

/**
 * Writes tensors in the safetensors format: a length, a JSON header, the data.
 * The same tensors and metadata give the same bytes. Data starts at a multiple of 64 bytes.
 *
 * Source: the format's description in its repository (huggingface/safetensors).
 */
export function writeSafetensors(
  write: Write,
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): void {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    const length = shape.reduce((a, b) => a * b, dtypeBytes[dtype])
    header[name] = { dtype, shape, data_offsets: [offset, offset + length] }
    offset += length
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Math.ceil((8 + json.length) / 64) * 64 - 8
  const head = Buffer.alloc(8 + padded, ' ')
  head.writeBigUInt64LE(BigInt(padded), 0)
  json.copy(head, 8)
  write(head)
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    let left = shape.reduce((a, b) => a * b, dtypeBytes[dtype])
    for (const part of typeof bytes === 'function' ? bytes() : [bytes]) {
      write(part)
      left -= part.length
    }
    assert(left === 0, `tensor ${name} has ${-left} bytes more than its shape says`)
  }
}

/** Copies rows of a matrix, from `first` on, as many as the packed `rows` has room for. */
export type ReadRows = (first: number, rows: Float32Array) => void

const batchRows = 4096

/**
 * The bytes of a matrix of `count` rows, wherever they lie; in parts of 4096 rows, so that no copy of the whole is
 * made. Each part is valid until the next is asked for.
 */
export function* packedRows(read: ReadRows, count: number, dim: number): Generator<Uint8Array> {
  const batch = new Float32Array(Math.min(batchRows, count) * dim)
  for (let first = 0; first < count; first += batchRows) {
    const rows = batch.subarray(0, Math.min(batchRows, count - first) * dim)
    read(first, rows)
    yield new Uint8Array(rows.buffer, 0, rows.byteLength)
  }
}

/**
 * An open safetensors file. Tensors are read only when asked for.
 *
 * throws  InputError if the file is not safetensors, or is shorter than its header says
 */
export class SafetensorsFile {
  readonly path: string
  readonly tensors: Map<string, TensorPlace>
  readonly metadata: Record<string, string>
  readonly #fd: number

  constructor(path: string) {
    this.path = path
    this.#fd = openSync(path, 'r')
    try {
      const { tensors, metadata } = readHeader(this.#fd, path)
      this.tensors = tensors
      this.metadata = metadata
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  /** Fills `target` with the tensor's bytes from byte `from` of it on. */
  readInto(name: string, target: Uint8Array, from = 0): void {
    const place = this.#place(name)
    const begin = place.begin + from
    assert(from >= 0 && begin + target.length <= place.end, `tensor ${name} has no such part`)
    for (let done = 0; done < target.length; ) {
      const count = readSync(this.#fd, target, done, Math.min(target.length - done, 2 ** 30), begin + done)
      if (count === 0) throw notSafetensors(this.path, `it ends inside tensor ${name}`)
      done += count
    }
  }

  read(name: string): Uint8Array<ArrayBuffer> {
    const place = this.#place(name)
    const bytes = new Uint8Array(place.end - place.begin)
    this.readInto(name, bytes)
    return bytes
  }

  close(): void {
    closeSync(this.#fd)
  }

  #place(name: string): TensorPlace {
    const place = this.tensors.get(name)
    if (!place)
      throw notSafetensors(
        this.path,
        `it holds no tensor ${name}, but ${[...this.tensors.keys()].join(', ')}`,
      )
    return place
  }
}

function readHeader(fd: number, path: string) {
  const fileBytes = fstatSync(fd).size
  const head = Buffer.alloc(8)
  if (readSync(fd, head, 0, 8, 0) < 8) throw notSafetensors(path, 'it is shorter than 8 bytes')
  const headerBytes = Number(head.readBigUInt64LE(0))
  if (headerBytes > Math.min(fileBytes - 8, 2 ** 27))
    throw notSafetensors(path, 'its header length makes no sense')
  const json = Buffer.alloc(headerBytes)
  readSync(fd, json, 0, headerBytes, 8)
  const tensors = new Map<string, TensorPlace>()
  let metadata: Record<string, string> = {}
  try {
    for (const [name, entry] of Object.entries<any>(JSON.parse(json.toString()))) {
      if (name === '__metadata__') metadata = entry
      else {
        const [begin, end] = entry.data_offsets.map((offset: number) => 8 + headerBytes + offset)
        const size = entry.shape.reduce((a: number, b: number) => a * b, dtypeBytes[entry.dtype as Dtype])
        if (!(size === end - begin && end <= fileBytes))
          throw new Error(`tensor ${name} does not fit the file`)
        tensors.set(name, { dtype: entry.dtype, shape: entry.shape, begin, end })
      }
    }
  } catch (cause) {
    throw notSafetensors(
      path,
      cause instanceof SyntaxError ? 'its header is not JSON' : String((cause as Error).message),
    )
  }
  return { tensors, metadata }
}

function notSafetensors(path: string, why: string): InputError {
  return new InputError('SAFETENSORS', { what: `${path} is not a whole safetensors file`, why })
}
