import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRun, makeVersion, newRuns } from '../../test/run/made-up-runs.ts'
import { CheckpointStore } from '../checkpoint/index.ts'
import { readCatalogue } from './catalogue.ts'
import { RunFolder } from './folder.ts'
import { acquireLock } from './lock.ts'
import { type PruneOptions, planPrune, pruneOne } from './prune.ts'

const wholePlan = (runs: string, options: Partial<PruneOptions> = {}) =>
  planPrune(readCatalogue(runs), {
    checkpoints: 'old',
    olderThanMs: 30 * 86_400_000,
    oldVersions: false,
    now: Date.now(),
    ...options,
  })

const plan = (runs: string, options: Partial<PruneOptions> = {}) => wholePlan(runs, options).items

const told = (runs: string, options: Partial<PruneOptions> = {}) =>
  plan(runs, options).map(({ kind, name }) => `${kind} ${name}`)

test('of complete runs the last sound checkpoint stays; of others, all', async () => {
  const runs = newRuns()
  const { checkpoints } = makeRun(join(runs, 'done'), { checkpoints: 0 })
  makeRun(join(runs, 'stopped'), { status: 'stopped' })
  const store = new CheckpointStore(checkpoints)
  const tensors = { w: { dtype: 'F32' as const, shape: [1], bytes: new Uint8Array(4) } }
  for (let i = 0; i < 2; i++) await store.write({}, tensors)
  expect(told(runs)).toEqual(['checkpoints done/checkpoints'])
  expect(told(runs, { checkpoints: 'none' })).toEqual([])
  const [item] = plan(runs)
  expect(item!.bytes).toBeGreaterThan(100)
  // The newest turns out to be damaged: the one before it is all there is.
  const tensorsFile = join(checkpoints, '000002/tensors.safetensors')
  writeFileSync(tensorsFile, 'torn')
  expect(pruneOne(item!)).toBe('the last checkpoint is damaged')
  expect(readdirSync(checkpoints)).toEqual(['000001', '000002'])
  writeFileSync(join(checkpoints, '000002/manifest.json'), '')
  await store.write({}, tensors)
  const [again] = plan(runs)
  expect(pruneOne(again!)).toBeUndefined()
  expect(readdirSync(checkpoints)).toEqual(['000003'])
  expect(told(runs)).toEqual([])
  const [last] = plan(runs, { checkpoints: 'all' })
  expect(pruneOne(last!)).toBeUndefined()
  expect(readdirSync(checkpoints)).toEqual([])
  expect(readdirSync(join(runs, 'stopped/checkpoints'))).toHaveLength(2)
})

test('the last checkpoint of a run whose vectors are gone or cut off is all there is of it', () => {
  const runs = newRuns()
  const { vectors } = makeRun(join(runs, 'done'), { checkpoints: 1 })
  expect(told(runs, { checkpoints: 'all' })).toHaveLength(1)
  writeFileSync(vectors, readFileSync(vectors).subarray(0, -1))
  expect(told(runs, { checkpoints: 'all' })).toEqual([])
  rmSync(vectors)
  expect(told(runs, { checkpoints: 'all' })).toEqual([])
})

test('failed and dead runs go when they are old, and with them all that is theirs', () => {
  const runs = newRuns()
  makeRun(join(runs, 'dead'), { status: 'running', idleDays: 40 })
  makeRun(join(runs, 'failed'), { status: 'failed', idleDays: 31 })
  makeRun(join(runs, 'fresh'), { status: 'failed', idleDays: 3 })
  makeRun(join(runs, 'stopped'), { status: 'stopped', idleDays: 400 })
  makeRun(join(runs, 'damaged'), { status: 'failed', idleDays: 400 })
  writeFileSync(join(runs, 'damaged/run.json'), '{')
  expect(told(runs)).toEqual(['run dead', 'run failed'])
  for (const item of plan(runs)) expect(pruneOne(item)).toBeUndefined()
  expect(readdirSync(runs).filter((name) => !name.startsWith('.index'))).toEqual([
    'damaged',
    'fresh',
    'stopped',
  ])
  expect(told(runs, { olderThanMs: 0 })).toEqual(['run fresh'])
})

