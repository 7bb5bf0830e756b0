import { expect, test } from 'vitest'
import { readGolden } from './torch-golden.ts'
import { type LoaderConfig, passesOver, titleOf } from './torch-loader.ts'

// An error of the user's code comes at its turn, after the batches that torch gave before it.

for (const config of readGolden<LoaderConfig & { raises: string | null }>('failures'))
  for (const inMain of config.numWorkers > 0 ? [false, true] : [false])
    test(`${titleOf(config)}${inMain ? ' in the main thread' : ''}`, async () => {
      const passes: unknown[][] = []
      const error = await passesOver(config, inMain, passes).then(
        () => null,
        (error: Error) => error,
      )
      expect(passes).toEqual(config.epochs)
      if (config.raises === null) expect(error).toBeNull()
      else expect(error?.message).toContain(config.raises)
    })
