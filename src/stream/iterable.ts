import { InputError } from '../core/errors.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { countFrom, misfit } from './place.ts'
import { chain, ignore, isThenable, repeatWhile, settled, warnOfClose } from './waiting.ts'

type AnyIterable<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>
type AnyIterator<T> = Pick<AsyncIterator<T> | Iterator<T>, 'next' | 'return'>

/** How the iterable came here, which decides what a one-shot one can do. */
export type Given = 'directly' | 'by a function' | 'for an element'

/**
 * Something that is iterated. What gives a fresh iterator each time is passed over up to the place to resume at; what
 * can be iterated only once is refused when that is asked of it again, rather than come out empty.
 *
 * state  the number of elements given
 */
export function iterableSource<T>(iterable: AnyIterable<T>, given: Given): Source<T> {
  return {
    open(state) {
      const count = countFrom('from', state)
      if (isOneShot(iterable) && (taken.has(iterable) || (given === 'directly' && count > 0)))
        throw oneShotError(given)
      return new IteratorCursor(iterable, given, count)
    },
  }
}

/** Iterators and streams that a pass has begun on. */
const taken = new WeakSet<object>()

class IteratorCursor<T> implements Cursor<T> {
  readonly #iterable: AnyIterable<T>
  readonly #given: Given
  #iterator: AnyIterator<T> | undefined
  /** The elements to pass before the first that is given. */
  #toPass: number
  #count: number
  #isRunning = false
  #closed = false
  #failure: { error: unknown } | undefined

  constructor(iterable: AnyIterable<T>, given: Given, count: number) {
    this.#iterable = iterable
    this.#given = given
    this.#toPass = count
    this.#count = count
  }

  next(): MaybePromise<T | End> {
    if (this.#closed) return end
    if (this.#toPass > 0) return chain(repeatWhile(this.#passNext), () => this.next())
    const result = this.#advance()
    // Most often it is the plain result of a synchronous iterator.
    if ((result as IteratorResult<T>).done === false) return this.#accept(result as IteratorResult<T>)
    return isThenable(result)
      ? Promise.resolve(result).then((result) => this.#accept(result), this.#fail)
      : this.#accept(result)
  }

  state(): StreamState {
    return this.#count
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (!this.#iterator && isOneShot(this.#iterable) && !taken.has(this.#iterable))
      this.#iterator = take(this.#iterable)
    if (this.#iterator && !this.#isRunning) this.#return(this.#iterator)
  }

  #advance(): IteratorResult<T> | PromiseLike<IteratorResult<T>> {
    if (this.#failure) throw overError(this.#failure.error)
    if (!this.#iterator) {
      this.#iterator = this.#begin()
      if (!this.#iterator) {
        this.#closed = true
        throw oneShotError(this.#given)
      }
    }
    this.#isRunning = true
    try {
      return this.#iterator.next() as IteratorResult<T> | PromiseLike<IteratorResult<T>>
    } catch (error) {
      return this.#fail(error)
    } finally {
      this.#isRunning = false
      // Closed by what the iterator itself ran; it could not be told while it was running.
      if (this.#closed) this.#return(this.#iterator)
    }
  }

  #begin(): AnyIterator<T> | undefined {
    try {
      return take(this.#iterable)
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  /** A generator that failed says that it is done when it is asked again; what it had still to give was not given. */
  readonly #fail = (error: unknown): never => {
    const isGenerator = /Generator\]$/.test(Object.prototype.toString.call(this.#iterator))
    // What was made for one element is left with its error, and the next element comes.
    if (isGenerator && this.#given !== 'for an element') this.#failure = { error }
    throw error
  }

  #accept(result: IteratorResult<T>): MaybePromise<T | End> {
    if (result.done) {
      this.#closed = true
      return end
    }
    this.#count++
    return settled(result.value)
  }

  #passNext = (): MaybePromise<boolean> => {
    if (this.#toPass === 0 || this.#closed) return false
    return chain(settled(this.#advance()), this.#pass)
  }

  #pass = (result: IteratorResult<T>): boolean => {
    if (result.done) {
      this.#closed = true
      throw misfit('from', `is ${this.#toPass} elements behind the end of what was iterated`)
    }
    // What it gave the first time was told then, a rejection too.
    if (isThenable(result.value)) result.value.then(ignore, ignore)
    this.#toPass--
    return true
  }

  #return(iterator: AnyIterator<T>): void {
    try {
      const returned = iterator.return?.()
      if (isThenable(returned)) returned.then(ignore, warnOfClose)
    } catch (error) {
      warnOfClose(error)
    }
  }
}

/** Begins to iterate; undefined if that can be done only once, and was. */
function take<T>(iterable: AnyIterable<T>): AnyIterator<T> | undefined {
  if (taken.has(iterable)) return undefined
  const iterator = iteratorOf(iterable)
  if (taken.has(iterator)) return undefined
  taken.add(isOneShot(iterable) ? iterable : iterator)
  return iterator
}

function iteratorOf<T>(iterable: AnyIterable<T>): AnyIterator<T> {
  if (isWebStream<T>(iterable)) {
    // Not its async iterator: the return() of that waits for a read that is pending.
    const reader = iterable.getReader()
    return {
      next: () => reader.read() as Promise<IteratorResult<T>>,
      return: () => {
        reader.cancel().then(ignore, ignore) // rejects with the error that next() rejected with
        return { done: true, value: undefined }
      },
    }
  }
  if (isNodeStream(iterable)) {
    const iterator = iterable[Symbol.asyncIterator]()
    return {
      next: () => iterator.next() as Promise<IteratorResult<any>>,
      return: () => {
        iterable.destroy()
        return { done: true, value: undefined }
      },
    }
  }
  if (Symbol.asyncIterator in iterable) return iterable[Symbol.asyncIterator]()
  return iterable[Symbol.iterator]() as AnyIterator<T>
}

/** A generator object, another iterator, or a stream of the web's or Node's. */
function isOneShot(iterable: object): boolean {
  const isIterator = 'next' in iterable && typeof iterable.next === 'function'
  return isIterator || isWebStream(iterable) || isNodeStream(iterable)
}

function isWebStream<T>(iterable: object): iterable is ReadableStream<T> {
  return 'getReader' in iterable && typeof iterable.getReader === 'function'
}

function isNodeStream(iterable: object): iterable is NodeJS.ReadableStream & { destroy(): void } {
  return 'pipe' in iterable && 'destroy' in iterable && typeof iterable.pipe === 'function'
}

function overError(cause: unknown): InputError {
  return new InputError('STREAM_OVER', {
    what: 'an iterator that failed is asked for more',
    why: 'with its error it was over; the elements behind that cannot be had',
    mend: 'catch the error in the generator; or leave what may fail to map(), which goes on with the next element',
    cause,
  })
}

function oneShotError(given: Given): InputError {
  if (given === 'directly')
    return new InputError('STREAM_ONE_SHOT', {
      what: 'a generator or stream that was given itself is to be passed over a second time, or from a place within',
      why: 'it can be passed over once only, from its start; it would come out empty',
      mend: 'give a function that makes a new one for each pass, as in from(() => …)',
    })
  return new InputError('STREAM_ONE_SHOT', {
    what: 'a function gave the same generator or stream for a second time',
    why: 'it can be passed over once only; it would come out empty',
    mend: 'make a new one within the function, at each call',
  })
}
