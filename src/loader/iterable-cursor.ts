import { ConfigError } from '../core/errors.ts'
import {
  type Cursor,
  type End,
  end,
  type MaybePromise,
  type Source,
  type StreamState,
} from '../stream/contract.ts'

/** Iterables that can be passed over only once, and have been. */
const usedUp = new WeakSet<object>()

/**
 * A pass over whatever a dataset is made of. `seeks`: it went to `state` by itself; else the caller passes over what
 * was consumed.
 *
 * throws  ConfigError if it is nothing that can be iterated, or a one-shot that has been
 */
export function iterableCursor(
  source: any,
  state: StreamState | undefined,
  pass: number,
): { cursor: Cursor<unknown>; seeks: boolean } {
  if (typeof source?.open === 'function')
    return { cursor: (source as Source<unknown>).open(state, { pass }), seeks: true }
  const open = source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator]
  if (typeof open !== 'function' || typeof source === 'string')
    throw new ConfigError('LOADER_ITERABLE', {
      what: `the dataset gave ${source === null ? 'null' : `a ${typeof source}`} where something to iterate is wanted`,
      mend: 'give an iterable, an async iterable, or a stream',
    })
  const iterator = open.call(source)
  if (iterator === source || isReadable(source)) {
    if (usedUp.has(source))
      throw new ConfigError('LOADER_ONE_SHOT', {
        what: 'the dataset can be passed over only once, and has been',
        why: 'a second pass, or going on from a saved place, would find it empty',
        mend: 'give a function that makes it anew, or a class with [Symbol.iterator]',
      })
    usedUp.add(source)
  }
  return { cursor: new IteratorCursor(iterator), seeks: false }
}

function isReadable(source: any): boolean {
  return (
    typeof source.getReader === 'function' ||
    (typeof source.read === 'function' && typeof source.pipe === 'function')
  )
}

/** An iterator as a cursor, at no cost for synchronous ones. */
class IteratorCursor implements Cursor<unknown> {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>
  #ended = false
  #failure: { error: unknown } | null = null

  constructor(iterator: Iterator<unknown> | AsyncIterator<unknown>) {
    this.#iterator = iterator
  }

  next(): MaybePromise<unknown | End> {
    if (this.#ended) return end
    // A generator that threw says that it is done; but what came behind was never read.
    if (this.#failure) throw this.#failure.error
    try {
      const result = this.#iterator.next()
      if (result instanceof Promise)
        return result.then(
          (settled) => this.#item(settled),
          (error) => this.#fail(error),
        )
      return this.#item(result)
    } catch (error) {
      return this.#fail(error)
    }
  }

  #item(result: IteratorResult<unknown>): unknown | End {
    if (!result.done) return result.value
    this.#ended = true
    return end
  }

  #fail(error: unknown): never {
    if (/Generator\]$/.test(Object.prototype.toString.call(this.#iterator))) this.#failure = { error }
    throw error
  }

  state(): StreamState {
    return null
  }

  close(): void {
    if (this.#ended) return
    this.#ended = true
    // Not awaited: a pending next() may never settle.
    const closing = this.#iterator.return?.()
    if (closing instanceof Promise) closing.catch(() => {})
  }
}
