import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { makeRun, makeVersion, newRuns } from '../../test/run/made-up-runs.ts'
import { millrace } from '../../test/support/run-millrace.ts'
import { command } from './runs.ts'

const here = process.cwd()
afterEach(() => {
  process.chdir(here)
  vi.restoreAllMocks()
})

/** What a command prints on standard output, in the folder that holds `runs`. */
async function outputOf(runs: string, ...args: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  process.chdir(dirname(runs))
  const runsCommand = command()
  for (const part of [runsCommand, ...runsCommand.commands]) part.exitOverride()
  await runsCommand.parseAsync(args, { from: 'user' })
  vi.restoreAllMocks()
  return printed
}

function someRuns(): string {
  const runs = newRuns()
  makeRun(join(runs, 'quick'), { accuracy: 0.302, spearman: 0.61, text: 'b.txt' })
  makeRun(join(runs, 'quick@2'), { accuracy: 0.352, spearman: 0.63, config: { dim: 300, threads: 3 } })
  makeRun(join(runs, 'dead'), { status: 'running', config: { model: 'cbow', lr: 0.05 }, idleDays: 40 })
  makeRun(join(runs, 'table/a'), { accuracy: 0.1 })
  makeVersion(join(runs, 'table'), [{ id: 'a' }])
  makeRun(join(runs, 'table@2/b'), { accuracy: 0.2 })
  const missing = [{ id: 'c' }, { id: 'd', folder: null, skipped: 'it needs 5 GiB' }]
  makeVersion(join(runs, 'table@2'), [{ id: 'a', folder: join(runs, 'table/a') }, { id: 'b' }, ...missing])
  return runs
}

test('the table has what tells runs apart: newest versions, and what they share', async () => {
  const runs = someRuns()
  const text = await outputOf(runs, 'list')
  const rows = text.split('\n').map((line) => line.split(/ {2,}/).slice(0, -1))
  const common = ['complete', 'skipgram', '100', '0.025', 'wiki, 1M words', '24M', '3:07']
  expect(rows).toEqual([
    'name status model dim lr corpus words time questions-words wordsim353 odd.small'.split(' '),
    ['dead', 'dead 45 %', 'cbow', '100', '0.05', 'a.txt', '10.8M', '1:24', '–', '–', '–'],
    ['quick@2', 'complete', 'skipgram', '300', '0.025', 'a.txt', '24M', '3:07', '35.2 %', '0.630', '75.0 %'],
    ['table/a', ...common, '10.0 %', '–', '75.0 %'],
    ['table@2/b', ...common, '20.0 %', '–', '75.0 %'],
    [],
  ])
  expect(await outputOf(runs, 'list', '--all')).toContain('\nquick  ')
  const chosen = [
    'list',
    '--where',
    'version=1',
    '--where',
    'questions-words>20%',
    '--columns',
    'dim,wordsim353',
  ]
  expect(await outputOf(runs, ...chosen)).toBe('name   dim  wordsim353\nquick  100       0.610\n')
  const json = JSON.parse(await outputOf(runs, 'list', '--json', '--sort=-dim', '--limit', '1'))
  expect(json).toMatchObject({
    type: 'runs',
    runs: [{ name: 'quick@2', state: 'complete', config: { dim: 300 } }],
  })
  expect(await outputOf(runs, 'list', '--versions')).toMatch(
    /\ntable@2 +4 {2}2 complete, 1 missing, 1 skipped +tiny /,
  )
  makeVersion(join(runs, 'table@3'), [], 'paper')
  expect(await outputOf(runs, 'list')).toContain('\ntable@2/b  ')
  await expect(outputOf(runs, 'list', '--columns', 'dims')).rejects.toThrow('did you mean dim?')
  expect(JSON.parse(await outputOf(runs, 'list', '--json', '--runs', 'none'))).toMatchObject({ runs: [] })
})

