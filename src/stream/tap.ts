import { requireFunction } from './checks.ts'
import type { Cursor, MaybePromise, Source } from './contract.ts'
import { passOne, Stage } from './stage.ts'
import { isThenable } from './waiting.ts'

/**
 * Shows each element to `look`, and gives it on when that is done.
 *
 * in/out  Stream<T> -> Stream<T>; `look` may be asynchronous
 * state   the upstream state
 * throws  ConfigError if `look` is not a function; what `look` throws comes at its element's turn, which is then
 *         passed
 */
export function tap<T>(source: Source<T>, look: (item: T) => unknown): Source<T> {
  requireFunction('tap.look', look)
  return { open: (state, options) => new TapCursor(source.open(state, options), look) }
}

class TapCursor<T> extends Stage<T, T> {
  readonly #look: (item: T) => unknown

  constructor(source: Cursor<T>, look: (item: T) => unknown) {
    super(source)
    this.#look = look
  }

  protected react(item: T): MaybePromise<T> {
    const looked = this.#look(item)
    return isThenable(looked) ? Promise.resolve(looked).then(() => item) : item
  }

  skip(): MaybePromise<boolean> {
    return passOne(this.current)
  }
}
