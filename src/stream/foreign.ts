import { InputError } from '../core/errors.ts'
import { show } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { settled, warnOfClose } from './waiting.ts'

/** A source of the user's own, held to the contract: closed once, and silent from then on. */
export function foreignSource<T>(source: Source<T>): Source<T> {
  return {
    open(state, options) {
      const cursor = source.open(state, options)
      const missing = ['next', 'state', 'close'].filter(
        (name) => typeof (cursor as any)?.[name] !== 'function',
      )
      if (missing.length === 0) return new ForeignCursor(cursor)
      throw new InputError('STREAM_SOURCE', {
        what: `the open() of a source gave ${show(cursor)}, which has no ${missing.join('() and no ')}()`,
        why: 'a pass over a source is a cursor with next(), state() and close()',
        mend: 'give a cursor; for something that is iterated, give from() a function instead of a source',
      })
    },
  }
}

class ForeignCursor<T> implements Cursor<T> {
  readonly #cursor: Cursor<T>
  readonly skip?: () => MaybePromise<boolean>
  #closed = false

  constructor(cursor: Cursor<T>) {
    this.#cursor = cursor
    if (cursor.skip) this.skip = () => (this.#closed ? false : settled(cursor.skip!()))
  }

  next(): MaybePromise<T | End> {
    return this.#closed ? end : settled(this.#cursor.next())
  }

  state(): StreamState {
    return this.#cursor.state()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#cursor.close()
    } catch (error) {
      warnOfClose(error)
    }
  }
}
