import { requireFunction } from './checks.ts'
import type { Cursor, Source } from './contract.ts'
import { more, Stage, type Step } from './stage.ts'
import { isThenable } from './waiting.ts'

/** Whether to keep an element. */
export type Predicate<T> = (item: T) => unknown

/**
 * Keeps the elements that `keep` says yes to.
 *
 * in/out  Stream<T> -> Stream<T>; `keep` may be asynchronous
 * state   the upstream state
 * throws  ConfigError if `keep` is not a function; what `keep` throws comes at its element's turn, which is then
 *         passed
 */
export function filter<T>(source: Source<T>, keep: Predicate<T>): Source<T> {
  requireFunction('filter.keep', keep)
  return { open: (state, options) => new FilterCursor(source.open(state, options), keep) }
}

class FilterCursor<T> extends Stage<T, T> {
  readonly #keep: Predicate<T>

  constructor(source: Cursor<T>, keep: Predicate<T>) {
    super(source)
    this.#keep = keep
  }

  protected react(item: T): Step<T> {
    const kept = this.#keep(item)
    if (isThenable(kept)) return Promise.resolve(kept).then((kept) => (kept ? item : more))
    return kept ? item : more
  }
}
