import type { RunFile, StoppedEarly } from '../run/index.ts'
import type { BlockDone } from './threads.ts'

/** What an epoch came to so far. */
export interface EpochSums {
  words: number
  records: number
  /** Sum mod 2^64 of the records' hashes, 16 hex digits. */
  hash: string
  /** In nats, summed over `pairs`; of the places before `TrainState.place`, in their order. */
  loss: number
  pairs: number
  /** Of training. */
  seconds: number
  /** Blocks that were left out. */
  quarantined?: number[]
}

/** What parameters belong to. */
export interface Origin {
  /** The identity keys of the config; of `init`, the fingerprint of its vectors. */
  config: Record<string, unknown>
  /** As in `run.json`. */
  fingerprints: RunFile['fingerprints']
}

/** How a score has gone. */
export interface Stopping {
  /** Its name. */
  score: string
  /** Null before there was a number. */
  best: number | null
  /** Epochs trained when it was best. */
  at: number
  /** How many times running it was no better since then. */
  waited: number
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
  /** Checkpoints that were taken, this one included, and how long training waited for those before it. */
  checkpoints?: number
  stallSeconds?: number
  /** Blocks that had been trained on, in all epochs, when the vectors were scored last. */
  scoredSteps?: number
  /** What early stopping goes by. */
  stopping?: Stopping
  /** The decision to end, and the settings that it was made by: with others, training goes on. */
  ended?: { under: string; told: StoppedEarly }
  /** What the parameters belong to. */
  origin?: Origin
  /** Which arithmetic the parameters were made with: see `arithmeticOf`. */
  kernel?: string
}

export function newState(): TrainState {
  return { epoch: 1, place: 0, current: noSums(), finished: [], wallSeconds: 0, peakRssBytes: 0 }
}

export function noSums(): EpochSums {
  return { words: 0, records: 0, hash: '0'.repeat(16), loss: 0, pairs: 0, seconds: 0 }
}

/**
 * Adds a block that was trained on, but for its loss, which is put at its place in `losses`: float64 sums depend on
 * their order, and blocks are done in any. All else is whole numbers.
 */
export function addBlock(sums: EpochSums, losses: Float64Array, done: BlockDone, block: number): void {
  if (done.skipped) sums.quarantined = [...(sums.quarantined ?? []), block].sort((a, b) => a - b)
  sums.words += done.words
  sums.records += done.records
  sums.hash = addHashes(sums.hash, done.hash)
  sums.pairs += done.pairs
  losses[done.place] = done.loss
}

/**
 * Adds the losses of the places `from` to `to`, one after the other. Every place before `from` is in the sum already,
 * so that an epoch comes to the same sum however often it was broken off, and by however many threads it was done.
 */
export function addLosses(sums: EpochSums, losses: Float64Array, from: number, to: number): void {
  for (let place = from; place < to; place++) sums.loss += losses[place]!
}

/** Sum mod 2^64 of hashes, as 16 hex digits. */
export function addHashes(hex: string, ...hashes: bigint[]): string {
  const sum = hashes.reduce((total, hash) => total + hash, BigInt(`0x${hex}`))
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0')
}

export function totalOf(state: TrainState, key: 'words' | 'seconds'): number {
  return state.finished.reduce((sum, epoch) => sum + epoch[key], state.current[key])
}
