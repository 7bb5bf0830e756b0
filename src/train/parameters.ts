import type { SafetensorsFile, Tensor } from '../core/safetensors.ts'
import { type MatrixName, matrixNames, readRows, type SharedModel, writeRows } from '../word2vec/index.ts'

// V words · D vector width

/** Bytes that are copied at a time: however rows lie in the model's memory, in files they are packed. */
const partBytes = 2 ** 20

/** Rows of a part: as many as `partBytes` has room for, and one at least. */
function rowsOfPart(dim: number): number {
  return Math.max(1, Math.floor(partBytes / (4 * dim)))
}

/** A part of a matrix: rows from `first` on, packed. Its memory is used again for the next part. */
export interface RowPart {
  first: number
  rows: Float32Array
}

/** The rows of a matrix in parts, in order. Memory: one part. */
export function* rowParts(model: SharedModel, name: MatrixName): Generator<RowPart> {
  const { vocabulary, dim } = model
  const batchRows = rowsOfPart(dim)
  const length = Math.min(batchRows, vocabulary) * dim
  const memory = takePart(length)
  try {
    for (let first = 0; first < vocabulary; first += batchRows) {
      const rows = memory.subarray(0, Math.min(batchRows, vocabulary - first) * dim)
      readRows(model, name, first, rows)
      yield { first, rows }
    }
  } finally {
    spare = memory
  }
}

/** Of the last one: a new part for each matrix of each checkpoint would be garbage that is collected late. */
let spare: Float32Array | undefined

function takePart(length: number): Float32Array {
  const memory = spare && spare.length >= length ? spare : new Float32Array(length)
  spare = undefined
  return memory
}

/** The bytes of a matrix, V×D float32, in parts: for a file. */
export function* rowBytes(model: SharedModel, name: MatrixName, onPart = () => {}): Generator<Uint8Array> {
  for (const { rows } of rowParts(model, name)) {
    onPart()
    yield bytesOf(rows)
  }
}

/** The parameters as tensors named as the matrices are, V×D each. No copy of a matrix is made. `onPart`: told of each. */
export function parameterTensors(model: SharedModel, onPart = () => {}): Record<string, Tensor> {
  const shape = [model.vocabulary, model.dim]
  return Object.fromEntries(
    matrixNames(model).map((name): [string, Tensor] => [
      name,
      { dtype: 'F32', shape, bytes: () => rowBytes(model, name, onPart) },
    ]),
  )
}

/** Reads the parameters of a checkpoint into a model. `onPart`: told after each part. */
export function restoreParameters(model: SharedModel, file: SafetensorsFile, onPart = () => {}): void {
  const { vocabulary, dim } = model
  const batchRows = rowsOfPart(dim)
  const memory = new Float32Array(Math.min(batchRows, vocabulary) * dim)
  for (const name of matrixNames(model)) {
    for (let first = 0; first < vocabulary; first += batchRows) {
      const rows = memory.subarray(0, Math.min(batchRows, vocabulary - first) * dim)
      file.readInto(name, bytesOf(rows), first * dim * 4)
      writeRows(model, name, first, rows)
      onPart()
    }
  }
}

/** The bytes of rows that come one by one, packed into parts. Each part is valid until the next. */
export function* packRows(rows: Iterable<Float32Array>, dim: number): Generator<Uint8Array> {
  const memory = new Float32Array(rowsOfPart(dim) * dim)
  let length = 0
  for (const row of rows) {
    memory.set(row, length)
    length += dim
    if (length < memory.length) continue
    yield bytesOf(memory)
    length = 0
  }
  if (length > 0) yield bytesOf(memory.subarray(0, length))
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
