import { setImmediate } from 'node:timers/promises'
import { expect, expectTypeOf, test, vi } from 'vitest'
import { end, from, interleave, range, type Stream, zip } from './index.ts'

test('a range counts up, down, in fractions and from any place', async () => {
  expect(await range(3).toArray()).toEqual([0, 1, 2])
  expect(await range(2, 5).toArray()).toEqual([2, 3, 4])
  expect(await range(5, 0, -2).toArray()).toEqual([5, 3, 1])
  expect(await range(0, 0.3, 0.1).toArray()).toEqual([0, 0.1, 0.2])
  expect(await range(5, 0).toArray()).toEqual([])
  expect(await range(Infinity).skip(1e5).take(1).toArray()).toEqual([1e5])
})

test('what is skipped is not made', async () => {
  const fn = vi.fn((n: number) => n)
  expect(await range(10).map(fn).tap(fn).batch(2).skip(3).take(1).toArray()).toEqual([[6, 7]])
  expect(fn.mock.calls.flat()).toEqual([6, 6, 7, 7])
})

test('a last batch that is dropped cannot be skipped either', async () => {
  const [kept, dropped] = [range(3).batch(2).open(), range(3).batch(2, { dropLast: true }).open()]
  expect([kept.skip!(), kept.skip!(), kept.skip!()]).toEqual([true, true, false])
  expect([dropped.skip!(), dropped.skip!()]).toEqual([true, false])
})

test('windows slide, and the cut ones are given where asked for', async () => {
  expect(await range(4).window(3).toArray()).toEqual([
    [0, 1, 2],
    [1, 2, 3],
  ])
  expect(await range(4).window(3, { step: 2, partial: true }).toArray()).toEqual([
    [0, 1, 2],
    [2, 3],
  ])
  expect(await range(2).window(3).toArray()).toEqual([])
  expect(await range(5).window(1, { step: 3 }).toArray()).toEqual([[0], [3]])
})

test('take pulls nothing more than it gives', async () => {
  const seen: number[] = []
  await range(Infinity)
    .tap((n) => seen.push(n))
    .take(3)
    .toArray()
  expect(seen).toEqual([0, 1, 2])
})

test('an element that fails is passed, and those after it come', async () => {
  const boom = new Error('boom')
  const fail = (n: number) => {
    if (n === 1) throw boom
    return n
  }
  const streams: Stream<unknown>[] = [
    range(3).map((n) => fail(n)),
    range(3).map(async (n) => fail(n)),
    range(3).filter((n) => fail(n) >= 0),
    range(3).filter(async (n) => fail(n) >= 0),
    range(3).tap(fail),
    range(3).tap(async (n) => fail(n)),
    range(3).flatMap((n) => [fail(n)]),
    range(3).flatMap(async (n) => [fail(n)]),
    range(3)
      .tap(async (n) => fail(n))
      .prefetch(2),
    range(3).tap(fail).take(3),
    range(3).tap(fail).shuffle({ window: 1 }),
  ]
  for (const stream of streams) {
    const cursor = stream.open()
    expect(await cursor.next()).toBe(0)
    await expect(async () => cursor.next()).rejects.toBe(boom)
    const behind = stream.open(cursor.state())
    for (const each of [cursor, behind]) {
      expect(await each.next()).toBe(2)
      expect(await each.next()).toBe(end)
    }
  }
})

test('a batch goes on behind an element that failed', async () => {
  const failing = range(5)
    .tap((n) => {
      if (n === 1) throw new Error('boom')
    })
    .batch(2)
  const cursor = failing.open()
  expect(() => cursor.next()).toThrow('boom')
  expect([cursor.next(), cursor.next(), cursor.next()]).toEqual([[0, 2], [3, 4], end])
})

