import { describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import {
  ChainDataset,
  ConcatDataset,
  DataLoader,
  randomSplit,
  Subset,
  Tensor,
  TensorDataset,
  TextBatch,
  TorchRandom,
} from './index.ts'

async function samplesOf(dataset: any, numWorkers: number): Promise<unknown[]> {
  const samples: unknown[] = []
  for await (const sample of new DataLoader(dataset, { batchSize: null, numWorkers })) samples.push(sample)
  return samples
}

for (const numWorkers of [0, 2])
  describe(`with ${numWorkers} workers`, () => {
    test('a subset has the samples of its indices', async () => {
      expect(await samplesOf(new Subset(['a', 'b', 'c', 'd'], [3, 1, 1]), numWorkers)).toEqual([
        'd',
        'b',
        'b',
      ])
    })

    test('datasets come one behind the other, and may be made of others', async () => {
      const dataset = new ConcatDataset<number>([
        [1, 2],
        new Subset([10, 20, 30], [2]),
        new Int8Array([5, 6]),
      ])
      expect(dataset.length).toBe(5)
      expect(await samplesOf(dataset, numWorkers)).toEqual([1, 2, 30, 5, 6])
      expect(() => dataset.get(5)).toThrow(RangeError)
    })

    test('iterables are chained', async () => {
      expect((await samplesOf(new ChainDataset([[1, 2], new Set([3, 4, 5])]), numWorkers)).sort()).toEqual([
        1, 2, 3, 4, 5,
      ])
    })

    test('rows of columns', async () => {
      const dataset = new TensorDataset(
        new Float32Array([1, 2]),
        ['x', 'y'],
        TextBatch.from(['eins', 'zwei']),
        new Tensor(Int16Array.of(1, 2, 3, 4), [2, 2]),
      )
      expect(await samplesOf(dataset, numWorkers)).toEqual([
        [1, 'x', 'eins', Int16Array.of(1, 2)],
        [2, 'y', 'zwei', Int16Array.of(3, 4)],
      ])
    })
  })

describe('randomSplit', () => {
  const parts = (lengths: number[]) =>
    randomSplit(
      Array.from({ length: 10 }, (_, i) => i),
      lengths,
      { seed: 42 },
    )

  test("takes torch's permutation apart", () => {
    const split = parts([7, 3])
    expect(split.map(({ length }) => length)).toEqual([7, 3])
    const order = split.flatMap((part) => Array.from(part.indices))
    expect(order).toEqual([...new TorchRandom(42).permutation(10)])
    // torch 1.13: random_split(range(10), [7, 3], generator=torch.Generator().manual_seed(42))
    expect(order).toEqual([2, 6, 1, 8, 4, 5, 0, 9, 3, 7])
  })

  test('gives what fractions leave over to the first parts', () => {
    expect(parts([0.33, 0.33, 0.34]).map(({ length }) => length)).toEqual([4, 3, 3])
  })

  test('refuses lengths that do not make up the dataset', () => {
    expect(() => parts([7, 4])).toThrow(ConfigError)
    expect(() => parts([0.5, 0.4])).toThrow('fractions that add up to 1')
  })
})

test('what cannot be combined is refused', () => {
  expect(() => new Subset([1, 2], [2])).toThrow('index 2 is not in the dataset, which has 2 samples')
  expect(() => new Subset(new Set([1]) as any, [0])).toThrow('iterable dataset')
  expect(() => new TensorDataset([1, 2], [1])).toThrow('columns of 2, 1 rows')
  expect(() => new ChainDataset(['abc' as any])).toThrow(ConfigError)
})