test('a run that was complete, and failed when it was to go on, has vectors and stays', () => {
  const runs = newRuns()
  const run = makeRun(join(runs, 'longer'), { checkpoints: 1 })
  run.write({ ...run.read(), status: 'failed' })
  const later = { now: Date.now() + 40 * 86_400_000 }
  expect(wholePlan(runs, later)).toMatchObject({
    items: [],
    kept: [{ why: expect.stringContaining('vectors') }],
  })
  rmSync(run.vectors)
  expect(told(runs, later)).toEqual(['run longer'])
})

test('a run that is alive, or was begun or changed since, is left', () => {
  const runs = newRuns()
  const alive = makeRun(join(runs, 'alive'), { status: 'running', idleDays: 40 })
  const later = makeRun(join(runs, 'later'), { status: 'running', idleDays: 40 })
  const changed = makeRun(join(runs, 'changed'), { status: 'failed', idleDays: 40 })
  const first = acquireLock(alive)
  const items = plan(runs)
  expect(items.map(({ name }) => name)).toEqual(['changed', 'later'])
  const second = acquireLock(later)
  changed.write({ ...changed.read(), status: 'complete' })
  expect(items.map(pruneOne)).toEqual(['changed has changed meanwhile', 'a process is at work in later'])
  expect([alive, later, changed].map((folder) => existsSync(folder.events))).toEqual([true, true, true])
  first.release()
  second.release()
})

test('what another version or run refers to stays, and so does what a link leads to', () => {
  const runs = newRuns()
  makeRun(join(runs, 'table/a'), { status: 'failed', idleDays: 40 })
  makeRun(join(runs, 'table/b'), { status: 'failed', idleDays: 40 })
  makeVersion(join(runs, 'table'), [{ id: 'a' }, { id: 'b' }])
  makeVersion(join(runs, 'other'), [{ id: 'a', folder: join(runs, 'table/a') }])
  const begun = makeRun(join(runs, 'begun'), { status: 'failed', idleDays: 40 })
  makeRun(join(runs, 'warm'), { config: { init: begun.vectors }, checkpoints: 1 })
  const far = makeRun(join(newRuns(), 'far'), { status: 'failed', idleDays: 40 })
  symlinkSync(far.path, join(runs, 'near'))
  expect(told(runs)).toEqual(['run table/b'])
})

test('old versions go when asked for, but for those that one which stays refers to', () => {
  const runs = newRuns()
  for (const name of ['quick', 'quick@2', 'quick@3', 'alone']) makeRun(join(runs, name), { checkpoints: 1 })
  makeRun(join(runs, 'table/a'), { checkpoints: 1 })
  makeVersion(join(runs, 'table'), [{ id: 'a' }])
  makeVersion(join(runs, 'table@2'), [{ id: 'a', folder: join(runs, 'table/a') }])
  makeVersion(join(runs, 'table@3'), [{ id: 'a', folder: join(runs, 'table/a') }])
  makeRun(join(runs, 'warm'), { config: { init: join(runs, 'quick@2') }, checkpoints: 1 })
  const lock = acquireLock(makeRun(join(runs, 'busy'), { checkpoints: 1 }))
  makeRun(join(runs, 'busy@2'), { checkpoints: 1 })
  expect(told(runs)).toEqual([])
  expect(told(runs, { oldVersions: true }).sort()).toEqual(['version quick', 'version table@2'])
  lock.release()
  expect(told(runs, { oldVersions: true }).sort()).toEqual([
    'version busy',
    'version quick',
    'version table@2',
  ])
  for (const item of plan(runs, { oldVersions: true })) expect(pruneOne(item)).toBeUndefined()
  expect(readCatalogue(runs).runs.map(({ name }) => name)).toEqual([
    'alone',
    'busy@2',
    'quick@2',
    'quick@3',
    'table/a',
    'warm',
  ])
})

