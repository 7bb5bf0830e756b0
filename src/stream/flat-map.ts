import { requireFunction } from './checks.ts'
import {
  type Cursor,
  type End,
  end,
  type MaybePromise,
  type OpenOptions,
  type Source,
  type StreamState,
} from './contract.ts'
import { misfit, placeFrom } from './place.ts'
import { type Many, madeSource } from './source-of.ts'
import { more, Stage, type Step } from './stage.ts'
import { isThenable } from './waiting.ts'

/**
 * Puts several elements, or none, in the place of each.
 *
 * in/out  Stream<T> -> Stream<U>; `fn` gives a list, an iterable (asynchronous or not) or a stream, or a promise of one
 * memory  nothing but what `fn` gives
 * state   the upstream state before the item at hand, and the place in what `fn` gave for it. On resume `fn` is
 *         called with that item again; a list or stream is then sought, an iterable passed over
 * throws  ConfigError if `fn` is not a function; what `fn` throws comes at its element's turn, which is then passed
 */
export function flatMap<T, U>(source: Source<T>, fn: FlatMapFunction<T, U>): Source<U> {
  requireFunction('flatMap.fn', fn)
  return {
    open(state, options) {
      const place = placeFrom('flatMap', state, {
        source: undefined as StreamState | undefined,
        inner: null as StreamState,
      })
      const inner = place.inner === null ? undefined : placeFrom('flatMap', place.inner, { at: undefined })
      return new FlatMapCursor(source.open(place.source, options), fn, options, inner)
    },
  }
}

export type FlatMapFunction<T, U> = (item: T) => Many<U> | PromiseLike<Many<U>>

type Inner = { at: StreamState | undefined }

class FlatMapCursor<T, U> extends Stage<T | U, U> {
  readonly #outer: Cursor<T>
  readonly #fn: FlatMapFunction<T, U>
  readonly #options: OpenOptions | undefined
  /** The upstream state before the item at hand. */
  #before: StreamState
  /** Where to go on in what `fn` gives for the first item. */
  #resume: Inner | undefined

  constructor(
    outer: Cursor<T>,
    fn: FlatMapFunction<T, U>,
    options: OpenOptions | undefined,
    resume: Inner | undefined,
  ) {
    super(outer as Cursor<T | U>)
    this.#outer = outer
    this.#fn = fn
    this.#options = options
    this.#before = outer.state()
    this.#resume = resume
  }

  override next(): MaybePromise<U | End> {
    if (this.current === this.#outer) this.#before = this.#outer.state()
    return super.next()
  }

  protected react(item: T | U): Step<U> {
    if (this.current !== this.#outer) return item as U
    const resume = this.#resume
    this.#resume = undefined
    const many = this.#fn(item as T)
    if (isThenable(many)) return Promise.resolve(many).then((many) => this.#enter(many, resume))
    return this.#enter(many, resume)
  }

  protected override finish(): Step<U> {
    if (this.current === this.#outer) {
      if (this.#resume) throw misfit('flatMap', 'found the end where there was another element')
      return end
    }
    this.current.close()
    this.current = this.#outer as Cursor<T | U>
    this.#before = this.#outer.state()
    return more
  }

  override state(): StreamState {
    if (this.current !== this.#outer) return { source: this.#before, inner: { at: this.current.state() } }
    const { at = null } = this.#resume ?? {}
    return { source: this.#outer.state(), inner: this.#resume ? { at } : null }
  }

  protected override closeSources(): void {
    this.current.close()
    this.#outer.close()
  }

  #enter(many: Many<U>, resume: Inner | undefined): Step<U> {
    this.current = madeSource('flatMap.fn', many).open(resume?.at, this.#options) as Cursor<T | U>
    if (this.closed) this.current.close()
    return more
  }
}
