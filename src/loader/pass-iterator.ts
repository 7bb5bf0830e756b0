// One pass as its consumer sees it: takes the lanes' turns, keeps the loader's place, and deals with errors.
import { createHash } from 'node:crypto'
import { TimeSlice } from '../runtime/event-loop.ts'
import type { MaybePromise } from '../stream/contract.ts'
import { encode } from './codec.ts'
import { LoaderError, sampleError } from './failure.ts'
import type { LaneState, Outcome, Place } from './lane.ts'
import type { ResolvedOptions } from './options.ts'
import type { Turn } from './turns.ts'
import { warn } from './warnings.ts'

/** Where turns come from: lanes in this thread, or workers. */
export interface Turns {
  next(): MaybePromise<Turn | null>
  /** Goes on after an error that is passed over. */
  goOn?(lane: number, place: Place): void
  close(): void
}

/** The part of a loader's progress that a pass moves. */
interface Progress {
  epoch: number
  lanes: LaneState[]
  turn: number
  batches: number
  samples: number
  quarantined: Place[]
  ended: boolean
}

export class PassIterator<B> implements AsyncIterableIterator<B> {
  readonly #turns: Turns
  readonly #options: ResolvedOptions
  readonly #progress: Progress
  readonly #declaredLength: number | undefined
  readonly #release: () => Promise<void>
  readonly #firstBatches = new Map<string, number>()
  #over: Promise<void> | null = null
  #tail: Promise<unknown> | null = null
  #callOff: (() => void) | null = null
  readonly #slice = new TimeSlice()
  #skipped = 0
  /** What was passed over since a lane's last batch: a worker that goes on for a dead one tells of it again. */
  readonly #passedOver: (Set<string> | undefined)[] = []
  #toldOfLength = false

