import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { linesOf } from './datasets.ts'
import { expectedOf, type Job, sampleKinds, sumText } from './job.ts'
import type { LoaderReport } from './report.ts'
import { prepareText, wholeLines } from './text.ts'
import { findTorch, torchTools } from './tools.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const runFile = promisify(execFile)
const lines = Array.from({ length: 3000 }, (_, i) => `${'한'.repeat(i % 7)}line ${i}`.repeat(i % 4))
const text = join(folder, 'lines.txt')
// What follows the last end of a line is left out.
writeFileSync(text, `${lines.join('\n')}\nrest`)

test('a tiny bench measures every way of the loader', { timeout: 120_000 }, async () => {
  const json = join(folder, 'loader.json')
  const command = ['--conditions=millrace-source', 'bench/loader/main.ts', '--text', text, '--json', json]
  const tiny = ['--rounds', '1', '--seconds', '0.001', '--batch-sizes', '64', '--no-torch']
  const { stdout } = await runFile(process.execPath, [...command, ...tiny], { cwd: root })
  const report: LoaderReport = JSON.parse(readFileSync(json, 'utf8'))
  expect(report.loaders).toHaveLength(6)
  for (const { batchesPerSecond, peakBytes, torchRatio } of report.loaders) {
    expect(batchesPerSecond.median).toBeGreaterThan(0)
    expect(peakBytes.median).toBeGreaterThan(2 ** 20)
    expect(torchRatio).toBeNull()
  }
  expect(report.bare).toHaveLength(3)
  for (const { bytesPerSecond } of report.bare) expect(bytesPerSecond.median).toBeGreaterThan(0)
  expect(JSON.stringify(report)).not.toContain(folder)
  expect(stdout).toMatch(/Millrace, borrow +[\d,]+ \[/)
})

const torch = findTorch()
test.skipIf(!torch).each(sampleKinds)('torch reads the same %s', { timeout: 120_000 }, async (samples) => {
  const bytes = wholeLines(text, statSync(text).size)
  const job: Job = { samples, batchSize: 64, workers: 2, path: text, integers: 1000, bytes, repeats: 2 }
  const outcome = await torchTools(torch!)[0]!.measure(job)
  expect(outcome).toMatchObject(expectedOf(job, sumText(text, bytes)))
  expect(outcome.batches).toBeGreaterThanOrEqual(Math.ceil(outcome.samples / 64))
  expect(outcome.peakBytes).toBeGreaterThan(2 ** 20)
})

test('lines are shared out whole, wherever the file is cut', () => {
  const bytes = wholeLines(text, statSync(text).size)
  for (const parts of [1, 2, 3, 7, 1000]) {
    const share = (i: number) => Math.floor((bytes * i) / parts)
    const read = Array.from({ length: parts }, (_, i) => [...linesOf(text, share(i), share(i + 1), 1)])
    expect(read.flat()).toEqual(lines)
  }
  expect([...linesOf(text, 0, bytes, 2)]).toEqual([...lines, ...lines])
})

test('a line may be longer than the piece that is read at once', () => {
  const path = join(folder, 'long.txt')
  const long = ['a', 'b'.repeat(300_000), '', 'c'.repeat(65_536), 'd']
  writeFileSync(path, `${long.join('\n')}\n`)
  expect([...linesOf(path, 0, statSync(path).size, 2)]).toEqual([...long, ...long])
})

test('the sums are those of the samples', () => {
  const job = {
    samples: 'integers',
    batchSize: 1,
    workers: 0,
    path: text,
    integers: 5,
    bytes: 0,
    repeats: 3,
  } as const
  expect(expectedOf(job, { samples: 0, sum: 0 })).toEqual({ samples: 5, sum: 10 })
  const bytes = Buffer.from(lines.slice(0, 10).join(''))
  const first = Buffer.byteLength(`${lines.slice(0, 10).join('\n')}\n`)
  const sum = bytes.reduce((sum, byte) => sum + byte, 0)
  expect(sumText(text, first)).toEqual({ samples: 10, sum })
  expect(expectedOf({ ...job, samples: 'lines' }, { samples: 10, sum })).toEqual({
    samples: 30,
    sum: 3 * sum,
  })
})

test('without a text it says so', async () => {
  await expect(prepareText(join(folder, 'nowhere'), folder)).rejects.toThrow(/there is no file .*nowhere/)
})
