import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { end, from, interleave, range, type Source, zip } from './index.ts'

const stop = new Error('stop')

/** Gives 0, 1, … and from `count` on nothing at all, not even an end. */
function hanging(count: number, close = vi.fn()): Source<number> {
  return {
    open: (state) => {
      let next = (state as number | undefined) ?? 0
      return { next: () => (next < count ? next++ : new Promise(() => {})), state: () => next, close }
    },
  }
}

const pipelines: Record<string, (source: Source<number>) => Source<unknown>> = {
  nothing: (source) => from(source),
  map: (source) => from(source).map(async (n) => n),
  'a function that hangs': () => range(9).map((n) => (n < 3 ? n : new Promise(() => {}))),
  batch: (source) => from(source).batch(2),
  flatMap: (source) => from([0, 1]).flatMap(() => from(source)),
  shuffle: (source) => from(source).shuffle({ window: 3 }),
  prefetch: (source) => from(source).prefetch(2),
  interleave: (source) => interleave(source, range(2)),
  zip: (source) => zip(range(9), source),
  concat: (source) => range(2).concat(source),
  skip: (source) => from(source).skip(9),
}

test.each(Object.entries(pipelines))('a pass that hangs can be left: %s', async (_, pipeline) => {
  for (const how of ['closed', 'aborted']) {
    const close = vi.fn()
    const controller = new AbortController()
    const cursor = pipeline(hanging(3, close)).open(undefined, { signal: controller.signal })
    const given: unknown[] = []
    let pending = cursor.next()
    for (; !(await hangs(pending)); pending = cursor.next()) given.push(await pending)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    if (how === 'closed') {
      cursor.close()
      expect(await pending).toBe(end)
      expect(await cursor.next()).toBe(end)
    } else {
      controller.abort(stop)
      await expect(pending).rejects.toBe(stop)
      await expect(async () => cursor.next()).rejects.toBe(stop)
      cursor.close()
      expect(await cursor.next()).toBe(end)
    }
    cursor.close()
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    if (pipeline !== pipelines['a function that hangs']) expect(close).toHaveBeenCalledTimes(1)
    // What it told when it was left is the place behind the last element given.
    const resumed = pipeline(hanging(30)).open(cursor.state())
    const whole = pipeline(hanging(30)).open()
    for (const item of given) expect(await whole.next()).toEqual(item)
    if (pipeline !== pipelines['a function that hangs'])
      expect(await resumed.next()).toEqual(await whole.next())
  }
})

test('the state can be told while an element is pending', async () => {
  for (const place of [0, 3, 30, 33, 36, 69, 96]) {
    const stream = range(100).map((n) => (n % 3 ? n : setImmediate(n)))
    const cursor = stream.open()
    for (let i = 0; i < place; i++) expect(await cursor.next()).toBe(i)
    const pending = cursor.next()
    const state = cursor.state()
    expect(await pending).toBe(place)
    const resumed = stream.open(JSON.parse(JSON.stringify(state)))
    expect(resumed.state()).toEqual(state)
    expect(await resumed.next()).toBe(place)
    expect(await resumed.next()).toBe(place + 1)
    resumed.close()
    cursor.close()
  }
})

test('a state told while an element is pending lies behind what failed before', async () => {
  const stream = range(5).filter(async (n) => {
    if (n === 1) throw stop
    return true
  })
  const cursor = stream.open()
  expect(await cursor.next()).toBe(0)
  await expect(cursor.next()).rejects.toBe(stop)
  const pending = cursor.next()
  const resumed = stream.open(cursor.state())
  expect(await pending).toBe(2)
  expect(await resumed.next()).toBe(2)
})

test('what was given before and fails on resume is told, and nothing after it is lost', async () => {
  let failsAt = -1
  const stream = range(6).filter(async (n) => {
    if (n === failsAt) throw stop
    return true
  })
  const cursor = stream.open()
  for (let i = 0; i < 3; i++) await cursor.next()
  const pending = cursor.next()
  const state = cursor.state()
  await pending
  failsAt = 1
  const resumed = stream.open(state)
  await expect(resumed.next()).rejects.toBe(stop)
  expect(resumed.state()).toEqual(state)
  expect(await resumed.next()).toBe(3)
  const { at } = state as { at: number }
  await expect(
    range(1)
      .filter(async () => true)
      .open({ pass: 0, at, skip: 3 })
      .next(),
  ).rejects.toThrow('behind the end')
})

test('a cursor gives one element at a time', async () => {
  const cursor = from(hanging(0)).open()
  const pending = cursor.next()
  expect(() => cursor.next()).toThrow('while another is pending')
  cursor.close()
  expect(await pending).toBe(end)
})

test('an iterator answers calls that overlap in order, and is left without waiting', async () => {
  const iterator = range(4)
    .map((n) => setImmediate(n))
    [Symbol.asyncIterator]()
  const all = [iterator.next(), iterator.next(), iterator.next()]
  expect((await Promise.all(all)).map(({ value }) => value)).toEqual([0, 1, 2])
  const pending = [iterator.next(), iterator.next()]
  expect(await iterator.return!()).toEqual({ done: true, value: undefined })
  expect(await Promise.all(pending)).toEqual(Array(2).fill({ done: true, value: undefined }))
})

test('what is synchronous is given without a promise, and fails without one', async () => {
  const cursor = range(7)
    .map((n) => n + 1)
    .filter((n) => n % 2)
    .batch(2)
    .open()
  expect(cursor.next()).toEqual([1, 3])
  const failing = from([1])
    .map(() => {
      throw stop
    })
    .open()
  expect(() => failing.next()).toThrow(stop)
  expect(failing.next()).toBe(end)
})

test('an abort in a function of the pipeline loses nothing', () => {
  const controller = new AbortController()
  const zipped = (abort: () => void) =>
    zip(
      range(4),
      range(4).tap((n) => n === 2 && abort()),
      range(4),
    )
  const cursor = zipped(() => controller.abort(stop)).open(undefined, { signal: controller.signal })
  expect([cursor.next(), cursor.next()]).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ])
  expect(() => cursor.next()).toThrow(stop)
  expect(
    zipped(() => {})
      .open(cursor.state())
      .next(),
  ).toEqual([2, 2, 2])
})

test('an abort in a function that then hangs, or fails, is told at once', async () => {
  for (const result of [
    new Promise(() => {}),
    setImmediate().then(() => Promise.reject(new Error('late'))),
  ]) {
    const controller = new AbortController()
    const stream = range(3).map((n) => {
      if (n === 1) controller.abort(stop)
      return n === 1 ? result : n
    })
    const cursor = stream.open(undefined, { signal: controller.signal })
    expect(cursor.next()).toBe(0)
    await expect(async () => cursor.next()).rejects.toBe(stop)
    expect(range(3).open(cursor.state()).next()).toBe(1)
  }
  await setImmediate()
})

test('for await takes a signal', async () => {
  const controller = new AbortController()
  const read = async () => {
    for await (const n of range(Infinity).iterate({ signal: controller.signal }))
      if (n === 5) controller.abort(stop)
  }
  await expect(read()).rejects.toBe(stop)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})

test('wrong options of a pass are refused', () => {
  const wrong = (options: object) => () => range(3).open(undefined, options)
  expect(wrong({ pass: -1 })).toThrow('open.pass is -1')
  expect(wrong({ signal: {} })).toThrow('open.signal')
  expect(wrong({ signla: undefined })).toThrow('did you mean signal?')
})

async function hangs(pending: unknown): Promise<boolean> {
  const late = Symbol('late')
  return (await Promise.race([pending, setImmediate(late)])) === late
}
