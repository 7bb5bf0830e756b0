import { requireCount, requireFlag, requireOptions } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { more, passOne, Stage, type Step } from './stage.ts'
import { chain, repeatWhile } from './waiting.ts'

export interface BatchOptions {
  /** Leave out the last batch if it is shorter. By default it is given. */
  dropLast?: boolean
}

/**
 * Groups items in order.
 *
 * in/out  Stream<T> -> Stream<T[]>, each of length `size`; the last may be shorter
 * memory  one batch
 * state   the upstream state at the start of the unfinished batch
 * throws  ConfigError if `size` is not a whole number >= 1
 */
export function batch<T>(source: Source<T>, size: number, options: BatchOptions = {}): Source<T[]> {
  requireCount('batch.size', size, 1)
  requireOptions('batch', options, ['dropLast'])
  const { dropLast = false } = options
  requireFlag('batch.dropLast', dropLast)
  return { open: (state, options) => new BatchCursor(source.open(state, options), size, dropLast) }
}

class BatchCursor<T> extends Stage<T, T[]> {
  readonly #size: number
  readonly #dropLast: boolean
  #batch: T[] = []
  /** Items of the unfinished batch that `skip` passed. */
  #passed = 0
  /** Where the unfinished batch begins. */
  #start: StreamState = null

  constructor(source: Cursor<T>, size: number, dropLast: boolean) {
    super(source)
    this.#size = size
    this.#dropLast = dropLast
  }

  override next(): MaybePromise<T[] | End> {
    this.#begin()
    return super.next()
  }

  protected react(item: T): Step<T[]> {
    this.#batch.push(item)
    return this.#batch.length < this.#size ? more : this.#take()
  }

  protected override finish(): Step<T[]> {
    return this.#batch.length === 0 || this.#dropLast ? end : this.#take()
  }

  skip(): MaybePromise<boolean> {
    this.#begin()
    return chain(repeatWhile(this.#passNext), () => {
      const pulled = this.#pulled()
      this.#take()
      return pulled === this.#size || (pulled > 0 && !this.#dropLast && !this.closed)
    })
  }

  override state(): StreamState {
    return this.#pulled() === 0 ? this.current.state() : this.#start
  }

  /** How many items of the unfinished batch were pulled: some, if an error came between. */
  #pulled(): number {
    return this.#batch.length + this.#passed
  }

  #begin(): void {
    if (this.#pulled() === 0) this.#start = this.current.state()
  }

  #take(): T[] {
    const batch = this.#batch
    this.#batch = []
    this.#passed = 0
    return batch
  }

  #passNext = (): MaybePromise<boolean> =>
    this.#pulled() < this.#size && !this.closed && chain(passOne(this.current), this.#note)

  #note = (passed: boolean): boolean => {
    if (passed) this.#passed++
    return passed
  }
}
