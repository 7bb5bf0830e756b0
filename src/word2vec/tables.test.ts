import { expect, test } from 'vitest'
import { aliasTable, keepChance, keepThresholds, noiseOffsets } from './tables.ts'

/** The chance of each word that a table gives. */
function chances(counts: number[], exponent: number): Float64Array {
  const table = new Uint32Array(2 * counts.length)
  aliasTable(Float64Array.from(counts), exponent, table)
  const chance = new Float64Array(counts.length)
  for (let i = 0; i < counts.length; i++) {
    const own = (table[2 * i]! + 1) / 2 ** 32
    chance[i] = chance[i]! + own / counts.length
    chance[table[2 * i + 1]!] = chance[table[2 * i + 1]!]! + (1 - own) / counts.length
  }
  return chance
}

const exponents = [0.75, 0, 1, -0.5]

test('the alias table gives each word its share of count^exponent', () => {
  for (const counts of [
    [5],
    [1, 1],
    [1000, 100, 10, 5, 5, 1],
    [3, 3, 3, 3],
    Array.from({ length: 997 }, (_, i) => 1 + (i % 37) ** 3),
  ]) {
    for (const exponent of exponents) {
      const actual = chances(counts, exponent)
      const total = counts.reduce((sum, count) => sum + count ** exponent, 0)
      for (const [i, count] of counts.entries()) expect(actual[i]).toBeCloseTo(count ** exponent / total, 8)
    }
  }
})

test('the alias table gives no share to words that do not occur, whatever the exponent', () => {
  for (const exponent of exponents) {
    const actual = chances([8, 8, 0, 0, 0], exponent)
    for (const [i, chance] of [0.5, 0.5, 0, 0, 0].entries()) expect(actual[i]).toBeCloseTo(chance, 8)
  }
})

// Worked by hand: with f/t = 16, √16 = 4, so (4 + 1) / 16 and 1 / 4.
test.each([
  { ratio: 4, word2vec: 0.75, paper: 0.5 },
  { ratio: 16, word2vec: 0.3125, paper: 0.25 },
  { ratio: 100, word2vec: 0.11, paper: 0.1 },
  { ratio: 10_000, word2vec: 0.0101, paper: 0.01 },
  { ratio: 1, word2vec: 1, paper: 1 },
  // From here on word2vec.c thins out: √r + 1 = r at r = (3 + √5) / 2.
  { ratio: (3 + Math.sqrt(5)) / 2, word2vec: 1, paper: 2 / (1 + Math.sqrt(5)) },
  { ratio: 0.5, word2vec: 1, paper: 1 },
  { ratio: 0, word2vec: 1, paper: 1 },
])('a word $ratio times as frequent as --sample is kept with the chance of its formula', (golden) => {
  const sample = 1e-5
  expect(keepChance(golden.ratio * sample, sample, 'word2vec')).toBeCloseTo(golden.word2vec, 12)
  expect(keepChance(golden.ratio * sample, sample, 'paper')).toBeCloseTo(golden.paper, 12)
})

test('keep thresholds are chances of a random u32', () => {
  const target = new Uint32Array(2)
  // f/t = 4 and 2: kept with 3/4 and 1 by word2vec.c, with 1/2 and √1/2 by the paper.
  const counts = Float64Array.from([2, 1])
  keepThresholds(counts, 1 / 6, 'word2vec', target)
  expect([...target]).toEqual([0xbfffffff, 0xffffffff])
  keepThresholds(counts, 1 / 6, 'paper', target)
  expect([...target]).toEqual([0x7fffffff, Math.floor(Math.SQRT1_2 * 2 ** 32) - 1])
  keepThresholds(counts, 0, 'paper', target)
  expect([...target]).toEqual([0xffffffff, 0xffffffff])
})

test('noise offsets are −log(K · Pn)', () => {
  const target = new Float32Array(3)
  // 16^½ = 4 and 1^½ = 1: chances 4/5 and 1/5, none for what does not occur.
  noiseOffsets(Float64Array.from([16, 1, 0]), 0.5, 10, target)
  for (const [i, offset] of [-Math.log(8), -Math.log(2), 0].entries())
    expect(target[i]).toBeCloseTo(offset, 6)
  noiseOffsets(Float64Array.from([16, 1, 0]), 0, 1, target)
  for (const [i, offset] of [Math.LN2, Math.LN2, 0].entries()) expect(target[i]).toBeCloseTo(offset, 6)
})
