import { TimeSlice } from '../runtime/event-loop.ts'
import { type Cursor, type End, end } from './contract.ts'

/** How many elements are given between two looks at the clock. */
const lookEvery = 64

/**
 * A pass as an iterator for `for await`. Calls of `next()` that overlap are answered in order; `return()` does not
 * wait for them. A failure ends the pass, as it does with generators.
 */
export function iterate<T>(cursor: Cursor<T>): AsyncIterator<T, undefined> {
  let last: Promise<unknown> | undefined
  const slice = new TimeSlice()
  let pulled = 0
  const fail = (error: unknown): never => {
    cursor.close()
    throw error
  }
  const pull = (): Promise<IteratorResult<T, undefined>> => {
    if (++pulled % lookEvery === 0 && slice.isOver) return pullLater()
    let item: ReturnType<typeof cursor.next>
    try {
      item = cursor.next()
    } catch (error) {
      cursor.close()
      return Promise.reject(error)
    }
    if (!(item instanceof Promise)) return Promise.resolve(resultOf(item))
    const result = item.then((item) => {
      if (last === result) last = undefined
      return resultOf(item)
    }, fail)
    last ??= result
    return result
  }
  const pullLater = (): Promise<IteratorResult<T, undefined>> => {
    const result = slice.renew().then(() => {
      if (last === result) last = undefined
      return pull()
    })
    last ??= result
    return result
  }
  return {
    next() {
      if (!last) return pull()
      const turn = last.then(pull, pull)
      last = turn
      return turn
    },
    async return() {
      cursor.close()
      return { done: true, value: undefined }
    },
  }
}

function resultOf<T>(item: T | End): IteratorResult<T, undefined> {
  return item === end ? { done: true, value: undefined } : { done: false, value: item }
}
