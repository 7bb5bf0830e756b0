import { requireFunction } from './checks.ts'
import type { Cursor, MaybePromise, Source } from './contract.ts'
import { passOne, Stage } from './stage.ts'
import { settled } from './waiting.ts'

/**
 * Makes another element of each.
 *
 * in/out  Stream<T> -> Stream<U>, as many; `fn` may be asynchronous
 * state   the upstream state
 * throws  ConfigError if `fn` is not a function; what `fn` throws comes at its element's turn, which is then passed
 */
export function map<T, U>(source: Source<T>, fn: (item: T) => U | PromiseLike<U>): Source<U> {
  requireFunction('map.fn', fn)
  return { open: (state, options) => new MapCursor(source.open(state, options), fn) }
}

class MapCursor<T, U> extends Stage<T, U> {
  readonly #fn: (item: T) => U | PromiseLike<U>

  constructor(source: Cursor<T>, fn: (item: T) => U | PromiseLike<U>) {
    super(source)
    this.#fn = fn
  }

  protected react(item: T): MaybePromise<U> {
    return settled(this.#fn(item))
  }

  skip(): MaybePromise<boolean> {
    return passOne(this.current)
  }
}
