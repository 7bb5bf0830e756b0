import { InputError } from '../core/errors.ts'
import { optionError, requireCount, requireOptions } from './checks.ts'
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
import { passOne } from './stage.ts'
import { chain, ignore, repeatWhile } from './waiting.ts'

/**
 * Opens a whole pipeline for one pass.
 *
 * state   the number of the pass, a place of the pipeline, and how many elements behind that the pass stands: 0, but
 *         while an element is waited for, or was when the pass was left
 * throws  ConfigError if an option is wrong; InputError if the state is not one of this pipeline
 */
export function openPass<T>(source: Source<T>, state?: StreamState, options: OpenOptions = {}): Cursor<T> {
  requireOptions('open', options, ['signal', 'pass'])
  const { signal, pass = 0 } = options
  requireCount('open.pass', pass, 0)
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw optionError('open.signal', signal, 'it must be an AbortSignal')
  const place = placeFrom('the stream', state, { pass, at: undefined as StreamState | undefined, skip: 0 })
  return new Pass(source.open(place.at, { signal, pass: place.pass }), signal, place.pass, place.skip)
}

/** A place is noted once in so many elements. */
const noteEvery = 32

/**
 * The outermost cursor of a pass: ends what is pending when it is closed or aborted, though nothing below may settle.
 *
 * While an element is waited for, the stages are somewhere between two elements. So a place is noted now and then,
 * and the state told then is that place, and the number of elements given since.
 */
class Pass<T> implements Cursor<T> {
  readonly #cursor: Cursor<T>
  readonly #signal: AbortSignal | undefined
  readonly #pass: number
  #noted: StreamState
  #sinceNoted: number
  /** How many elements after `#noted` are to be passed before the first that is given. */
  #toPass: number
  /** The stages are not behind the last element given: one is under way, or was dropped. */
  #isBetween: boolean
  #pending: Pending | undefined
  #isClosed = false
  #isAborted = false

  constructor(cursor: Cursor<T>, signal: AbortSignal | undefined, pass: number, skip: number) {
    this.#cursor = cursor
    this.#signal = signal
    this.#pass = pass
    this.#noted = cursor.state()
    this.#sinceNoted = this.#toPass = skip
    this.#isBetween = skip > 0
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#abort)
  }

  next(): MaybePromise<T | End> {
    return this.#ask<T | End>(this.#next, end)
  }

  skip(): MaybePromise<boolean> {
    return this.#ask(this.#skip, false)
  }

  state(): StreamState {
    if (this.#isBetween) return { pass: this.#pass, at: this.#noted, skip: this.#sinceNoted }
    return { pass: this.#pass, at: this.#cursor.state(), skip: 0 }
  }

  close(): void {
    this.#isAborted = false
    this.#leave()
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve(pending.ending)
  }

  readonly #abort = (): void => {
    this.#isAborted = true
    this.#leave()
    const pending = this.#pending
    this.#pending = undefined
    pending?.reject(this.#signal?.reason)
  }

  readonly #next = () => this.#cursor.next()
  readonly #skip = () => passOne(this.#cursor)

  /** Asks the stages for an element, in a way that gives `ending` when there is none. */
  #ask<R>(pull: () => MaybePromise<R>, ending: R): MaybePromise<R> {
    if (this.#isClosed) return this.#closed(ending)
    if (this.#pending) throw busyError()
    if (this.#sinceNoted >= noteEvery && this.#toPass === 0) {
      this.#noted = this.#cursor.state()
      this.#sinceNoted = 0
    }
    try {
      const result = this.#toPass > 0 ? chain(repeatWhile(this.#passNext), pull) : pull()
      if (!this.#isClosed)
        return result instanceof Promise ? this.#wait(result, ending) : this.#give(result, ending)
      if (result instanceof Promise) result.catch(ignore)
      else if (result !== ending) return this.#give(result, ending)
    } catch (error) {
      this.#fail()
      throw error
    }
    // Closed or aborted by what ran just now, so that the element at hand was dropped.
    this.#isBetween = true
    return this.#closed(ending)
  }

  #wait<R>(result: Promise<R>, ending: R): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    const pending: Pending = { resolve, reject, ending }
    this.#pending = pending
    this.#isBetween = true
    result.then(
      (result) => {
        if (this.#pending !== pending) return
        this.#pending = undefined
        resolve(this.#give(result, ending))
      },
      (error) => {
        if (this.#pending !== pending) return
        this.#pending = undefined
        this.#fail()
        reject(error)
      },
    )
    return promise
  }

  #give<R>(result: R, ending: R): R {
    this.#isBetween = false
    if (result === ending) this.#leave()
    else this.#sinceNoted++
    return result
  }

  /** An element failed, and is passed; what is noted from now on lies behind it. */
  #fail(): void {
    if (this.#toPass > 0) return
    this.#isBetween = false
    this.#sinceNoted = noteEvery
  }

  /** One that fails now is passed too, as it was given before. */
  #passNext = (): MaybePromise<boolean> => {
    if (this.#toPass === 0 || this.#isClosed) return false
    this.#toPass--
    return chain(passOne(this.#cursor), this.#checkPassed)
  }

  #checkPassed = (passed: boolean): boolean => {
    if (!passed && !this.#isClosed)
      throw misfit('the stream', `is ${this.#toPass + 1} elements behind the end`)
    return passed
  }

  #leave(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#cursor.close()
  }

  #closed<R>(ending: R): R {
    if (this.#isAborted) throw this.#signal?.reason
    return ending
  }
}

interface Pending {
  resolve: (value: any) => void
  reject: (reason: unknown) => void
  ending: unknown
}

function busyError(): InputError {
  return new InputError('STREAM_BUSY', {
    what: 'a cursor was asked for an element while another is pending',
    why: 'the elements of one pass come one after the other',
    mend: 'wait for the last one; to have several under way, use prefetch, or open a pass for each',
  })
}
