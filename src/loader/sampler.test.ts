import { expect, test } from 'vitest'
import { ConfigError, InputError } from '../core/errors.ts'
import {
  asSampler,
  BatchSampler,
  DistributedSampler,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.ts'
import { TorchRandom } from './torch-random.ts'

// That the orders are torch's is tested in test/golden/torch-random.test.ts.

const ten = { length: 10 }
const pass = <T>(sampler: Sampler<T>, random = new TorchRandom(1)) => [...sampler.draw(random)]
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b)

test('a sequential sampler follows the dataset as it grows', () => {
  const source = { length: 2 }
  const sampler = new SequentialSampler(source)
  expect(pass(sampler)).toEqual([0, 1])
  source.length = 3
  expect([sampler.length, pass(sampler)]).toEqual([3, [0, 1, 2]])
})

test('a random sampler gives each sample once, and begins again when more are asked for', () => {
  expect(sorted(pass(new RandomSampler(ten)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const sampler = new RandomSampler(ten, { numSamples: 25 })
  const indices = pass(sampler)
  expect([sampler.length, indices.length]).toEqual([25, 25])
  expect(sorted(indices.slice(10, 20))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(new Set(indices.slice(20)).size).toBe(5)
})

test('a subset comes whole, in random order', () => {
  const sampler = new SubsetRandomSampler([40, 10, 30, 20])
  expect([sampler.length, sorted(pass(sampler))]).toEqual([4, [10, 20, 30, 40]])
})

test('a pass in full takes two permutations, a pass broken off only what it gave', () => {
  const random = new TorchRandom(1)
  pass(new RandomSampler(ten), random)
  const other = new TorchRandom(1)
  other.skip(18)
  expect(random.next32()).toBe(other.next32())
  for (const _ of new RandomSampler(ten).draw(random)) break
  other.skip(9)
  expect(random.next32()).toBe(other.next32())
})

test('replicas share all samples, evenly: the tail comes again or is dropped', () => {
  const shares = (dropLast: boolean, epoch = 0, shuffle = true) =>
    [0, 1, 2].map((rank) => {
      const sampler = new DistributedSampler(ten, { numReplicas: 3, rank, dropLast, shuffle, seed: 5 })
      sampler.setEpoch(epoch)
      const share = pass(sampler)
      expect(share.length).toBe(sampler.length)
      return share
    })
  expect(shares(false, 0, false)).toEqual([
    [0, 3, 6, 9],
    [1, 4, 7, 0],
    [2, 5, 8, 1],
  ])
  expect(shares(false).map((share) => share.length)).toEqual([4, 4, 4])
  expect(new Set(shares(false).flat()).size).toBe(10)
  expect(new Set(shares(true).flat()).size).toBe(9)
  expect(shares(true, 1)).not.toEqual(shares(true, 0))
})

test('weights decide how often an index comes', () => {
  const seen = [0, 0, 0]
  for (const i of new WeightedRandomSampler([1, 0, 3], { numSamples: 4000 }).draw(new TorchRandom(1)))
    seen[i]! += 1
  expect(seen[1]).toBe(0)
  expect(Math.abs(seen[0]! - 1000)).toBeLessThan(100)
  const distinct = new WeightedRandomSampler([1, 0, 3, 2], { numSamples: 3, replacement: false })
  expect(sorted(pass(distinct))).toEqual([0, 2, 3])
})

test('batches have a known length where the sampler under them has one', () => {
  const batches = new BatchSampler(new SequentialSampler(ten), { batchSize: 4 })
  expect([batches.length, pass(batches)]).toEqual([
    3,
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ],
  ])
  const full = new BatchSampler(new Set([3, 1, 2]), { batchSize: 2, dropLast: true })
  expect([full.length, pass(full)]).toEqual([1, [[3, 1]]])
  const endless = { [Symbol.iterator]: () => [1, 2].values() }
  expect(new BatchSampler(endless, { batchSize: 1 }).length).toBeUndefined()
})

test('any iterable is a sampler, a generator for one pass', () => {
  const array = asSampler('sampler', [4, 2])
  expect([array.length, pass(array), pass(array)]).toEqual([2, [4, 2], [4, 2]])
  const once = asSampler('sampler', [4, 2].values())
  expect(pass(once)).toEqual([4, 2])
  expect(() => pass(once)).toThrow(InputError)
  const own = { draw: () => [1] }
  expect(asSampler('sampler', own)).toBe(own)
  for (const value of [3, 'random', null, undefined, {}, () => [1]] as any[])
    expect(() => asSampler('batchSampler', value)).toThrow(/batchSampler is /)
})

test('bad options fail in the constructor, by name', () => {
  const distributed = { numReplicas: 2, rank: 0 }
  const cases: [string, () => unknown][] = [
    ['numSamples', () => new RandomSampler(ten, { numSamples: 0 })],
    ['numSamples', () => new RandomSampler(ten, { numSamples: 1.5 })],
    ['length', () => new RandomSampler({ length: 0 })],
    ['replacement', () => new RandomSampler(ten, { replacement: 1 as any })],
    ['numSamples', () => new WeightedRandomSampler([1], { numSamples: 0 })],
    ['replacement', () => new WeightedRandomSampler([1], { numSamples: 1, replacement: 'no' as any })],
    ['numSamples', () => new WeightedRandomSampler([1, 0], { numSamples: 2, replacement: false })],
    ['weights\\[1\\]', () => new WeightedRandomSampler([1, -1], { numSamples: 1 })],
    ['weights\\[0\\]', () => new WeightedRandomSampler([NaN], { numSamples: 1 })],
    ['weights', () => new WeightedRandomSampler([0, 0], { numSamples: 1 })],
    ['batchSize', () => new BatchSampler([1], { batchSize: 0 })],
    ['batchSize', () => new BatchSampler([1], { batchSize: true as any })],
    ['dropLast', () => new BatchSampler([1], { batchSize: 1, dropLast: 1 as any })],
    ['sampler', () => new BatchSampler(5 as any, { batchSize: 1 })],
    ['rank', () => new DistributedSampler(ten, { ...distributed, rank: 2 })],
    ['rank', () => new DistributedSampler(ten, { ...distributed, rank: -1 })],
    ['numReplicas', () => new DistributedSampler(ten, { ...distributed, numReplicas: 0 })],
    ['seed', () => new DistributedSampler(ten, { ...distributed, seed: 0.5 })],
  ]
  for (const [name, make] of cases) {
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(new RegExp(`${name} is `))
  }
})
