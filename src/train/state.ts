import { packedRows, type SafetensorsFile, type Tensor } from '../core/safetensors.ts'
import { modelVectors, type SharedModel } from '../word2vec/index.ts'
import type { BlockDone } from './threads.ts'

/** What an epoch came to so far. */
export interface EpochSums {
  words: number
  records: number
  /** Sum mod 2^64 of the records' hashes, 16 hex digits. */
  hash: string
  /** In nats, summed over `pairs`. */
  loss: number
  pairs: number
  /** Of training. */
  seconds: number
}

/** Where training stands: all of a checkpoint that is not tensors. Plain JSON. */
export interface TrainState {
  /** The epoch at work, from 1; one more than there are when training is complete. */
  epoch: number
  /** Place in the epoch's order of the next block. */
  place: number
  /** Of the epoch at work. */
  current: EpochSums
  /** Of the epochs before it. */
  finished: EpochSums[]
  /** Time from start to end of the attempts so far. */
  wallSeconds: number
  peakRssBytes: number
}

export function newState(): TrainState {
  return { epoch: 1, place: 0, current: noSums(), finished: [], wallSeconds: 0, peakRssBytes: 0 }
}

export function noSums(): EpochSums {
  return { words: 0, records: 0, hash: '0'.repeat(16), loss: 0, pairs: 0, seconds: 0 }
}

/** Adds a block that was trained on. */
export function addBlock(sums: EpochSums, { words, records, hash, loss, pairs }: BlockDone): void {
  sums.words += words
  sums.records += records
  sums.hash = addHashes(sums.hash, hash)
  sums.loss += loss
  sums.pairs += pairs
}

/** Sum mod 2^64 of hashes, as 16 hex digits. */
export function addHashes(hex: string, ...hashes: bigint[]): string {
  const sum = hashes.reduce((total, hash) => total + hash, BigInt(`0x${hex}`))
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0')
}

export function totalOf(state: TrainState, key: 'words' | 'seconds'): number {
  return state.finished.reduce((sum, epoch) => sum + epoch[key], state.current[key])
}

/** Rows that are unpacked at a time: rows are padded in memory, and not in files. */
const batchRows = 4096

/** The parameters as tensors `input` and `output`, V×D. No copy of a matrix is made. */
export function parameterTensors(model: SharedModel): Record<string, Tensor> {
  const { vocabulary, dim } = model
  const tensor = (name: 'input' | 'output'): Tensor => {
    const { matrix, stride } = modelVectors(model, name)
    return {
      dtype: 'F32',
      shape: [vocabulary, dim],
      bytes: () => packedRows(matrix, vocabulary, dim, stride),
    }
  }
  return { input: tensor('input'), output: tensor('output') }
}

/** Reads the parameters of a checkpoint into a model. */
export function restoreParameters(model: SharedModel, file: SafetensorsFile): void {
  const { vocabulary, dim } = model
  for (const name of ['input', 'output'] as const) {
    const { matrix, stride } = modelVectors(model, name)
    if (stride === dim) {
      file.readInto(name, bytesOf(matrix))
      continue
    }
    for (let first = 0; first < vocabulary; first += batchRows) {
      const rows = new Float32Array(Math.min(batchRows, vocabulary - first) * dim)
      file.readInto(name, bytesOf(rows), first * dim * 4)
      for (let row = 0; row * dim < rows.length; row++) {
        matrix.set(rows.subarray(row * dim, (row + 1) * dim), (first + row) * stride)
      }
    }
  }
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

/** Whether every parameter is a number. What is not is never written. */
export function parametersAreFinite(model: SharedModel): boolean {
  for (const name of ['input', 'output'] as const) {
    const { matrix } = modelVectors(model, name)
    // A sum is NaN or infinite if any of its parts is; float64 cannot overflow from float32.
    let sum = 0
    for (let i = 0; i < matrix.length; i++) sum += matrix[i]!
    if (!Number.isFinite(sum)) return false
  }
  return true
}
