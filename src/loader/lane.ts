// A lane: one of the streams of samples that a loader's batches are formed from, in whichever thread. The order of
// batches, where a batch ends and what is dropped depend on the lanes alone, never on the threads that work them.
import { MillraceError } from '../core/errors.ts'
import { type Cursor, type End, end, type MaybePromise } from '../stream/contract.ts'
import { type Streamable, sourceOf } from '../stream/source-of.ts'
import { type IterableDataset, indexed } from './dataset.ts'
import type { Doing } from './ring.ts'
import { type LaneContext, runInLane } from './worker-info.ts'

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
function avoided({ avoid, lane }: LaneSetup, doing: Doing): Set<number> {
  const places = avoid.filter((place) => place.doing === doing && (doing === 'get' || place.lane === lane))
  return new Set(places.map((place) => place.sample))
}

/** Opens a lane of an iterable dataset. */
export async function openIterableLane(setup: LaneSetup): Promise<Lane> {
  const { lane, lanes, options, context, dataset, from, userInit, listener, pass } = setup
  listener.doing('opening', lane, from.position)
  const isOurs = options.sharding === 'auto' && !userInit && context.info !== null
  return await runInLane(context, async () => {
    const { shard } = dataset as IterableDataset<unknown>
    const hasShard = isOurs && typeof shard === 'function'
    const source = hasShard ? await shard.call(dataset, lane, lanes) : dataset
    context.asked = false
    const place = from.cursor === undefined ? undefined : JSON.parse(String(from.cursor))
    const cursor = sourceOf('the dataset', source as Streamable<unknown>).open(place, { pass })
    return new IterableLane(setup, cursor, isOurs && !hasShard && lanes > 1 && !from.userShards)
  })
}

class IterableLane implements Lane {
  readonly #setup: LaneSetup
  readonly #cursor: Cursor<unknown>
  /** Every lane sees all samples and keeps those whose number is its own, modulo the lanes. */
  #filter: boolean
  #position: number
  #begun: boolean
  #state: LaneState
  #samples: unknown[] = []
  #failedInRow = 0
  readonly #avoid: Set<number>
  readonly #avoidCollate: Set<number>

  constructor(setup: LaneSetup, cursor: Cursor<unknown>, filter: boolean) {
    this.#setup = setup
    this.#cursor = cursor
    this.#filter = filter
    this.#position = setup.from.position
    this.#begun = setup.from.position > 0
    this.#state = setup.from
    this.#avoid = avoided(setup, 'next')
    this.#avoidCollate = avoided(setup, 'collate')
  }

