import { expect, test } from 'vitest'
import { ConfigError } from '../../src/core/errors.ts'
import { DataLoader } from '../../src/loader/index.ts'
import { Numbers, Tens } from './torch-datasets.ts'
import { readGolden } from './torch-golden.ts'

// Which options torch's constructor refuses, one at a time and in pairs: see scripts/golden-torch.py.

interface Refusal {
  dataset: 'iterable' | 'map'
  length: number
  options: Record<string, unknown>
  raises: string | null
  message?: string
}

for (const { dataset, length, options, raises, message } of readGolden<Refusal>('errors')) {
  const make = () =>
    new DataLoader((dataset === 'map' ? new Tens(length) : new Numbers(length)) as any, options as any)
  const title = `${dataset} of ${length} ${JSON.stringify(options).replaceAll('"', '')}`
  if (raises === null) test(`${title}: accepted`, () => void make())
  else
    test(`${title}: ${message || raises}`, () => {
      expect(make).toThrow(ConfigError)
      expect(make).toThrow(new RegExp(Object.keys(options).join('|')))
    })
}
