import { requireCount } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { placeFrom } from './place.ts'
import { passOne } from './stage.ts'
import { chain, repeatWhile } from './waiting.ts'

/**
 * All but the first `count` elements, which are passed without being made where the stages above can do that.
 *
 * in/out  Stream<T> -> Stream<T>
 * state   the number still to be passed, and the upstream state
 * throws  ConfigError if `count` is not a whole number >= 0
 */
export function skip<T>(source: Source<T>, count: number): Source<T> {
  requireCount('skip.count', count, 0)
  return {
    open(state, options) {
      const place = placeFrom('skip', state, { left: count, source: undefined as StreamState | undefined })
      return new SkipCursor(source.open(place.source, options), place.left)
    },
  }
}

class SkipCursor<T> implements Cursor<T> {
  readonly #source: Cursor<T>
  #left: number

  constructor(source: Cursor<T>, left: number) {
    this.#source = source
    this.#left = left
  }

  next(): MaybePromise<T | End> {
    if (this.#left === 0) return this.#source.next()
    return chain(this.#passFirst(), (passed) => (passed ? this.#source.next() : end))
  }

  skip(): MaybePromise<boolean> {
    return chain(this.#passFirst(), (passed) => passed && passOne(this.#source))
  }

  state(): StreamState {
    return { left: this.#left, source: this.#source.state() }
  }

  close(): void {
    this.#source.close()
  }

  /** Passes what is still to be passed; false if the source ends before. */
  #passFirst(): MaybePromise<boolean> {
    return chain(repeatWhile(this.#passNext), () => this.#left === 0)
  }

  #passNext = (): MaybePromise<boolean> => this.#left > 0 && chain(passOne(this.#source), this.#note)

  #note = (passed: boolean): boolean => {
    if (passed) this.#left--
    return passed
  }
}
