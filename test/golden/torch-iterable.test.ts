import { describe, expect, test } from 'vitest'
import { readGolden } from './torch-golden.ts'
import { type LoaderConfig, passesOver, titleOf } from './torch-loader.ts'

// Each worker batches its own stream, and the workers take turns: what torch gave, see scripts/golden-torch.py.

const configs = readGolden<LoaderConfig>('iterable')

describe('with as many threads as torch had processes', () => {
  for (const config of configs)
    test(titleOf(config), async () => {
      expect(await passesOver(config)).toEqual(config.epochs)
    })
})

describe('with as many lanes in the main thread', () => {
  // What persistent workers keep on their dataset is lost with the pass where nothing is persistent.
  const kept = (config: LoaderConfig) => config.countPasses && config.persistentWorkers
  for (const config of configs.filter((config) => config.numWorkers > 0 && !kept(config)))
    test(titleOf(config), async () => {
      expect(await passesOver(config, true)).toEqual(config.epochs)
    })
})
