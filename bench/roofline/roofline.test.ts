import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { compileKernel, type RoofKernel } from './compile.ts'
import { pairsRate, peakRate } from './peak.ts'
import type { RooflineReport } from './report.ts'
import { rowRate } from './rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))

test('the loops do what they are measured for', async () => {
  const compiled = await compileKernel(folder)
  const memory = new WebAssembly.Memory({ initial: 1 })
  const kernel = new WebAssembly.Instance(compiled.module, { env: { memory } })
    .exports as unknown as RoofKernel
  const numbers = new Float32Array(memory.buffer)
  numbers.set(Array.from({ length: 48 }, (_, i) => i))
  numbers.fill(0.5, 48, 52).fill(1, 52, 56)
  kernel.multiplyAdd(0, 3)
  expect([...numbers.subarray(0, 48)]).toEqual(Array.from({ length: 48 }, (_, i) => i / 8 + 1.75))

  numbers.set(Array.from({ length: 96 }, (_, i) => i))
  numbers.fill(0.5, 96, 100).fill(1, 100, 104)
  kernel.multiplyAddPairs(0, 3)
  expect([...numbers.subarray(0, 96)]).toEqual(Array.from({ length: 96 }, (_, i) => i / 8 + 1.75))

  numbers.fill(0)
  numbers.fill(2, 1000, 1004)
  new Uint32Array(memory.buffer, 8000, 3).set([64, 192, 64])
  kernel.changeRows(8000, 3, 64, 4000)
  const rows = [0, 4, 0, 2, 0].flatMap((value) => new Array(16).fill(value))
  expect([...numbers.subarray(0, 80)]).toEqual(rows)

  expect(peakRate(compiled, 0.05)).toBeGreaterThan(1e8)
  expect(pairsRate(compiled, 0.05)).toBeGreaterThan(1e8)
  expect(rowRate(compiled, [1000, 100, 10, 5, 5], 20, 0.05)).toBeGreaterThan(1e4)
})

test('a tiny roofline measures training and where its time goes', async () => {
  const corpus = join(folder, 'text.txt')
  writeFileSync(corpus, madeUpText(400_000, 3))
  const json = join(folder, 'roofline.json')
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--conditions=millrace-source', join(import.meta.dirname, 'main.ts'), '--source', '--corpus', corpus],
    ...['--work', join(folder, 'work'), '--dims', '12', '--rounds', '1', '--json', json],
  ])
  const report: RooflineReport = JSON.parse(readFileSync(json, 'utf8'))
  const [dim] = report.dims
  expect(dim).toMatchObject({ dim: 12, rounds: [{}] })
  expect(dim!.rounds[0]!.training).toBeGreaterThan(0)
  // Pairs of at least one context and six targets for most words that subsampling leaves.
  expect(dim!.profile.flop).toBeGreaterThan(6 * 12 * 6 * 100)
  expect(Object.keys(dim!.profile.time!.kernels).length).toBeGreaterThan(0)
  expect(JSON.stringify(report)).not.toContain(folder)
  expect(stdout).toMatch(/^ *12 +\d+\.\d/m)
})