test('a row that fails is left out, and the rows after it stay in line', async () => {
  for (const fail of [(n: number) => n, async (n: number) => n]) {
    const failing = range(4).map((n) => {
      if (n === 1) throw new Error('boom')
      return fail(n)
    })
    const cursor = zip(range(4), failing, range(9)).open()
    expect(await cursor.next()).toEqual([0, 0, 0])
    await expect(async () => cursor.next()).rejects.toThrow('boom')
    expect(await cursor.next()).toEqual([2, 2, 2])
    expect(await cursor.next()).toEqual([3, 3, 3])
    expect(await cursor.next()).toBe(end)
  }
})

test('zip asks asynchronous sources all at once', async () => {
  let pending = 0
  let most = 0
  const slow = range(3).map(async (n) => {
    most = Math.max(most, ++pending)
    await setImmediate()
    pending--
    return n
  })
  expect(await zip(slow, slow, slow).toArray()).toHaveLength(3)
  expect(most).toBe(3)
})

test('zip and interleave of nothing end', async () => {
  expect(await zip().toArray()).toEqual([])
  expect(await interleave().toArray()).toEqual([])
})

test('prefetch is ahead by its count at most, and not before the first element is asked for', async () => {
  let pulled = 0
  const slow = range(20).map(async (n) => {
    pulled++
    return n
  })
  const cursor = slow.prefetch(4).open()
  await setImmediate()
  expect(pulled).toBe(0)
  for (let given = 1; given <= 3; given++) {
    await cursor.next()
    await setImmediate()
    expect(pulled).toBe(given + 4)
  }
  cursor.close()
  await setImmediate()
  expect(pulled).toBeLessThanOrEqual(8)
})

test('prefetch keeps an error to its turn, and leaves no rejection to nobody', async () => {
  const cursor = range(3)
    .map(async (n) => {
      if (n === 1) throw new Error('boom')
      return n
    })
    .prefetch(3)
    .open()
  expect(await cursor.next()).toBe(0)
  await setImmediate()
  await expect(async () => cursor.next()).rejects.toThrow('boom')
  expect(await cursor.next()).toBe(2)
})

test('on resume flatMap calls its function for the item at hand, and seeks what is a stream', async () => {
  const opened: unknown[] = []
  const fn = vi.fn((n: number) =>
    from<number>({
      open(state, options) {
        opened.push(state)
        return range(3)
          .map((m) => 10 * n + m)
          .open(state, options)
      },
    }),
  )
  const stream = range(3).flatMap(fn)
  const cursor = stream.open()
  for (let i = 0; i < 5; i++) cursor.next()
  fn.mockClear()
  opened.length = 0
  const resumed = stream.open(cursor.state())
  expect(resumed.next()).toBe(12)
  expect(fn.mock.calls).toEqual([[1]])
  expect(opened).toEqual([{ pass: 0, at: 2, skip: 0 }])
})

test('states stay short, whatever lies in a buffer', async () => {
  const stream = range(Infinity)
    .map((n) => String(n).repeat(1000))
    .shuffle({ window: 500 })
    .window(50)
    .prefetch(5)
  const cursor = stream.open()
  for (let i = 0; i < 1000; i++) await cursor.next()
  expect(JSON.stringify(cursor.state()).length).toBeLessThan(200)
})

test('the types of elements follow the stages', () => {
  const words = from(['a'])
  expectTypeOf(words.map((word) => word.length)).toEqualTypeOf<Stream<number>>()
  expectTypeOf(words.zip(range(3))).toEqualTypeOf<Stream<[string, number]>>()
  expectTypeOf(zip(words, range(3))).toEqualTypeOf<Stream<[string, number]>>()
  expectTypeOf(words.flatMap((word) => [word.length])).toEqualTypeOf<Stream<number>>()
  expectTypeOf(words.concat([1])).toEqualTypeOf<Stream<string | number>>()
  expectTypeOf(from(async () => new Set([1]))).toEqualTypeOf<Stream<number>>()
  expectTypeOf(from(new Float32Array(3))).toEqualTypeOf<Stream<number>>()
  expectTypeOf(words.batch(2).window(2)).toEqualTypeOf<Stream<string[][]>>()
})
