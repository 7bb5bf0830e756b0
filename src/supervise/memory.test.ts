import { expect, test } from 'vitest'
import { memoryUse, nearLimit } from './memory.ts'

const GiB = 2 ** 30

test.each([
  ['far from any limit', { rss: GiB, machine: { free: 8 * GiB, total: 16 * GiB } }, {}, undefined],
  ['its own limit', { rss: 1.97 * GiB }, { limit: 2 * GiB }, /^its resident memory is 2\.0 GiB of 2\.0 GiB$/],
  [
    'the group',
    { rss: GiB, group: { used: 3.9 * GiB, limit: 4 * GiB } },
    {},
    /^the control group uses 3\.9 GiB of 4\.0 GiB/,
  ],
  [
    'the machine',
    { rss: GiB, machine: { free: 0.5 * GiB, total: 16 * GiB } },
    {},
    /^the machine has 512 MiB left of 16\.0 GiB/,
  ],
  [
    'within its plan while others fill the machine',
    { rss: GiB, machine: { free: 1, total: 16 * GiB } },
    { plan: GiB },
    undefined,
  ],
  ['a plan close to the limit, kept', { rss: 1.99 * GiB }, { limit: 2 * GiB, plan: 1.95 * GiB }, undefined],
  ['past its plan', { rss: 1.99 * GiB }, { limit: 2 * GiB, plan: 1.5 * GiB }, /^its resident memory/],
  ['a process that is gone', { rss: undefined, machine: { free: 1, total: GiB } }, { limit: 1 }, undefined],
])('memory: %s', (_, use, limits, why) => {
  const told = nearLimit(use, limits)
  if (why === undefined) expect(told).toBeUndefined()
  else expect(told).toMatch(why)
})

test.skipIf(process.platform !== 'linux')(
  'a living process has resident memory, and a dead one has none',
  () => {
    expect(memoryUse(process.pid).rss).toBeGreaterThan(20 * 2 ** 20)
    expect(memoryUse(2 ** 22 + 1).rss).toBeUndefined()
  },
)
