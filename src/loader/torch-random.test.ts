import { expect, test } from 'vitest'
import { ConfigError, InputError } from '../core/errors.ts'
import { TorchRandom } from './torch-random.ts'

// What torch itself draws is in test/golden/torch-random.test.ts.

test('MT19937 gives the published numbers for seed 5489', () => {
  // Source: the C++ standard, [rand.predef]: the 10000th number of a default-made mt19937 is 4123659995.
  const random = new TorchRandom(5489)
  random.skip(9999)
  expect(random.next32()).toBe(4123659995)
})

test('of a seed only the lower 32 bits count, and what is no 64-bit integer is refused', () => {
  const first = (seed: number | bigint) => new TorchRandom(seed).next32()
  expect(first(2 ** 32 + 7)).toBe(first(7))
  expect(first(-1)).toBe(first(2n ** 64n - 1n))
  expect(first(-(2n ** 63n))).toBe(first(0))
  for (const seed of [1.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n])
    expect(() => new TorchRandom(seed)).toThrow(ConfigError)
})

test('a permutation draws one word less than it has numbers, at any place in the state', () => {
  for (const before of [0, 1, 623, 624])
    for (const count of [0, 1, 2, 623, 624, 625, 1249]) {
      const random = new TorchRandom(3)
      random.skip(before)
      const order = random.permutation(count)
      expect([...order].sort((a, b) => a - b)).toEqual([...Array(count).keys()])
      const other = new TorchRandom(3)
      for (let i = 0; i < before + Math.max(0, count - 1); i++) other.next32()
      expect(random.next32()).toBe(other.next32())
    }
})

test('a state is of one size, and goes on with the same draws', () => {
  const random = new TorchRandom(9)
  for (const drawn of [0, 1, 623, 1, 100_000]) {
    random.skip(drawn)
    const state = random.state()
    expect(state.length).toBe(3336)
    const again = TorchRandom.from(state)
    const other = TorchRandom.from(state)
    expect([again.next64(), again.permutation(700)]).toEqual([other.next64(), other.permutation(700)])
    expect(again.state()).toBe(other.state())
    expect(TorchRandom.from(state).next32()).toBe(TorchRandom.from(random.state()).next32())
  }
  expect(random.next32()).toBe(firstAfter(9, 100_625))
})

test('what is no state, no count and no bound is refused', () => {
  const random = new TorchRandom(1)
  for (const state of ['', 'AAAA', random.state().slice(4), random.state().replace(/.{8}$/, '////////')])
    expect(() => TorchRandom.from(state)).toThrow(InputError)
  for (const count of [-1, 0.5, 2 ** 32]) expect(() => random.permutation(count)).toThrow(ConfigError)
  for (const bound of [0, -1, 0.5, 2 ** 53]) expect(() => random.below(bound)).toThrow(ConfigError)
})

function firstAfter(seed: number, draws: number): number {
  const random = new TorchRandom(seed)
  for (let i = 0; i < draws; i++) random.next32()
  return random.next32()
}