test('show tells what was set, what came of it, what is there, and how to go on', async () => {
  const runs = someRuns()
  const text = await outputOf(runs, 'show', 'quick@2')
  expect(text).toMatch(
    /^quick@2 {2}complete\nruns\/quick@2, 2026-05-02 10:11, millrace 0.1.0\n\nConfig\n {2}dim +300\n {2}threads +3\n {2}default: tokenizer whitespace,/,
  )
  expect(text).toMatch(/ {2}questions-words\.total +35\.2 % +17\.6 %\n/)
  expect(text).toMatch(/ {2}loss +2\.1234 /)
  expect(text).toContain('\n  npx millrace train /texts/a.txt --out runs/quick@2 --epochs 10\n')
  expect(await outputOf(runs, 'show', 'dead')).toMatch(
    /Next\n {2}npx millrace train \/texts\/a\.txt --out runs\/dead\n$/,
  )
  const version = await outputOf(runs, 'show', 'table')
  expect(version).toMatch(/^table@2 {2}2 complete, 1 missing, 1 skipped\n/)
  expect(version).toMatch(/\na +complete +10\.0 % .* {2}table\/a\n/)
  expect(version).toMatch(/\nd is not run: it needs 5 GiB\n\nmissing: c; its recipe again runs them\n$/)
  expect(JSON.parse(await outputOf(runs, 'show', 'table', '--json'))).toMatchObject({
    type: 'version',
    missing: ['c'],
  })
  expect(JSON.parse(await outputOf(runs, 'show', 'quick', '--json'))).toMatchObject({
    name: 'quick@2',
    losses: [2.1234],
  })
})

test('a damaged run is shown as far as it is known', async () => {
  const runs = someRuns()
  writeFileSync(join(runs, 'dead/run.json'), '{')
  expect(await outputOf(runs, 'show', 'dead')).toMatch(/damaged: run\.json: it is not JSON\n\nFiles\n/)
})

test('compare tells what differs, and only that', async () => {
  const runs = someRuns()
  const text = await outputOf(runs, 'compare', 'quick@1', 'quick@2')
  expect(text).toMatch(/^Config\n +quick +quick@2\n {2}dim +100 +300\n {2}threads +– +3\n\nCorpus\n/)
  expect(text).toMatch(/ {2}corpus +b\.txt +a\.txt\n/)
  expect(text).toMatch(/ {2}questions-words\.total +30\.2 % +35\.2 % \(\+5\.0\)\n/)
  expect(text).toMatch(/ {2}wordsim353\.spearman +0\.610 +0\.630 \(\+0\.020\)\n/)
  expect(text).toMatch(/\nResults {2}the same\n$/)
  const three = JSON.parse(await outputOf(runs, 'compare', 'quick@1', 'quick@2', 'table@1', '--json'))
  expect(three.runs.map(({ name }: { name: string }) => name)).toEqual(['quick', 'quick@2', 'table'])
  const versions = await outputOf(runs, 'compare', 'table@1', 'table@2')
  expect(versions).toMatch(/^table → table@2 {2}runs\/table@2\n {2}added {4}b, c, d\n {2}the same 1 run\n/)
  expect(versions).toMatch(/ {2}a +questions-words\.total +10\.0 % +10\.0 % \(±0\)\n/)
  await expect(outputOf(runs, 'compare', 'quick')).rejects.toThrow('alone cannot be compared')
  await expect(outputOf(runs, 'compare', 'quick', 'table@2')).rejects.toThrow('name one of them')
  const corpus = { label: 'wiki, 2M words', words: 2_000_000, sha256: '0123456789abcdef' }
  makeVersion(join(runs, 'table@2'), [{ id: 'a', identity: 'other', folder: join(runs, 'table/a'), corpus }])
  expect(await outputOf(runs, 'compare', 'table@1', 'table@2')).toContain(
    'a: another text: wiki, 1M words (1,000,000 words, sha256 s) → wiki, 2M words (2,000,000 words, sha256 0123456789ab)\n',
  )
})

