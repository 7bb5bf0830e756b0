import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { misfit, placeFrom } from './place.ts'
import { openAll } from './stage.ts'
import { ignore } from './waiting.ts'

/**
 * Rows of one element of each source, until the shortest ends. Asynchronous sources are asked all at once. Where one
 * fails, the row fails as a whole, so that the rows after it stay in line.
 *
 * in/out  Stream<T>… -> Stream<T[]>, a row as long as there are sources
 * state   each source's state
 */
export function zip<T>(sources: readonly Source<T>[]): Source<T[]> {
  return {
    open(state, options) {
      const { sources: places } = placeFrom('zip', state, { sources: [] as StreamState[] })
      if (state !== undefined && places.length !== sources.length)
        throw misfit('zip', `found ${places.length} sources; here are ${sources.length}`)
      return new ZipCursor(openAll(sources, (source, index) => source.open(places[index], options)))
    },
  }
}

class ZipCursor<T> implements Cursor<T[]> {
  readonly #cursors: Cursor<T>[]
  #closed: boolean

  constructor(cursors: Cursor<T>[]) {
    this.#cursors = cursors
    this.#closed = cursors.length === 0
  }

  next(): MaybePromise<T[] | End> {
    if (this.#closed) return end
    const row: MaybePromise<T | End>[] = []
    const failures: unknown[] = []
    let isPending = false
    for (const cursor of this.#cursors) {
      try {
        const item = cursor.next()
        if (item instanceof Promise) {
          isPending = true
          item.catch(ignore) // it is dropped if another source has ended
        }
        row.push(item)
        if (item === end) break
      } catch (error) {
        failures.push(error)
      }
    }
    if (row.at(-1) === end) return this.#end()
    return isPending ? this.#wait(row, failures) : this.#rowOrFailure(row as T[], failures)
  }

  state(): StreamState {
    return { sources: this.#cursors.map((cursor) => cursor.state()) }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const cursor of this.#cursors) cursor.close()
  }

  async #wait(pending: MaybePromise<T | End>[], failures: unknown[]): Promise<T[] | End> {
    const row: T[] = []
    for (const settled of await Promise.allSettled(pending)) {
      if (settled.status === 'rejected') failures.push(settled.reason)
      else if (settled.value === end) return this.#end()
      else row.push(settled.value)
    }
    return this.#closed ? end : this.#rowOrFailure(row, failures)
  }

  #rowOrFailure(row: T[], failures: unknown[]): T[] {
    if (failures.length > 0) throw failures[0]
    return row
  }

  #end(): End {
    this.close()
    return end
  }
}
