import { expect, test } from 'vitest'
import { identityOf, lastingSettings } from './identity.ts'

test('what differs from the defaults and lasts is what a run is', () => {
  expect(lastingSettings({ dim: 100, threads: 2, epochs: 3 })).toEqual({ epochs: 3 })
  expect(lastingSettings({ model: 'cbow', lr: 0.05 })).toEqual({ model: 'cbow' })
  expect(lastingSettings({ model: 'cbow', lr: 0.025 })).toEqual({ model: 'cbow', lr: 0.025 })
  expect(identityOf({}, 'a')).toBe(identityOf({ threads: 3, window: 5 }, 'a'))
  const others = [identityOf({ model: 'cbow' }, 'a'), identityOf({}, 'b'), identityOf({ seed: 2 }, 'a')]
  expect(new Set([identityOf({}, 'a'), ...others]).size).toBe(4)
})
