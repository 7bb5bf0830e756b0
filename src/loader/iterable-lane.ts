import { MillraceError } from '../core/errors.ts'
import { type Cursor, type End, end, type MaybePromise } from '../stream/contract.ts'
import { type Streamable, sourceOf } from '../stream/source-of.ts'
import type { IterableDataset } from './dataset.ts'
import {
  avoided,
  collate,
  type Lane,
  type LaneSetup,
  type LaneState,
  type Outcome,
  type Place,
} from './lane.ts'
import { runInLane } from './worker-info.ts'

/** How many samples in a row may fail: an iterator may fail for ever without moving. */
const mostInRow = 10_000

const passedBy = Symbol('passed by')

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
