import {
  type Cursor,
  type End,
  end,
  type MaybePromise,
  type OpenOptions,
  type Source,
  type StreamState,
} from './contract.ts'
import { placeFrom } from './place.ts'
import { passOne } from './stage.ts'
import { chain, ignore, isThenable } from './waiting.ts'

/** What a function given to `from` is called with. */
export interface MadeOptions {
  /** Aborts when the pass is left before its end, or aborted: hand it to `fetch` and the like. */
  readonly signal: AbortSignal
  /** The number of this pass, from 0. */
  readonly pass: number
}

/**
 * What a function gives, called once a pass, when the first element is asked for.
 *
 * state  the place in what it gave; on resume that is sought where it can be, and passed over where not
 */
export function madeByFunction<M, T>(
  make: (options: MadeOptions) => M | PromiseLike<M>,
  toSource: (made: M) => Source<T>,
): Source<T> {
  return {
    open(state, options = {}) {
      const isStart = state === undefined || state === null
      return new MadeCursor(
        make,
        toSource,
        options,
        isStart ? undefined : placeFrom('from', state, { at: undefined }),
      )
    },
  }
}

type Place = { at: StreamState | undefined }

class MadeCursor<M, T> implements Cursor<T> {
  readonly #make: (options: MadeOptions) => M | PromiseLike<M>
  readonly #toSource: (made: M) => Source<T>
  readonly #options: OpenOptions
  readonly #resume: Place | undefined
  #made: Cursor<T> | undefined
  #controller: AbortController | undefined
  #closed = false

  constructor(
    make: (options: MadeOptions) => M | PromiseLike<M>,
    toSource: (made: M) => Source<T>,
    options: OpenOptions,
    resume: Place | undefined,
  ) {
    this.#make = make
    this.#toSource = toSource
    this.#options = options
    this.#resume = resume
  }

  next(): MaybePromise<T | End> {
    if (!this.#made) return chain(this.#open(), (made) => (made ? this.next() : end))
    const item = this.#made.next()
    if (!this.#controller) return item
    if (item instanceof Promise) item.then(this.#noteEnd, ignore)
    else this.#noteEnd(item)
    return item
  }

  skip(): MaybePromise<boolean> {
    if (this.#made) return passOne(this.#made)
    return chain(this.#open(), (made) => made !== undefined && passOne(made))
  }

  state(): StreamState {
    if (this.#made) return { at: this.#made.state() }
    return this.#resume ? { at: this.#resume.at ?? null } : null
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const { signal } = this.#options
    this.#controller?.abort(signal?.aborted ? signal.reason : undefined)
    this.#made?.close()
  }

  /** A signal has nothing to tell of a pass that came to its end. */
  #noteEnd = (item: T | End): void => {
    if (item === end) this.#controller = undefined
  }

  /** Calls the function; a failure of it is the end of the pass. */
  #open(): MaybePromise<Cursor<T> | undefined> {
    if (this.#closed) return undefined
    try {
      const made = this.#make(this.#madeOptions())
      if (isThenable(made)) return Promise.resolve(made).then((made) => this.#enter(made), this.#fail)
      return this.#enter(made)
    } catch (error) {
      return this.#fail(error)
    }
  }

  #enter(made: M): Cursor<T> | undefined {
    try {
      const cursor = this.#toSource(made).open(this.#resume?.at, this.#options)
      if (this.#closed) cursor.close()
      this.#made = cursor
      return cursor
    } catch (error) {
      return this.#fail(error)
    }
  }

  #fail = (error: unknown): never => {
    this.#closed = true
    throw error
  }

  /** The signal is made when it is asked for, as most functions do not. */
  #madeOptions(): MadeOptions {
    const signal = () => {
      this.#controller ??= new AbortController()
      if (this.#closed) this.#controller.abort()
      return this.#controller.signal
    }
    return {
      get signal() {
        return signal()
      },
      pass: this.#options.pass ?? 0,
    }
  }
}
