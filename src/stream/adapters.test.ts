import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { from, range, toReadable, toReadableStream } from './index.ts'

/** A stream that notes what is pulled of it and how often it is closed. */
function watched(count: number, hangsAt = Infinity) {
  const close = vi.fn()
  const pull = vi.fn()
  const stream = from<number>({
    open: () => {
      let next = 0
      const give = () => {
        pull()
        return next === hangsAt ? new Promise<number>(() => {}) : next++
      }
      return { next: give, state: () => next, close }
    },
  })
  return { stream: stream.take(count), close, pull }
}

test('a web stream gives every element and closes once', async () => {
  const { stream, close } = watched(5)
  expect(await from(() => toReadableStream(stream)).toArray()).toEqual([0, 1, 2, 3, 4])
  expect(close).toHaveBeenCalledTimes(1)
})

test('a web stream pulls what is read, and closes once when it is cancelled, though a read is pending', async () => {
  const { stream, close, pull } = watched(9, 2)
  const reader = toReadableStream(stream).getReader()
  await setImmediate()
  expect(pull).toHaveBeenCalledTimes(0)
  await reader.read()
  await reader.read()
  await setImmediate()
  expect(pull).toHaveBeenCalledTimes(2)
  const pending = reader.read()
  await reader.cancel()
  expect((await pending).done).toBe(true)
  expect(close).toHaveBeenCalledTimes(1)
})

test('a Node stream gives every element and closes once', async () => {
  const { stream, close } = watched(5)
  expect(await toReadable(stream).toArray()).toEqual([0, 1, 2, 3, 4])
  expect(close).toHaveBeenCalledTimes(1)
})

test('a Node stream pulls a few ahead, and closes once when it is destroyed, though an element is pending', async () => {
  const { stream, close, pull } = watched(99, 5)
  const readable = toReadable(stream, { ahead: 2 })
  await setImmediate()
  expect(pull).toHaveBeenCalledTimes(0)
  readable.read()
  await setImmediate()
  expect(pull.mock.calls.length).toBeLessThanOrEqual(3)
  for (let i = 0; i < 5; i++) {
    readable.read()
    await setImmediate()
  }
  const closed = once(readable, 'close')
  readable.destroy()
  await closed
  expect(close).toHaveBeenCalledTimes(1)
})

test('an error reaches the reader, and closes', async () => {
  const { stream, close } = watched(9)
  const failing = stream.map((n) => {
    if (n === 2) throw new Error('boom')
    return n
  })
  await expect(from(() => toReadableStream(failing)).toArray()).rejects.toThrow('boom')
  await expect(toReadable(failing).toArray()).rejects.toThrow('boom')
  expect(close).toHaveBeenCalledTimes(2)
})

test('a stream goes round through both adapters', async () => {
  expect(await from(() => toReadableStream(from(() => toReadable(range(5))))).toArray()).toEqual([
    0, 1, 2, 3, 4,
  ])
})

test('any asynchronous iterable can be adapted', async () => {
  async function* letters() {
    yield* 'abc'
  }
  expect(await from(() => toReadableStream(letters())).toArray()).toEqual(['a', 'b', 'c'])
  expect(await toReadable(letters()).toArray()).toEqual(['a', 'b', 'c'])
})
