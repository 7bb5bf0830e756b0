import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expand } from './expand.ts'
import { findVersion } from './find-version.ts'
import { parseRecipe } from './recipe.ts'
import { type RunAllOptions, type RunEnd, runAll, shareOf, sharingOf } from './run-all.ts'
import { memoryOf } from './run-recorded.ts'
import { type Version, versionsOf } from './version.ts'

const given = {
  name: 'sizes',
  corpus: 'text.txt',
  grid: { dim: [10, 20, 40, 30] },
}

function makeVersion(runs = mkdtempSync(join(tmpdir(), 'millrace-')), more: object = {}, sha256 = 'a') {
  const recipe = parseRecipe({ ...given, ...more }, 'recipe.yaml')
  const expansion = expand(recipe)
  const prepared = { label: 'text', sha256, bytes: 10, words: 1000, paths: ['text.txt'] }
  const version = findVersion(
    runs,
    recipe,
    expansion,
    expansion.runs.map((run) => ({ ...run, prepared })),
    '1.0.0',
  )
  return { runs, version }
}

/** As training would leave it. */
function complete(version: Version, id: string, status = 'complete') {
  const folder = version.folderOf(version.record.runs.find((run) => run.id === id)!)!
  mkdirSync(folder.path, { recursive: true })
  writeFileSync(
    folder.runFile,
    JSON.stringify({ format: 1, status, config: {}, result: { words: 1 }, error: 'why' }),
  )
}

/** Launches nothing; runs end one after the other, the first begun first. */
function script(
  version: Version,
  end: (id: string, alone: boolean) => RunEnd = () => ({ state: 'complete' }),
) {
  const told: string[] = []
  let active = 0
  let most = 0
  const options: RunAllOptions = {
    cores: 2,
    memory: 1000,
    launch: async ({ id }, { threads, memory }) => {
      told.push(`${id} ${threads} ${memory ?? 'all'}`)
      most = Math.max(most, ++active)
      await new Promise((resolve) => setImmediate(resolve))
      active--
      const ended = end(id, memory === undefined)
      if (ended.state === 'complete') complete(version, id)
      return ended
    },
  }
  return { told, options, most: () => most }
}

const ids = (version: Version) => version.record.runs.map(({ id }) => id)

test('the longest first, as many at once as there are cores, each with its share', async () => {
  const { version } = makeVersion()
  const { told, options, most } = script(version)
  const ends = await runAll(version, ids(version), options)
  expect(told).toEqual(['dim=40 1 500', 'dim=30 1 500', 'dim=20 1 500', 'dim=10 1 500'])
  expect(most()).toBe(2)
  expect([...ends.values()].every(({ state }) => state === 'complete')).toBe(true)
})

test('what is complete is not run again; what failed is', async () => {
  const { version } = makeVersion()
  complete(version, 'dim=40')
  complete(version, 'dim=10', 'stopped')
  version.record.runs[0]!.failure = 'it failed before'
  // Its text could not be had.
  Object.assign(version.record.runs[3]!, { folder: null, failure: 'why' })
  const { told, options } = script(version)
  await runAll(version, ids(version), options)
  expect(told.map((text) => text.split(' ')[0])).toEqual(['dim=20', 'dim=10'])
})

test('one that fails does not stop the others', async () => {
  const { version } = makeVersion()
  const { options } = script(version, (id) =>
    id === 'dim=40' ? { state: 'failed', why: 'because' } : { state: 'complete' },
  )
  const ends = await runAll(version, ids(version), options)
  expect([...ends].map(([id, { state }]) => `${id} ${state}`).sort()).toEqual([
    'dim=10 complete',
    'dim=20 complete',
    'dim=30 complete',
    'dim=40 failed',
  ])
})

test('what does not fit beside others is run alone, with all the memory', async () => {
  const { version } = makeVersion()
  const { told, options } = script(version, (id, alone) =>
    id === 'dim=40' && !alone ? { state: 'too large', why: 'plan' } : { state: 'complete' },
  )
  const ends = await runAll(version, ids(version), options)
  expect(told.at(-1)).toBe('dim=40 1 all')
  expect(ends.get('dim=40')).toEqual({ state: 'complete' })
})

