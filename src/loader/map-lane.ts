import type { MaybePromise } from '../stream/contract.ts'
import { indexed } from './dataset.ts'
import { avoided, collate, type Lane, type LaneSetup, type LaneState, type Outcome } from './lane.ts'
import { runInLane } from './worker-info.ts'

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
