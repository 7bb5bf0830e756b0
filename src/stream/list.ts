import { type Cursor, type End, end, type Source, type StreamState } from './contract.ts'
import { countFrom, misfit } from './place.ts'

/** A list in memory. State: the index of the next element. */
export function listSource<T>(items: ArrayLike<T>): Source<T> {
  return {
    open(state) {
      const index = countFrom('from', state)
      if (index > items.length) throw misfit('from', `is at place ${index} of a list of ${items.length}`)
      return new ListCursor(items, index)
    },
  }
}

class ListCursor<T> implements Cursor<T> {
  readonly #items: ArrayLike<T>
  #index: number
  #closed = false

  constructor(items: ArrayLike<T>, index: number) {
    this.#items = items
    this.#index = index
  }

  next(): T | End {
    if (this.#closed || this.#index >= this.#items.length) return end
    return this.#items[this.#index++]!
  }

  skip(): boolean {
    if (this.#closed || this.#index >= this.#items.length) return false
    this.#index++
    return true
  }

  state(): StreamState {
    return this.#index
  }

  close(): void {
    this.#closed = true
  }
}
