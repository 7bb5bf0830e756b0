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

test('nothing can be skipped behind the end', () => {
  for (const stream of [
    range(3),
    range(9).take(3),
    range(3).map((n) => n),
    range(5).skip(2),
    from([1, 2, 3]),
  ]) {
    const cursor = stream.open()
    expect(Array.from({ length: 5 }, () => cursor.skip!())).toEqual([true, true, true, false, false])
    const left = stream.open()
    left.close()
    expect(left.skip!()).toBe(false)
  }
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

test('a batch that fails twice begins where it began', () => {
  const failing = range(6)
    .tap((n) => {
      if (n === 1 || n === 3) throw new Error(`boom ${n}`)
    })
    .batch(4)
  const cursor = failing.open()
  const start = cursor.state()
  for (const fault of ['boom 1', 'boom 3']) {
    expect(() => cursor.next()).toThrow(fault)
    expect(cursor.state()).toEqual(start)
  }
  expect(cursor.next()).toEqual([0, 2, 4, 5])
})

test('on resume flatMap does not meet what failed before the item at hand', () => {
  const stream = range(4).flatMap((n) => {
    if (n === 1) throw new Error('boom')
    return [n, -n]
  })
  const cursor = stream.open()
  expect([cursor.next(), cursor.next()]).toEqual([0, -0])
  expect(() => cursor.next()).toThrow('boom')
  expect(cursor.next()).toBe(2)
  const resumed = stream.open(cursor.state())
  expect([resumed.next(), resumed.next(), resumed.next(), resumed.next()]).toEqual([-2, 3, -3, end])
})

test('a state within an element that is there no more is refused', () => {
  const cursor = range(1)
    .flatMap((n) => [n, n])
    .open()
  cursor.next()
  const stream = range(0).flatMap((n) => [n, n])
  expect(() => stream.open(cursor.state()).next()).toThrow('found the end where there was another element')
})

test('what a function gives may be any thenable', async () => {
  const later = <T>(value: T): PromiseLike<T> => new Later(value) as unknown as PromiseLike<T>
  const stream = from(() => later([1, 2, 3]))
    .map((n) => later(n + 1))
    .filter((n) => later(n !== 3))
    .tap(() => later(undefined))
    .flatMap((n) => later([n, n]))
  expect(await stream.toArray()).toEqual([2, 2, 4, 4])
  const cursor = stream.open()
  expect(await cursor.next()).toBe(2)
})

test('where one of several sources cannot be opened, the others are closed', async () => {
  const once = [1].values()
  await from(once as Iterable<number>).toArray()
  for (const combine of [interleave<number>, zip<[number, number]>]) {
    const close = vi.fn()
    const watched = from<number>({ open: () => ({ next: () => 1, state: () => 0, close }) })
    expect(() => combine(watched, once as Iterable<number>).open()).toThrow('second time')
    expect(close).toHaveBeenCalledTimes(1)
  }
})

test('every source of several is told the pass', async () => {
  const passes: number[] = []
  const noted = from(({ pass }) => {
    passes.push(pass)
    return [1]
  })
  for (const stream of [
    interleave(noted, noted),
    zip(noted, noted),
    noted.concat(noted),
    range(2).flatMap(() => noted),
  ])
    await stream.toArray({ pass: 7 })
  expect(passes).toEqual(Array(8).fill(7))
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

test('prefetch leaves what is synchronous until it is asked for', () => {
  let pulled = 0
  const cursor = range(9)
    .tap(() => pulled++)
    .prefetch(4)
    .open()
  expect(cursor.next()).toBe(0)
  expect(pulled).toBe(1)
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

/** A promise of another library. */
class Later<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  // biome-ignore lint/suspicious/noThenProperty: it is meant to be waited for
  then(done: (value: T) => void) {
    done(this.#value)
  }
}

test('flatMap leaves what failed for one element, and goes on with the next', async () => {
  const cursor = from([1, 2, 3])
    .flatMap(function* (item) {
      yield item
      if (item === 2) throw new Error('two')
      yield item * 10
    })
    .open()
  const take = () => cursor.next()
  expect([take(), take(), take()]).toEqual([1, 10, 2])
  expect(take).toThrow('two')
  expect([take(), take(), take()]).toEqual([3, 30, end])
})