test('the newest version of each scale stays', () => {
  const runs = newRuns()
  const scales = ['wiki100', 'tiny', 'tiny', null, 'wiki100', null]
  for (const [i, scale] of scales.entries())
    makeVersion(join(runs, i === 0 ? 'grid' : `grid@${i + 1}`), [], scale)
  makeRun(join(runs, 'grid@7'), { checkpoints: 1 })
  expect(told(runs, { oldVersions: true })).toEqual([
    'version grid',
    'version grid@2',
    'version grid@4',
    'version grid@6',
  ])
})

test('the version that a recipe was last run as is its newest; an older one stays until that is complete', () => {
  const runs = newRuns()
  const ran = (path: string, ranAt: string) => {
    const file = join(runs, path, 'experiment.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ranAt }))
  }
  for (const name of ['table', 'table@2']) {
    makeVersion(join(runs, name), [{ id: 'a' }, { id: 'b' }])
    for (const id of ['a', 'b']) makeRun(join(runs, name, id), { checkpoints: 1 })
  }
  ran('table', '2026-05-09T00:00:00Z')
  expect(told(runs, { oldVersions: true })).toEqual(['version table@2'])
  rmSync(join(runs, 'table/b'), { recursive: true })
  const { items, kept } = wholePlan(runs, { oldVersions: true })
  expect(items).toEqual([])
  expect(kept).toMatchObject([{ name: 'table@2', why: 'table is not complete' }])
})

test('a folder with another run or version below it stays, however deep that is', () => {
  const runs = newRuns()
  for (const name of ['proj', 'deep', 'grown', 'late'])
    makeRun(join(runs, name), { status: 'failed', idleDays: 40 })
  makeRun(join(runs, 'proj/exp1'), { checkpoints: 1 })
  makeRun(join(runs, 'deep/1/2/3/4'))
  makeVersion(join(runs, 'grown/table'), [])
  const { items, kept } = wholePlan(runs)
  expect(items.map(({ name }) => name)).toEqual(['late'])
  expect(kept.map(({ name, why }) => `${name}: ${why}`)).toEqual([
    'deep: failed, and it holds deep/1/2/3/4',
    'grown: failed, and it holds grown/table',
    'proj: failed, and it holds proj/exp1',
  ])
  makeRun(join(runs, 'late/meanwhile'))
  expect(pruneOne(items[0]!)).toBe('meanwhile has come into it meanwhile')
  expect(existsSync(join(runs, 'late/run.json'))).toBe(true)

  makeRun(join(runs, 'table/a'))
  makeRun(join(runs, 'table/mine'))
  makeVersion(join(runs, 'table'), [{ id: 'a' }])
  makeVersion(join(runs, 'table@2'), [])
  expect(wholePlan(runs, { oldVersions: true }).kept.at(-1)).toMatchObject({
    name: 'table',
    why: 'it holds table/mine, which is none of its own runs',
  })
})

test.each(['{"format":1,', '{"format":2,"runs":[]}'])(
  'no run and no version goes while an experiment.json is %s, since nobody knows what it refers to',
  (damage) => {
    const runs = newRuns()
    makeRun(join(runs, 'table/a'))
    makeVersion(join(runs, 'table'), [{ id: 'a' }])
    makeVersion(join(runs, 'table@2'), [])
    makeVersion(join(runs, 'table@3'), [])
    makeRun(join(runs, 'dead'), { status: 'running', idleDays: 40 })
    expect(told(runs, { oldVersions: true })).toHaveLength(3)
    writeFileSync(join(runs, 'table@3/experiment.json'), damage)
    const { items, kept } = wholePlan(runs, { oldVersions: true })
    expect(items.map(({ name }) => name)).toEqual(['table/a/checkpoints'])
    expect(kept[0]).toMatchObject({ name: 'table@3', why: expect.stringContaining('no run and no version') })
  },
)

test('a run stays whose supervisor is about to start it again, or whose recipe is at work', () => {
  const runs = newRuns()
  const own = makeRun(join(runs, 'own'), { status: 'running', idleDays: 40 })
  const one = makeRun(join(runs, 'table/a'), { status: 'running', idleDays: 40 })
  makeVersion(join(runs, 'table'), [{ id: 'a' }])
  const items = plan(runs)
  expect(items).toHaveLength(2)
  const lock = acquireLock(new RunFolder(join(runs, 'table')))
  const supervisor = JSON.parse(readFileSync(join(runs, 'table/lock'), 'utf8'))
  writeFileSync(own.lock, JSON.stringify({ pid: 999_999_999, born: '1', supervisor }))
  expect(told(runs)).toEqual([])
  expect(items.map(pruneOne)).toEqual(['a process is at work in own', 'a process is at work in table'])
  lock.release()
  rmSync(own.lock)
  expect(plan(runs).map(pruneOne)).toEqual([undefined, undefined])
  expect([own, one].map((folder) => existsSync(folder.path))).toEqual([false, false])
})

test('links: what one leads to stays, nothing is removed by way of one, and a path may go by one', () => {
  const runs = newRuns()
  const begun = makeRun(join(runs, 'begun'), { status: 'failed', idleDays: 40 })
  const linked = makeRun(join(runs, 'linked'), { status: 'failed', idleDays: 40 })
  makeRun(join(runs, 'quick'), { checkpoints: 0 })
  makeRun(join(runs, 'quick@2'), { checkpoints: 0 })
  const far = makeRun(join(newRuns(), 'far'))
  const done = makeRun(join(runs, 'done'))
  rmSync(done.checkpoints, { recursive: true })
  symlinkSync(far.checkpoints, done.checkpoints)
  writeFileSync(join(far.checkpoints, 'x.1.tmp'), '')
  const way = `${runs}-by-link`
  symlinkSync(runs, way)
  // The one names the vectors by the real path, the other is looked at by way of the link.
  makeRun(join(runs, 'warm'), { config: { init: begun.vectors }, checkpoints: 1 })
  expect(told(way, { oldVersions: true })).toEqual(['run linked', 'version quick'])
  symlinkSync(linked.path, join(runs, 'latest'))
  symlinkSync('quick', join(runs, 'best'))
  symlinkSync('round', join(runs, 'round'))
  expect(told(runs, { oldVersions: true, checkpoints: 'all' })).toEqual(['checkpoints warm/checkpoints'])
})

test('what killed processes left goes, and nothing else of a run', () => {
  const runs = newRuns()
  const run = makeRun(join(runs, 'stopped'), { status: 'stopped' })
  writeFileSync(join(run.path, 'vocab.tsv.123.tmp'), 'half')
  mkdirSync(join(run.checkpoints, '.3.tmp'))
  writeFileSync(join(run.checkpoints, '.3.tmp/tensors.safetensors'), 'half')
  mkdirSync(join(runs, '.gone.123.pruned'))
  // A version is not kept for what a prune has left in it.
  makeRun(join(runs, 'table/.a.123.pruned'), { status: 'failed' })
  makeVersion(join(runs, 'table'), [])
  makeVersion(join(runs, 'table@2'), [])
  mkdirSync(run.counting)
  expect(told(runs, { oldVersions: true })).toContain('version table')
  expect(told(runs)).toEqual([
    'leftover .gone.123.pruned',
    'leftover table/.a.123.pruned',
    'leftover stopped/vocab.tsv.123.tmp',
    'leftover stopped/checkpoints/.3.tmp',
  ])
  for (const item of plan(runs)) expect(pruneOne(item)).toBeUndefined()
  expect(readdirSync(run.path).sort()).toEqual([
    'checkpoints',
    'counting',
    'events.ndjson',
    'run.json',
    'vocab.tsv',
  ])
  expect(readdirSync(run.checkpoints)).toEqual(['000001', '000002'])
})