  next(): MaybePromise<Outcome> {
    return runInLane(this.#setup.context, () => this.#gather())
  }

  #gather(): MaybePromise<Outcome> {
    const { lane, lanes, options, listener, context } = this.#setup
    const size = options.batchSize ?? 1
    const samples = this.#samples
    if (this.#begun) context.asked = false // by collate
    const began = this.#filter ? performance.now() : 0
    listener.doing('next', lane, this.#position)
    try {
      while (samples.length < size) {
        const position = this.#position
        listener.at(position)
        const isOwn = !this.#filter || position % lanes === lane
        const item = this.#pull(isOwn)
        if (item instanceof Promise) return this.#gatherLater(item, isOwn, began)
        this.#position = position + 1
        if (!this.#begun) this.#begin()
        if (item === end) return this.#atEnd()
        if ((isOwn || !this.#filter) && item !== passedBy) samples.push(item)
      }
    } catch (error) {
      return this.#failed(error)
    }
    this.#tellFiltered(began)
    return this.#full()
  }

  /** The same, once something has to be waited for. */
  async #gatherLater(pending: Promise<unknown>, pendingIsOwn: boolean, began: number): Promise<Outcome> {
    const { lane, lanes, options, listener } = this.#setup
    const size = options.batchSize ?? 1
    const samples = this.#samples
    let waiting: MaybePromise<unknown> = pending
    let isOwn = pendingIsOwn
    try {
      for (;;) {
        const item = await waiting
        this.#position++
        if (!this.#begun) this.#begin()
        if (item === end) return this.#atEnd()
        if ((isOwn || !this.#filter) && item !== passedBy) samples.push(item)
        if (samples.length >= size) break
        listener.at(this.#position)
        isOwn = !this.#filter || this.#position % lanes === lane
        waiting = this.#pull(isOwn)
      }
    } catch (error) {
      return this.#failed(error)
    }
    this.#tellFiltered(began)
    return await this.#full()
  }

  /** Samples of other lanes cost nothing where they are passed without being made. */
  #tellFiltered(began: number): void {
    if (this.#filter && !this.#cursor.skip) this.#setup.listener.filtered(performance.now() - began)
  }

  #pull(isOwn: boolean): MaybePromise<unknown | End> {
    const mustPass = this.#avoid.size > 0 && this.#avoid.has(this.#position)
    if (!mustPass && (isOwn || !this.#cursor.skip || !this.#begun)) return this.#cursor.next()
    if (!this.#cursor.skip) throw unreachable(this.#setup.lane, this.#position, undefined)
    const passed = this.#cursor.skip()
    return passed instanceof Promise
      ? passed.then((more) => (more ? passedBy : end))
      : passed
        ? passedBy
        : end
  }

  /** After the first sample: an iterator that asked who it works for shards by itself. */
  #begin(): void {
    this.#begun = true
    if (this.#setup.context.asked && this.#setup.options.sharding === 'auto') {
      this.#filter = false
      this.#state = { ...this.#state, userShards: true }
    }
  }

  #failed(error: unknown): Outcome | Promise<Outcome> {
    const { lane, lanes } = this.#setup
    const place: Place = { lane, doing: 'next', sample: this.#position }
    if (error instanceof UnreachableError) return { kind: 'error', error, place, final: true }
    const isOver = error instanceof MillraceError && error.code === 'STREAM_OVER'
    if (isOver || ++this.#failedInRow > mostInRow) {
      place.sample--
      const cause = isOver ? error.cause : error
      return { kind: 'error', error: unreachable(lane, place.sample, cause), place, final: true }
    }
    if (!this.#begun) this.#begin()
    const isOwn = !this.#filter || this.#position % lanes === lane
    this.#position++
    // Of another lane's sample, that lane will tell.
    return isOwn ? { kind: 'error', error, place, final: false } : this.#gather()
  }

  #atEnd(): MaybePromise<Outcome> {
    const { dropLast, batchSize } = this.#setup.options
    if (this.#samples.length > 0 && (batchSize === null || !dropLast)) return this.#full()
    this.#samples = []
    this.#state = { ...this.#state, ended: true }
    return { kind: 'end' }
  }

  #full(): MaybePromise<Outcome> {
    this.#failedInRow = 0
    if (this.#filter && this.#setup.context.asked) this.#setup.listener.askedLate()
    const samples = this.#samples
    const cursor = this.#cursor.state()
    this.#samples = []
    this.#state = {
      position: this.#position,
      cursor: typeof cursor === 'number' ? cursor : JSON.stringify(cursor),
      userShards: this.#state.userShards,
      ended: false,
    }
    if (this.#avoidCollate.has(this.#position)) return { kind: 'dropped' }
    return collate(this.#setup, samples, this.#position)
  }

  state(): LaneState {
    return this.#state
  }

  close(): void {
    runInLane(this.#setup.context, () => this.#cursor.close())
  }
}

/** Where batches of indices come from: what the sampler gave, dealt to lanes. */
export interface IndexFeed {
  /** Batch `number` of the epoch; null when there are no more. */
  take(number: number): MaybePromise<ArrayLike<number> | null>
}

/** Opens a lane of a map dataset. Batch b of the sampler's order belongs to lane b modulo the lanes. */
export function openMapLane(setup: LaneSetup, feed: IndexFeed): Lane {
  return new MapLane(setup, feed)
}

class MapLane implements Lane {
  readonly #setup: LaneSetup
  readonly #feed: IndexFeed
  readonly #dataset: ReturnType<typeof indexed>
  #state: LaneState
  #indices: ArrayLike<number> | null = null
  #at = 0
  #samples: unknown[] = []
  readonly #avoid: Set<number>
  readonly #avoidCollate: Set<number>
  #careful: boolean

  constructor(setup: LaneSetup, feed: IndexFeed) {
    this.#setup = setup
    this.#feed = feed
    this.#dataset = indexed(setup.dataset)
    this.#state = setup.from
    this.#avoid = avoided(setup, 'get')
    this.#careful = setup.careful
    this.#avoidCollate = avoided(setup, 'collate')
  }

  next(): MaybePromise<Outcome> {
    if (this.#indices) return runInLane(this.#setup.context, () => this.#gather())
    const { lane, lanes } = this.#setup
    const indices = this.#feed.take(this.#state.position * lanes + lane)
    return indices instanceof Promise ? indices.then((taken) => this.#begin(taken)) : this.#begin(indices)
  }

  #begin(indices: ArrayLike<number> | null): MaybePromise<Outcome> {
    if (indices === null) {
      this.#state = { ...this.#state, ended: true }
      return { kind: 'end' }
    }
    this.#indices = indices
    this.#at = 0
    this.#samples = []
    return runInLane(this.#setup.context, () => this.#gather())
  }

  #gather(): MaybePromise<Outcome> {
    const { lane, listener } = this.#setup
    const indices = this.#indices!
    listener.doing('get', lane, 0)
    while (this.#at < indices.length) {
      const index = indices[this.#at]!
      if (this.#avoid.has(index)) {
        this.#at++
        continue
      }
      listener.at(index)
      let sample: unknown
      try {
        sample = this.#dataset.get(index)
      } catch (error) {
        this.#at++
        return this.#failed(error, index)
      }
      if (sample instanceof Promise)
        return this.#careful ? this.#gatherOneByOne(sample, index) : this.#gatherTogether(sample)
      this.#at++
      this.#samples.push(sample)
    }
    return this.#full()
  }

  async #gatherOneByOne(sample: Promise<unknown>, index: number): Promise<Outcome> {
    this.#at++
    try {
      this.#samples.push(await sample)
    } catch (error) {
      return this.#failed(error, index)
    }
    return await this.#gather()
  }

  /** Asks for all samples of the batch at once, where each has to be waited for. */
  async #gatherTogether(first: Promise<unknown>): Promise<Outcome> {
    const { lane, listener } = this.#setup
    const indices = this.#indices!
    const wanted = [{ at: this.#at, index: indices[this.#at]!, sample: first }]
    for (let at = this.#at + 1; at < indices.length; at++) {
      const index = indices[at]!
      if (this.#avoid.has(index)) continue
      listener.doing('get', lane, index)
      const sample = (async () => await this.#dataset.get(index))()
      sample.catch(() => {}) // told at its turn
      wanted.push({ at, index, sample })
    }
    for (const { at, index, sample } of wanted) {
      listener.doing('get', lane, index)
      this.#at = at + 1 // Should this one fail, those behind it are asked for again.
      try {
        this.#samples.push(await sample)
      } catch (error) {
        return this.#failed(error, index)
      }
    }
    this.#at = indices.length
    return await this.#full()
  }

  #failed(error: unknown, index: number): Outcome {
    return {
      kind: 'error',
      error,
      place: { lane: this.#setup.lane, doing: 'get', sample: index },
      final: false,
    }
  }

  #full(): MaybePromise<Outcome> {
    const samples = this.#samples
    const number = this.#state.position
    this.#indices = null
    this.#samples = []
    this.#careful = false
    this.#state = { ...this.#state, position: number + 1 }
    if (samples.length === 0 || this.#avoidCollate.has(number + 1)) return { kind: 'dropped' }
    return collate(this.#setup, samples, number + 1)
  }

  state(): LaneState {
    return this.#state
  }

  close(): void {}
}

/** Makes a batch of samples. `place` tells the batch: the lane's position behind it. */
function collate(setup: LaneSetup, samples: unknown[], place: number): MaybePromise<Outcome> {
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

/** How many samples in a row may fail: an iterator may fail for ever without moving. */
const mostInRow = 10_000

const passedBy = Symbol('passed by')

/** What comes behind a sample cannot be had. */
class UnreachableError extends MillraceError {}

function unreachable(lane: number, sample: number, cause: unknown): UnreachableError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new UnreachableError('LOADER_UNREACHABLE', {
    what: `lane ${lane} cannot go on behind its sample ${sample}${reason}`,
    why: 'an iterator that fails on a sample (a generator that throws is over) cannot be asked for those behind it',
    mend: 'catch the error inside the iterator, or give a MapDataset or a stream such as from(array).map(fn), of which one sample can be left out',
    cause,
  })
}
