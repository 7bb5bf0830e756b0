import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const script = join(import.meta.dirname, '../support/loader-flat.ts')

test.each([[], ['--borrow']])('over ten million samples resident memory does not climb %s', (...args) => {
  const out = execFileSync(process.execPath, ['--conditions=millrace-source', script, ...args], {
    encoding: 'utf8',
  })
  const { samples, rss } = JSON.parse(out) as { samples: number; rss: number[] }
  expect(samples).toBe(10_000_000)
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
  // Garbage comes and goes by some 20 MiB. What was kept of each sample, be it five bytes, would show.
  expect(
    mean(rss.slice(-3)) - mean(rss.slice(1, 4)),
    `MiB after each million: ${rss.join(' ')}`,
  ).toBeLessThan(30)
})
