import { requireCount } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { placeFrom } from './place.ts'
import { passOne, Stage } from './stage.ts'
import { chain } from './waiting.ts'

/**
 * The first `count` elements.
 *
 * in/out  Stream<T> -> Stream<T>, of at most `count`; no further element is pulled
 * state   the number given, and the upstream state
 * throws  ConfigError if `count` is not a whole number >= 0, or Infinity
 */
export function take<T>(source: Source<T>, count: number): Source<T> {
  requireCount('take.count', count, 0, 'or Infinity')
  return {
    open(state, options) {
      const place = placeFrom('take', state, { given: 0, source: undefined as StreamState | undefined })
      return new TakeCursor(source.open(place.source, options), count, place.given)
    },
  }
}

class TakeCursor<T> extends Stage<T, T> {
  readonly #count: number
  #given: number

  constructor(source: Cursor<T>, count: number, given: number) {
    super(source)
    this.#count = count
    this.#given = given
  }

  override next(): MaybePromise<T | End> {
    return this.#given < this.#count ? super.next() : end
  }

  protected react(item: T): T {
    this.#given++
    return item
  }

  skip(): MaybePromise<boolean> {
    if (this.closed || this.#given >= this.#count) return false
    return chain(passOne(this.current), (passed) => {
      if (passed) this.#given++
      return passed
    })
  }

  override state(): StreamState {
    return { given: this.#given, source: this.current.state() }
  }
}
