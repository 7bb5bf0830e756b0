import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds } from '../../test/support/seeds.ts'
import type { Random } from '../core/random.ts'
import { PairTable, wordsOfPair } from './phrases-pairs.ts'
import { PairRuns } from './phrases-runs.ts'

type Pair = [first: number, second: number]

test('a table counts as a map does, while it grows and when it is used again', () =>
  forSeeds(3, (random) => {
    const table = new PairTable()
    for (const size of [20_000, 300]) {
      const pairs = randomPairs(random, size)
      for (const [first, second] of pairs) expect(table.add(first, second)).toBe(true)
      const counts = plainCounts(pairs)
      expect(table.length).toBe(counts.size)
      expect(new Map(entriesOf((visit) => table.forEach(visit)))).toEqual(counts)
      for (const [first, second] of pairs)
        expect(table.count(first, second)).toBe(counts.get(`${first} ${second}`))
      expect(table.count(2 ** 24 - 1, 5)).toBe(0)
      table.clear()
      expect(table.length).toBe(0)
      expect(table.count(...pairs[0]!)).toBe(0)
    }
  }))

test('a full table refuses new pairs, loses none, and still counts those it has', () =>
  forSeeds(2, (random) => {
    // 24 bytes a slot: 128 slots, of which 80 are taken.
    const table = new PairTable(128 * 24)
    const pairs = randomPairs(random, 2000)
    const taken: Pair[] = []
    for (const pair of pairs) if (table.add(...pair)) taken.push(pair)
    expect(table.length).toBe(80)
    expect(taken.length).toBeGreaterThan(80)
    expect(new Map(entriesOf((visit) => table.forEach(visit)))).toEqual(plainCounts(taken))
  }))

test('the order of keys is that of the first words, then the second', () => {
  const table = new PairTable()
  const pairs: Pair[] = [
    [2 ** 24 - 1, 0],
    [3, 2 ** 24 - 1],
    [0, 0],
    [3, 7],
    [0, 2 ** 24 - 1],
  ]
  for (const pair of pairs) table.add(...pair)
  const found: Pair[] = []
  table.forEachInOrder((key) => found.push(wordsOfPair(key)))
  expect(found).toEqual([...pairs].sort(([a, b], [c, d]) => a - c || b - d))
})

test('runs on the disk add up to what was spilled, over many levels', () =>
  forSeeds(3, (random) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const runs = new PairRuns(folder, 4096)
    const table = new PairTable(64 * 24)
    const pairs = randomPairs(random, 30_000)
    let spills = 0
    for (const pair of pairs) {
      if (table.add(...pair)) continue
      runs.spill(table)
      spills++
      table.add(...pair)
    }
    runs.spill(table)
    // Three levels: more than 16 × 16 runs.
    expect(spills).toBeGreaterThan(256)
    expect(readdirSync(folder).length).toBeLessThan(3 * 16)
    const entries = entriesOf((visit) => runs.forEach(visit))
    expect(new Map(entries)).toEqual(plainCounts(pairs))
    expect(runs.peakBytes).toBeGreaterThan(16 * entries.length)
    // In order, each key once.
    let last = -1
    runs.forEach((key) => {
      expect(key).toBeGreaterThan(last)
      last = key
    })
  }))

/** Few words and many, so that some pairs come again often and others once. */
function randomPairs(random: Random, count: number): Pair[] {
  return Array.from({ length: count }, () =>
    random.below(2) === 0
      ? [random.below(12), random.below(12)]
      : [random.below(2 ** 24), random.below(2 ** 24)],
  )
}

function plainCounts(pairs: Pair[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [first, second] of pairs) {
    counts.set(`${first} ${second}`, (counts.get(`${first} ${second}`) ?? 0) + 1)
  }
  return counts
}

function entriesOf(forEach: (visit: (key: number, count: number) => void) => void): [string, number][] {
  const entries: [string, number][] = []
  forEach((key, count) => entries.push([wordsOfPair(key).join(' '), count]))
  return entries
}
