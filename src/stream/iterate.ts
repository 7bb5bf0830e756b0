import { type Cursor, type End, end } from './contract.ts'

/**
 * A pass as an iterator for `for await`. Calls of `next()` that overlap are answered in order; `return()` does not
 * wait for them. A failure ends the pass, as it does with generators.
 */
export function iterate<T>(cursor: Cursor<T>): AsyncIterator<T, undefined> {
  let last: Promise<unknown> | undefined
  const result = (item: T | End): IteratorResult<T, undefined> => {
    last = undefined
    return item === end ? { done: true, value: undefined } : { done: false, value: item }
  }
  const fail = (error: unknown): never => {
    last = undefined
    cursor.close()
    throw error
  }
  const pull = async (): Promise<IteratorResult<T, undefined>> => {
    try {
      return result(await cursor.next())
    } catch (error) {
      return fail(error)
    }
  }
  return {
    next() {
      const turn = last ? last.then(pull, pull) : pull()
      last = turn
      return turn
    },
    async return() {
      cursor.close()
      return { done: true, value: undefined }
    },
  }
}
