// A lane: one of the streams of samples that a loader's batches are formed from, in whichever thread. The order of
// batches, where a batch ends and what is dropped depend on the lanes alone, never on the threads that work them.
import type { MaybePromise } from '../stream/contract.ts'
import type { Doing } from './ring.ts'
import type { LaneContext } from './worker-info.ts'

export type Sharding = 'auto' | 'user' | 'none'
export type Collate = (samples: any[]) => unknown

/** What a lane needs to know; the same in all threads. */
export interface LaneOptions {
  kind: 'map' | 'iterable'
  /** null: samples are given as they are. */
  batchSize: number | null
  dropLast: boolean
  sharding: Sharding
}

/** Where a lane is: behind the last batch that it formed. */
export interface LaneState {
  /** Samples pulled from the lane's iterator (iterable), or batches of indices taken (map). */
  position: number
  /** Where the dataset's own cursor is, as JSON, if it has cursors; a number, as iterators have, is itself. */
  cursor: string | number | undefined
  /** The lane was found to be sharded by its user: its iterator asked for `getWorkerInfo()`. */
  userShards: boolean
  ended: boolean
}

export const laneStart: LaneState = { position: 0, cursor: undefined, userShards: false, ended: false }

/** A sample, or the work on it, for messages and for passing it by. */
export interface Place {
  lane: number
  doing: Doing
  /** The sample's number in its lane's iterator, or its index in a map dataset; in `collate`, the batch's number. */
  sample: number
}

export type Outcome =
  | { kind: 'batch'; batch: unknown; samples: number }
  /** A batch of which nothing is left; its turn passes. */
  | { kind: 'dropped' }
  | { kind: 'end' }
  /** Asked again, the lane goes on with the next sample, unless the error is `final`. */
  | { kind: 'error'; error: unknown; place: Place; final: boolean }

/** What the lane tells while it works. */
export interface LaneListener {
  /** What is being done, with which sample: all that is known if the thread dies of it. */
  doing(what: Doing, lane: number, sample: number): void
  /** The same is being done with another sample. */
  at(sample: number): void
  /** A dataset that every lane passes over whole took this long over samples that were not the lane's. */
  filtered(ms: number): void
  /** An iterator asked for `getWorkerInfo()` when it was too late to leave the sharding to it. */
  askedLate(): void
}

export interface Lane {
  next(): MaybePromise<Outcome>
  /** The place behind the last outcome. */
  state(): LaneState
  close(): void
}

export interface LaneSetup {
  lane: number
  lanes: number
  options: LaneOptions
  context: LaneContext
  dataset: unknown
  collate: Collate
  /** Whether a `workerInit` was given: then the sharding is its user's. */
  userInit: boolean
  from: LaneState
  pass: number
  /** Places that are passed by: what is known to kill whoever touches it. */
  avoid: readonly Place[]
  /** After a worker's death: samples that have to be waited for are asked for one by one, so that the blame is right. */
  careful: boolean
  listener: LaneListener
}

/** Which samples, or batches, of a lane are to be passed by. An index of a map dataset is so in every lane. */
export function avoided({ avoid, lane }: LaneSetup, doing: Doing): Set<number> {
  const places = avoid.filter((place) => place.doing === doing && (doing === 'get' || place.lane === lane))
  return new Set(places.map((place) => place.sample))
}

/** Makes a batch of samples. `place` tells the batch: the lane's position behind it. */
export function collate(setup: LaneSetup, samples: unknown[], place: number): MaybePromise<Outcome> {
  const count = samples.length
  const failed = (error: unknown): Outcome => {
    return {
      kind: 'error',
      error,
      place: { lane: setup.lane, doing: 'collate', sample: place },
      final: false,
    }
  }
  setup.listener.doing('collate', setup.lane, place)
  try {
    const batch = setup.collate(samples)
    if (batch instanceof Promise)
      return batch.then((batch): Outcome => ({ kind: 'batch', batch, samples: count }), failed)
    return { kind: 'batch', batch, samples: count }
  } catch (error) {
    return failed(error)
  }
}
