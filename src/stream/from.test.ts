import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { ConfigError, InputError } from '../core/errors.ts'
import { type Cursor, end, from, type MadeOptions, type StreamState } from './index.ts'

async function* letters() {
  yield* ['a', 'b', 'c']
}

const threeLetters = ['a', 'b', 'c']

test('what gives a fresh iterator, or is made anew, can be passed over again', async () => {
  const many = [
    from(threeLetters),
    from(new Set(threeLetters)),
    from({ length: 3, 0: 'a', 1: 'b', 2: 'c' }),
    from(() => threeLetters),
    from(() => new Set(threeLetters)),
    from(letters),
    from(async () => letters()),
    from(() => Readable.from(threeLetters)),
    from(() => ReadableStream.from(threeLetters)),
    from(() => from(threeLetters).map((letter) => letter)),
    from(threeLetters.map((letter) => Promise.resolve(letter))),
    from([threeLetters]).flatMap((letters) => from(letters)),
  ]
  for (const stream of many) {
    expect(await stream.toArray()).toEqual(threeLetters)
    expect(await stream.toArray()).toEqual(threeLetters)
    expect(await readFrom(stream.open(await stateBehind(stream, 2)))).toEqual(['c'])
  }
})

test('what can be passed over once is refused a second time, never empty', async () => {
  const oneShots = {
    generator: [...threeLetters].values(),
    'async generator': letters(),
    'web stream': ReadableStream.from(threeLetters),
    'Node stream': Readable.from(threeLetters),
  }
  for (const oneShot of Object.values(oneShots)) {
    const stream = from(oneShot as Iterable<string>)
    const [first, second] = [stream.open(), stream.open()]
    expect(await readFrom(first)).toEqual(threeLetters)
    await expect(async () => second.next()).rejects.toThrow(/second time.*\n.*\n.*from\(\(\) => …\)/)
    expect(await second.next()).toBe(end)
    expect(() => stream.open()).toThrow(InputError)
    expect(() => from(oneShot as Iterable<string>).open()).toThrow(InputError)
    await expect(stream.repeat(2).toArray()).rejects.toThrow(InputError)
  }
})

test('what can be passed over once is refused for a place within', async () => {
  const state = await stateBehind(from(letters), 2)
  const { at } = state as { at: { at: number } }
  expect(() => from(letters()).open({ pass: 0, skip: 0, at: at.at })).toThrow('from a place within')
})

test('a function that gives the same generator twice is refused', async () => {
  const same = letters()
  const stream = from(() => same)
  expect(await stream.toArray()).toEqual(threeLetters)
  await expect(stream.toArray()).rejects.toThrow('the same generator or stream for a second time')
})

test('an iterable whose iterators are all one is refused a second time', async () => {
  const lines = createInterface({ input: Readable.from(['a\nb\nc\n']) })
  expect(await from(lines).toArray()).toEqual(threeLetters)
  await expect(from(lines).toArray()).rejects.toThrow('second time')
})

test('a list with a field called next is no generator', async () => {
  const node = {
    next: null,
    *[Symbol.iterator]() {
      yield* threeLetters
    },
  }
  expect(await from(node).toArray()).toEqual(threeLetters)
  expect(await from(node).toArray()).toEqual(threeLetters)
})

test.each([
  ['text', 'text.split'],
  [undefined, 'holds no elements'],
  [null, 'holds no elements'],
  [3, 'holds no elements'],
  [{}, 'holds no elements'],
  [{ length: 3, get: () => 0 }, 'holds no elements'],
  [Promise.resolve([]), 'give a function that gives the promise'],
])('%o is refused', async (given, message) => {
  expect(() => from(given as any)).toThrow(ConfigError)
  expect(() => from(given as any)).toThrow(message)
  const isPromise = given instanceof Promise // which a function may give
  if (!isPromise) await expect(from(() => given as any).toArray()).rejects.toThrow(ConfigError)
  if (!isPromise)
    await expect(
      from([1])
        .flatMap(() => given as any)
        .toArray(),
    ).rejects.toThrow(ConfigError)
})

test('a list that became shorter, or another stream, refuses the state', async () => {
  const state = await stateBehind(from([1, 2, 3]), 3)
  expect(() => from([1, 2]).open(state)).toThrow('at place 3 of a list of 2')
  expect(() => from([1, 2, 3]).take(2).open(state)).toThrow('does not fit this stream: take')
  await expect(async () =>
    from(new Set([1, 2]))
      .open(state)
      .next(),
  ).rejects.toThrow('behind the end')
  for (const wrong of [3, 'x', null, {}, { pass: -1, at: 0, skip: 0 }, { pass: 0, at: 'x', skip: 0 }])
    expect(() => from([1, 2, 3]).open(wrong as StreamState)).toThrow(InputError)
})