  constructor(
    turns: Turns,
    options: ResolvedOptions,
    progress: Progress,
    dataset: unknown,
    release: () => Promise<void>,
  ) {
    this.#turns = turns
    this.#options = options
    this.#progress = progress
    this.#release = release
    const length = typeof dataset === 'object' ? (dataset as { length?: unknown } | null)?.length : undefined
    this.#declaredLength = options.kind === 'iterable' && typeof length === 'number' ? length : undefined
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<B>> {
    const take = async () => await this.#take()
    let result: Promise<IteratorResult<B>>
    if (this.#tail) result = this.#tail.then(take, take)
    else {
      try {
        const taken = this.#take()
        if (!(taken instanceof Promise)) return Promise.resolve(taken)
        result = taken
      } catch (error) {
        result = Promise.reject(error)
      }
    }
    const settled = () => {
      if (this.#tail === tail) this.#tail = null
    }
    const tail: Promise<void> = result.then(settled, settled)
    this.#tail = tail
    return result
  }

  /** Turns until there is a batch. */
  #take(): MaybePromise<IteratorResult<B>> {
    while (!this.#over) {
      if (this.#slice.isOver) return this.#takeAfterEventLoop()
      const turn = this.#nextTurn()
      if (turn instanceof Promise) return this.#takeLater(turn)
      const taken = this.#handle(turn)
      if (taken) return taken
    }
    return this.#end()
  }

  /** A sampler's error, too, ends the pass and its workers. */
  #nextTurn(): MaybePromise<Turn | null> {
    try {
      return this.#turns.next()
    } catch (error) {
      return this.#throw(error)
    }
  }

  async #takeLater(pending: Promise<Turn | null>): Promise<IteratorResult<B>> {
    const turn = await new Promise<Turn | null>((resolve, reject) => {
      this.#callOff = () => resolve(null)
      pending.then(resolve, reject)
    }).catch((error) => this.#throw(error))
    return (this.#over ? null : await this.#handle(turn)) ?? (await this.#take())
  }

  async #takeAfterEventLoop(): Promise<IteratorResult<B>> {
    await this.#slice.renew()
    return await this.#take()
  }

  /** A batch for the consumer, the end, or null if the next turn is to be taken. */
  #handle(turn: Turn | null): MaybePromise<IteratorResult<B>> | null {
    if (turn === null) {
      this.#progress.ended = true
      return this.#end()
    }
    const { lane, outcome, state } = turn
    if (outcome.kind === 'error') return this.#failed(lane, outcome)
    const progress = this.#progress
    progress.lanes[lane] = state
    this.#passedOver[lane] = undefined
    progress.turn = (lane + 1) % progress.lanes.length
    if (outcome.kind !== 'batch') return null
    progress.batches++
    progress.samples += outcome.samples
    this.#check(lane, outcome.batch)
    return { done: false, value: outcome.batch as B }
  }

  #failed(
    lane: number,
    { error, place, final }: Extract<Outcome, { kind: 'error' }>,
  ): MaybePromise<never> | null {
    const { kind, numWorkers, onError } = this.#options
    const killed = error instanceof LoaderError && error.code !== 'LOADER_SAMPLE'
    const worker = numWorkers === 0 ? null : lane % Math.min(numWorkers, this.#progress.lanes.length)
    const told = killed ? (error as Error) : sampleError(error, place, kind, worker)
    if (!final && told instanceof LoaderError) {
      const before = this.#passedOver[lane]
      const isKnown = before?.has(`${place.doing} ${place.sample}`) ?? false
      let decision: 'throw' | 'skip'
      try {
        decision = isKnown ? 'skip' : typeof onError === 'function' ? onError(told) : onError
      } catch (thrown) {
        return this.#throw(thrown)
      }
      if (decision === 'skip') {
        this.#passedOver[lane] = (before ?? new Set()).add(`${place.doing} ${place.sample}`)
        if (killed) this.#progress.quarantined.push(place)
        if (!isKnown && this.#skipped++ === 0) warn('LOADER_SKIPPED', `left a sample out: ${told.parts.what}`)
        this.#turns.goOn?.(lane, place)
        return null
      }
    }
    return this.#throw(told)
  }

  async #throw(error: unknown): Promise<never> {
    await this.#close()
    throw error
  }

  /** What a user should know of, though it is no error. */
  #check(lane: number, batch: unknown): void {
    const { samples, lanes, batches } = this.#progress
    if (this.#declaredLength !== undefined && samples > this.#declaredLength && !this.#toldOfLength) {
      this.#toldOfLength = true
      warn(
        'LOADER_LENGTH',
        `the dataset says that its length is ${this.#declaredLength}, but ${samples} samples have come` +
          (lanes.length > 1 ? `; do all ${lanes.length} lanes give the same ones?` : ''),
      )
    }
    if (lanes.length > 1 && batches <= lanes.length) this.#compareFirst(lane, batch)
  }

  /** Two lanes that begin with the same samples were probably meant to be sharded. */
  #compareFirst(lane: number, batch: unknown): void {
    const { kind, sharding, workerInit } = this.#options
    if (kind !== 'iterable' || sharding === 'none') return
    const byUser = sharding === 'user' || workerInit !== undefined || this.#progress.lanes[lane]!.userShards
    if (!byUser) return
    const hash = hashOf(batch)
    const other = this.#firstBatches.get(hash)
    if (other !== undefined && other !== lane) {
      warn(
        'LOADER_DUPLICATES',
        `lanes ${other} and ${lane} begin with the same samples: what they read is left to workerInit or ` +
          `getWorkerInfo(), which do not seem to share it; let them, or set sharding: 'none' if this is meant`,
      )
      this.#firstBatches.clear()
    } else this.#firstBatches.set(hash, lane)
  }

  /** Ends the pass, wherever it is; also while a `next()` is pending. */
  async return(): Promise<IteratorResult<B>> {
    await this.#close()
    return { done: true, value: undefined }
  }

  async #end(): Promise<IteratorResult<B>> {
    await this.#close()
    return { done: true, value: undefined }
  }

  #close(): Promise<void> {
    if (!this.#over) {
      this.#turns.close()
      this.#over = this.#release()
      this.#callOff?.()
    }
    return this.#over
  }
}

function hashOf(batch: unknown): string {
  const encoded = encode(batch)
  const buffer = new SharedArrayBuffer(encoded.byteLength)
  const bytes = new Uint8Array(buffer)
  encoded.writeTo({ bytes, buffer }, 0)
  return createHash('sha256').update(Uint8Array.from(bytes)).digest('hex')
}
