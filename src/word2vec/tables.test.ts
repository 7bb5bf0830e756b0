import { expect, test } from 'vitest'
import { aliasTable, keepChance, keepThresholds } from './tables.ts'

test('the alias table gives each word its share of count^exponent', () => {
  for (const counts of [
    [5],
    [1, 1],
    [1000, 100, 10, 5, 5, 1],
    [3, 3, 3, 3],
    Array.from({ length: 997 }, (_, i) => 1 + (i % 37) ** 3),
  ]) {
    for (const exponent of [0.75, 0, 1, -0.5]) {
      const table = new Uint32Array(2 * counts.length)
      aliasTable(Float64Array.from(counts), exponent, table)
      const chance = new Float64Array(counts.length)
      for (let i = 0; i < counts.length; i++) {
        const own = (table[2 * i]! + 1) / 2 ** 32
        chance[i] = chance[i]! + own / counts.length
        chance[table[2 * i + 1]!] = chance[table[2 * i + 1]!]! + (1 - own) / counts.length
      }
      const total = counts.reduce((sum, count) => sum + count ** exponent, 0)
      for (const [i, count] of counts.entries()) expect(chance[i]).toBeCloseTo(count ** exponent / total, 8)
    }
  }
})

test('subsampling keeps as word2vec.c does', () => {
  // (√(f/t) + 1) · t/f at f = 0.05, t = 1e-3: (√50 + 1) / 50.
  expect(keepChance(0.05, 1e-3)).toBeCloseTo((Math.sqrt(50) + 1) / 50, 12)
  expect(keepChance(1e-5, 1e-3)).toBe(1)
  expect(keepChance(0.9, 0)).toBe(1)
  const target = new Uint32Array(2)
  keepThresholds(Float64Array.from([95, 5]), 1e-3, target)
  expect((target[1]! + 1) / 2 ** 32).toBeCloseTo(keepChance(0.05, 1e-3), 9)
  keepThresholds(Float64Array.from([95, 5]), 0, target)
  expect([...target]).toEqual([0xffffffff, 0xffffffff])
})