test('a function is called once a pass, when its first element is asked for', async () => {
  const make = vi.fn((_: MadeOptions) => threeLetters)
  const stream = from(make)
  const cursor = stream.open(undefined, { pass: 4 })
  expect(make).not.toHaveBeenCalled()
  await cursor.next()
  await cursor.next()
  expect(make).toHaveBeenCalledTimes(1)
  expect(make.mock.lastCall![0].pass).toBe(4)
})

test("a function's failure is told once, and ends the pass", async () => {
  for (const make of [
    () => {
      throw new Error('no')
    },
    async () => {
      throw new Error('no')
    },
  ]) {
    const cursor = from<number>(make as any).open()
    await expect(async () => cursor.next()).rejects.toThrow('no')
    expect(await cursor.next()).toBe(end)
  }
})

test('the signal that a function is given aborts when the pass is left, and only then', async () => {
  const signals: AbortSignal[] = []
  const stream = from(({ signal }) => {
    signals.push(signal)
    return letters()
  })
  await stream.toArray()
  for await (const _ of stream) break
  const controller = new AbortController()
  const cursor = stream.open(undefined, { signal: controller.signal })
  await cursor.next()
  controller.abort('enough')
  expect(signals.map((signal) => signal.aborted)).toEqual([false, true, true])
  expect(signals[2]!.reason).toBe('enough')
})

test('what a function promised is closed, though the pass was left before', async () => {
  const stream = Readable.from(threeLetters)
  const promised = Promise.withResolvers<Readable>()
  const cursor = from(() => promised.promise).open()
  const pending = cursor.next()
  cursor.close()
  expect(await pending).toBe(end)
  promised.resolve(stream)
  await setImmediate()
  expect(stream.destroyed).toBe(true)
})

test('streams are closed at once, also before their first element and while one is pending', async () => {
  for (const pulls of [0, 1]) {
    const cancel = vi.fn()
    const web = from(new ReadableStream({ cancel })).open()
    const node = new Readable({ read() {} })
    const nodeCursor = from(node).open()
    if (pulls) void [web.next(), nodeCursor.next()]
    web.close()
    nodeCursor.close()
    await setImmediate()
    expect(cancel).toHaveBeenCalledTimes(1)
    expect(node.destroyed).toBe(true)
  }
})

test('a generator that leaves its own pass is closed when it yields', () => {
  const controller = new AbortController()
  let closed = 0
  const stream = from(function* () {
    try {
      yield 1
      controller.abort(new Error('enough'))
      yield 2
    } finally {
      closed++
    }
  })
  const cursor = stream.open(undefined, { signal: controller.signal })
  expect(cursor.next()).toBe(1)
  expect(cursor.next()).toBe(2)
  expect(closed).toBe(1)
  expect(() => cursor.next()).toThrow('enough')
})

test('a generator that fails while it is closed is told of by a warning', async () => {
  const warned = EventEmitter.once(process, 'warning')
  const failToClose = () => {
    throw new Error('cannot close')
  }
  const stream = from(function* () {
    try {
      yield 1
    } finally {
      failToClose()
    }
  })
  for await (const _ of stream) break
  expect((await warned)[0].message).toContain('cannot close')
})

test('what a source opens must be a cursor', () => {
  expect(() => from({ open: () => letters() } as any).open()).toThrow('no state() and no close()')
})

async function readFrom(cursor: Cursor<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for (let item = await cursor.next(); item !== end; item = await cursor.next()) items.push(item)
  return items
}

async function stateBehind(stream: { open(): Cursor<unknown> }, count: number): Promise<StreamState> {
  const cursor = stream.open()
  for (let i = 0; i < count; i++) await cursor.next()
  cursor.close()
  return cursor.state()
}

test('a generator that failed is not taken for one that ended', async () => {
  const failing = function* () {
    yield 1
    throw new Error('broken')
  }
  const failingLater = async function* () {
    yield* failing()
  }
  for (const stream of [from(failing), from(failingLater).filter(() => true)]) {
    const cursor = stream.open()
    expect(await cursor.next()).toBe(1)
    await expect(async () => await cursor.next()).rejects.toThrow('broken')
    for (let i = 0; i < 2; i++)
      await expect(async () => await cursor.next()).rejects.toMatchObject({ code: 'STREAM_OVER' })
    cursor.close()
    expect(await cursor.next()).toBe(end)
  }
})
