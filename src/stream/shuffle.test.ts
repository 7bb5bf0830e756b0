import { expect, test } from 'vitest'
import { from, range } from './index.ts'
import { itemBytes } from './item-bytes.ts'
import { QuickRandom } from './quick-random.ts'
import { passOf } from './repeat.ts'

test('each window of the stream holds its own elements, in another order', async () => {
  const items = await range(95).shuffle({ window: 10 }).toArray()
  const windows = Array.from({ length: 10 }, (_, i) => items.slice(10 * i, 10 * i + 10))
  for (const [index, window] of windows.entries())
    expect(window.toSorted((a, b) => a - b)).toEqual(
      await range(10 * index, Math.min(95, 10 * index + 10)).toArray(),
    )
  const orders = new Set(windows.map((window, index) => String(window.map((item) => item - 10 * index))))
  expect(orders.size).toBe(10)
})

test('the order differs by seed and by pass, and is the same for the same', async () => {
  const order = (seed: number, pass: number) => range(50).shuffle({ seed }).toArray({ pass }).then(String)
  const orders = await Promise.all([order(0, 0), order(1, 0), order(-1, 0), order(0, 1), order(0, 2)])
  expect(new Set(orders).size).toBe(5)
  expect(await order(1, 0)).toBe(orders[1])
  expect(await order(0, 2)).toBe(orders[4])
})

test('a state holds its pass, however it is opened', async () => {
  const stream = range(50).shuffle({ window: 20 })
  const cursor = stream.open(undefined, { pass: 3 })
  for (let i = 0; i < 7; i++) cursor.next()
  const rest = (await stream.toArray({ pass: 3 })).slice(7)
  const resumed = stream.open(cursor.state())
  for (const item of rest) expect(resumed.next()).toBe(item)
})

test('every order of a window comes about, and as often', async () => {
  const counts = new Map<string, number>()
  const items = await range(4 * 12_000)
    .shuffle({ window: 4 })
    .toArray()
  for (let i = 0; i < items.length; i += 4) {
    const order = items
      .slice(i, i + 4)
      .map((item) => item % 4)
      .join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(24)
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(120)
})

test('a window of bytes is full with the element that reaches it', async () => {
  const lines = ['aaaa', 'bb', 'c', 'dddddddddd', 'e']
  const sizes: number[] = []
  const bytesOf = (line: string) => sizes.push(line.length) && line.length
  const windows = await from(lines)
    .shuffle({ window: { bytes: 6, bytesOf } })
    .toArray()
  expect(sizes).toEqual([4, 2, 1, 10, 1])
  expect(windows.slice(0, 2).toSorted()).toEqual(['aaaa', 'bb'])
  expect(windows.slice(2, 4).toSorted()).toEqual(['c', 'dddddddddd'])
  const wrong = from(lines).shuffle({ window: { bytes: 6, bytesOf: () => Number.NaN } })
  await expect(wrong.toArray()).rejects.toThrow('bytesOf gave is NaN')
})

test('bytes are counted by what an element holds', () => {
  expect(itemBytes('abc')).toBe(6)
  expect(itemBytes(new Float32Array(10))).toBe(40)
  expect(itemBytes([1, 2])).toBe(24)
  expect(itemBytes({ text: 'abcd', tokens: [1] })).toBe(8 + 8 + 16)
  const loop: unknown[] = []
  loop.push(loop)
  expect(itemBytes(loop)).toBeLessThan(100)
})

test('a quick random number is below its bound, and all come about as often', () => {
  const random = new QuickRandom(7n)
  const counts = new Uint32Array(6)
  for (let i = 0; i < 60_000; i++) counts[random.below(6)]!++
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

test('sfc32 gives the numbers of its reference', () => {
  // PractRand's sfc32 seeded with 0, 0: a = b = c = 0, counter 1, and 12 numbers dropped, in BigInt.
  let [a, b, c, counter] = [0n, 0n, 0n, 1n]
  const mask = 0xffffffffn
  const reference = () => {
    const mixed = (a + b + counter++) & mask
    a = b ^ (b >> 9n)
    b = (c + (c << 3n)) & mask
    c = ((((c << 21n) | (c >> 11n)) & mask) + mixed) & mask
    return Number(mixed)
  }
  for (let i = 0; i < 12; i++) reference()
  const random = new QuickRandom(0n)
  for (let i = 0; i < 100; i++) expect(random.next32()).toBe(reference())
})

test('a repeated stream is shuffled anew each time, within a pass and over passes', async () => {
  const epochs = range(30).shuffle({ seed: 4 }).repeat(2).repeat(2)
  const first = await epochs.toArray()
  const second = await epochs.toArray({ pass: 1 })
  const orders = [...first, ...second].reduce<number[][]>((all, item, i) => {
    if (i % 30 === 0) all.push([])
    all.at(-1)!.push(item)
    return all
  }, [])
  expect(orders).toHaveLength(8)
  for (const [pass, order] of orders.entries())
    expect(order).toEqual(await range(30).shuffle({ seed: 4 }).toArray({ pass }))
})

test('passes of repetitions are all different', () => {
  const passes = new Set<number>()
  for (const outer of [0, 1, 2, 3])
    for (let round = 0; round < 100; round++) passes.add(passOf(outer, Infinity, round))
  for (const outer of [10, 11])
    for (let round = 0; round < 100; round++) passes.add(passOf(outer, 100, round))
  expect(passes.size).toBe(600)
  for (const pass of passes) expect(Number.isSafeInteger(pass) && pass >= 0).toBe(true)
})

test('a stream that is repeated without end ends with a pass that is empty', async () => {
  expect(
    await from(({ pass }) => (pass < 2 ? [pass] : []))
      .repeat()
      .toArray(),
  ).toEqual([0, 1])
  expect(await range(0).repeat().toArray()).toEqual([])
  expect(
    await range(5)
      .filter(() => false)
      .repeat()
      .toArray(),
  ).toEqual([])
})
