import { describe, expect, test } from 'vitest'
import { readGolden } from './torch-golden.ts'
import { type LoaderConfig, passesOver, titleOf } from './torch-loader.ts'

// Order, samplers and seeds over a map dataset, pass after pass: what torch gave, see scripts/golden-torch.py.

const configs = readGolden<LoaderConfig>('map')

describe('with as many threads as torch had processes', () => {
  for (const config of configs)
    test(titleOf(config), async () => {
      expect(await passesOver(config)).toEqual(config.epochs)
    })
})

describe('with as many lanes in the main thread', () => {
  // Persistent workers draw no new base seed, so that later passes are shuffled otherwise. How far ahead of a break
  // the sampler was is the prefetch factor's, which there cannot be without workers.
  const usual = ({ numWorkers, persistentWorkers, breakAfter, prefetchFactor = 2 }: LoaderConfig) =>
    numWorkers > 0 && !persistentWorkers && (breakAfter === undefined || prefetchFactor === 2)
  for (const config of configs.filter(usual))
    test(titleOf(config), async () => {
      expect(await passesOver(config, true)).toEqual(config.epochs)
    })
})

describe("each worker's seed", () => {
  for (const config of readGolden<LoaderConfig>('seeds'))
    test(titleOf(config), async () => {
      expect(await passesOver(config)).toEqual(config.epochs)
    })
})