test('path is one line, from here', async () => {
  const runs = someRuns()
  expect(await outputOf(runs, 'path', 'table@2')).toBe('runs/table@2\n')
  expect(await outputOf(runs, 'path', 'table/a', '--file', 'vectors')).toBe(
    'runs/table/a/vectors.safetensors\n',
  )
  expect(await outputOf(runs, 'path', 'table@1', '--file', 'eval')).toBe('runs/table/a/eval.json\n')
  await expect(outputOf(runs, 'path', 'table', '--file', 'eval')).rejects.toThrow('such as table@2/a')
  await expect(outputOf(runs, 'path', 'quick', '--file', 'report')).rejects.toThrow(
    'try: millrace report runs/quick@2',
  )
  await expect(outputOf(runs, 'path', 'quack')).rejects.toThrow('did you mean quick?')
})

test('prune removes nothing until it is told to, and then what it said', async () => {
  const runs = someRuns()
  const text = await outputOf(runs, 'prune')
  expect(text).toMatch(/\ndead +2\.\d KiB {2}dead 40 days ago, at 45 %\n/)
  expect(existsSync(join(runs, 'dead/run.json'))).toBe(true)
  expect(await outputOf(runs, 'prune', 'dead', '--yes')).toMatch(/removed: 2\.\d KiB\n$/)
  expect(existsSync(join(runs, 'dead'))).toBe(false)
  expect(existsSync(join(runs, 'quick/checkpoints/000001'))).toBe(true)
  const json = JSON.parse(await outputOf(runs, 'prune', '--json', '--checkpoints', 'none', '--old-versions'))
  expect(json).toMatchObject({ type: 'prune', removed: false, items: [{ name: 'quick', left: null }] })
  writeFileSync(join(runs, 'table@2/experiment.json'), '{')
  expect(JSON.parse(await outputOf(runs, 'prune', '--json', '--old-versions'))).toMatchObject({
    kept: [{ name: 'table@2', why: expect.stringContaining('so no run and no version is removed') }],
  })
  await expect(outputOf(runs, 'prune', '--older-than', 'soon')).rejects.toThrow(
    '--older-than soon is not possible',
  )
})

test('train --name makes versions, tells which, and goes on with the one that a config has', () => {
  const folder = dirname(newRuns())
  writeFileSync(join(folder, 'text.txt'), 'a b c d a b c d\n'.repeat(50))
  const train = (...more: string[]) =>
    millrace(folder, 'train', 'text.txt', '--min-count', '1', '--epochs', '1', '--no-supervise', ...more)
  expect(train('--name', 'mine', '--dim', '4').stderr).toMatch(/^mine in runs\/mine is new\n/)
  const other = train('--name', 'mine', '--dim', '6')
  expect(other.stderr).toMatch(/^mine@2 in runs\/mine@2 is new; mine: it has dim 4, and this 6\n/)
  expect(other.stdout).toContain('vectors  runs/mine@2/vectors.safetensors')
  // As long, and another text.
  writeFileSync(join(folder, 'text.txt'), 'a b c d a b c e\n'.repeat(50))
  const third = train('--name', 'mine', '--dim', '6')
  expect(third.stderr).toMatch(/^mine@2 in runs\/mine@2 has this config\n/)
  expect(third.stderr).toContain('\nmine@3 in runs/mine@3 is new; mine@2: it was trained on another text\n')
  expect(JSON.parse(readFileSync(join(folder, 'runs/mine@2/run.json'), 'utf8')).status).toBe('complete')
  const refused = train('--out', 'runs/mine', '--dim', '8')
  expect(refused).toMatchObject({ status: 2 })
  expect(refused.stderr).toContain('or use --name mine instead of --out, which makes it the next version')
  expect(train('--out', 'x', '--name', 'y').stderr).toContain('--name and --out were both given')
  expect(millrace(folder, 'runs', 'list', '--wher', 'x')).toMatchObject({ status: 2 })
})
