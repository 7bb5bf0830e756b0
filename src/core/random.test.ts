import { expect, test } from 'vitest'
import { deriveSeed, permutation, Random } from './random.ts'

test('SplitMix64 gives the published numbers for seed 1234567', () => {
  // Source: the test vector on Rosetta Code's page on SplitMix64.
  const random = new Random(1234567n)
  expect([random.next64(), random.next64(), random.next64()]).toEqual([
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
  ])
})

test('a permutation holds each number once, and depends on its seed', () => {
  const order = permutation(1000, deriveSeed(1, 2))
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(1000).keys()])
  expect(permutation(1000, deriveSeed(1, 2))).toEqual(order)
  expect(permutation(1000, deriveSeed(1, 3))).not.toEqual(order)
})

test('numbers below a bound are spread evenly', () => {
  const random = new Random(deriveSeed(7))
  const seen = new Array(5).fill(0)
  for (let i = 0; i < 10_000; i++) seen[random.below(5)]++
  for (const count of seen) expect(Math.abs(count - 2000)).toBeLessThan(200)
})