test('stopped, it starts no more and waits for those at work', async () => {
  const { version } = makeVersion()
  const controller = new AbortController()
  const { told, options } = script(version, () => {
    controller.abort('SIGINT')
    return { state: 'stopped' }
  })
  const ends = await runAll(version, ids(version), { ...options, stop: controller.signal })
  expect(told).toHaveLength(2)
  expect(ends.size).toBe(2)
})

test('cores are divided among few runs; many have one thread each', () => {
  expect(shareOf(1, { cores: 8 })).toEqual({ threads: 8, parallel: 1 })
  expect(shareOf(3, { cores: 8 })).toEqual({ threads: 2, parallel: 4 })
  expect(shareOf(20, { cores: 8 })).toEqual({ threads: 1, parallel: 8 })
  expect(shareOf(20, { cores: 8, parallel: 1 })).toEqual({ threads: 8, parallel: 1 })
  expect(shareOf(20, { cores: 8, threads: 4 })).toEqual({ threads: 4, parallel: 2 })
  expect(shareOf(20, { cores: 1 })).toEqual({ threads: 1, parallel: 1 })
})

test('a recipe’s own number of threads holds, unless another is asked for', async () => {
  const { version } = makeVersion(undefined, { train: { threads: 3 } })
  const { told, options } = script(version)
  await runAll(version, ids(version), options)
  expect(told[0]).toBe('dim=40 3 all')
  expect(sharingOf(version, { cores: 8 })).toEqual({ threads: 3, parallel: 2 })
  expect(sharingOf(version, { cores: 8, threads: 1 })).toEqual({ threads: 1, parallel: 8 })
})

test('a recipe’s own limit of memory holds beside its share', () => {
  expect(memoryOf({ config: { memory: '50M' } }, 2 ** 30)).toBe(50 * 2 ** 20)
  expect(memoryOf({ config: { memory: '2G' } }, 2 ** 30)).toBe(2 ** 30)
  expect(memoryOf({ config: {} }, 2 ** 30)).toBe(2 ** 30)
})

test('the same recipe is the same version; another setting or another text is the next one', () => {
  const { runs, version } = makeVersion()
  version.write()
  expect(version.path).toBe(join(runs, 'sizes'))
  expect(makeVersion(runs).version.record.version).toBe(1)
  expect(makeVersion(runs, { tables: [], title: 'Another title' }).version.record.version).toBe(1)
  const second = makeVersion(runs, { train: { epochs: 2 } }).version
  expect(second.path).toBe(join(runs, 'sizes@2'))
  second.write()
  const third = makeVersion(runs, {}, 'b').version
  expect(third.record.version).toBe(3)
  third.write()
  expect(makeVersion(runs).version.record.version).toBe(1)
  expect(makeVersion(runs, {}, 'b').version.record.version).toBe(3)
  expect(versionsOf(runs, 'sizes').map(({ record }) => record.version)).toEqual([1, 2, 3])
})

test('a run that another recipe has is not run again, and lies where it lay', async () => {
  const { runs, version } = makeVersion()
  version.write()
  complete(version, 'dim=40')
  const other = makeVersion(runs, { name: 'other', grid: { dim: [40, 50] } }).version
  expect(other.record.runs.map(({ folder }) => folder)).toEqual(['../sizes/dim=40', 'dim=50'])
  const { told, options } = script(other)
  await runAll(other, ids(other), options)
  expect(told).toEqual(['dim=50 1 500'])
})

test('two rows that are the same run are run once', async () => {
  const rows = [{ id: 'a' }, { id: 'b', train: { window: 5 } }, { id: 'c', train: { window: 6 } }]
  const { version } = makeVersion(undefined, { grid: { dim: [10] }, runs: rows })
  expect(version.record.runs.map(({ folder }) => folder)).toEqual(['a,dim=10', 'a,dim=10', 'c,dim=10'])
  const { told, options } = script(version)
  await runAll(version, ids(version), options)
  expect(told).toHaveLength(2)
})

test('a folder of that name that is no version of the recipe is left alone', () => {
  const runs = mkdtempSync(join(tmpdir(), 'millrace-'))
  mkdirSync(join(runs, 'sizes'))
  writeFileSync(join(runs, 'sizes/run.json'), '{}')
  expect(makeVersion(runs).version.path).toBe(join(runs, 'sizes@2'))
})
