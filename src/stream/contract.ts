/** What a cursor gives when there is nothing more. */
export const end: unique symbol = Symbol.for('millrace.end')
export type End = typeof end

/** A place in a stream: plain JSON of a size that does not grow with the stream. */
export type StreamState = null | boolean | number | string | StreamState[] | { [key: string]: StreamState }

export type MaybePromise<T> = T | Promise<T>

/**
 * One pass over a stream.
 *
 * It is no generator, because a generator hides its place on its stack, and its `return()` waits behind a pending
 * `next()`. Where the source and the functions are synchronous, so is the cursor: a promise is returned only where
 * there is something to wait for.
 */
export interface Cursor<T> {
  /**
   * The next element, or `end`; called again only once the last call has settled. A failure is thrown where all is
   * synchronous. After it the cursor can be asked again: a stage that failed on an element has passed it.
   */
  next(): MaybePromise<T | End>
  /** Passes one element without making it, where that is cheaper than `next()`; false at the end. */
  skip?(): MaybePromise<boolean>
  /**
   * The place behind the last element given. `open(state)` goes on from there with exactly the rest. Of a source of
   * the user's it is asked only while no `next()` is pending; of a `Stream` it can be asked at any time.
   */
  state(): StreamState
  /** Closes every source that is open, once, and does not wait; `next()` gives `end` from then on. */
  close(): void
}

export interface OpenOptions {
  /** When it aborts, a pending `next()` rejects with its reason and every source is closed. */
  signal?: AbortSignal | undefined
  /** The number of this pass, from 0: what is drawn from a seed, such as a shuffle's order, differs from pass to pass. */
  pass?: number | undefined
}

/** A description that can be passed over any number of times, from any place. */
export interface Source<T> {
  open(state?: StreamState, options?: OpenOptions): Cursor<T>
}
