import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { makeRun, makeVersion, newRuns } from '../../test/run/made-up-runs.ts'
import { readCatalogue, readRun } from './catalogue.ts'
import { RunFolder } from './folder.ts'
import { acquireLock } from './lock.ts'

const namesOf = (runs: string) => readCatalogue(runs).runs.map(({ name }) => name)
const indexOf = (runs: string) => join(runs, '.index.sqlite')

function someRuns(): string {
  const runs = newRuns()
  makeRun(join(runs, 'b'), { accuracy: 0.3, spearman: 0.6, config: { dim: 300 } })
  makeRun(join(runs, 'a@2'))
  makeRun(join(runs, 'a@10'))
  makeRun(join(runs, 'table/dim=50'))
  makeVersion(join(runs, 'table'), [{ id: 'dim=50' }])
  return runs
}

test('all that lies within three folders is found, and read once', () => {
  const runs = someRuns()
  makeRun(join(runs, 'x/y/z'))
  makeRun(join(runs, 'x/y/w/v'))
  makeRun(join(runs, 'b/checkpoints/000001'))
  makeRun(join(runs, 'b/inside'))
  const { runs: found, versions, readCount } = readCatalogue(runs)
  expect(found.map(({ name }) => name)).toEqual(['a@2', 'a@10', 'b', 'b/inside', 'table/dim=50', 'x/y/z'])
  expect(versions).toMatchObject([{ name: 'table', family: 'table', version: 1, fault: null }])
  expect(readCount).toBe(7)
  expect(found[1]).toMatchObject({ family: 'a', version: 10, folder: join(runs, 'a@10') })
  expect(found[4]!.corpus.label).toBe('wiki, 1M words')
  expect(found[2]).toMatchObject({
    state: 'complete',
    words: 24_000_000,
    finalLoss: 2.1234,
    corpus: { label: 'a.txt', words: 4_800_000 },
    scores: {
      'questions-words.total': 0.3,
      'questions-words.total.ofAll': 0.15,
      'questions-words.gram1-adjective': 0.25,
      'wordsim353.spearman': 0.6,
      'odd.small': 0.75,
    },
    mainScores: ['questions-words.total', 'wordsim353.spearman', 'odd.small'],
  })
  expect(readCatalogue(runs)).toEqual({ ...readCatalogue(runs), runs: found, readCount: 0 })
})

test('what changed is read again, and nothing else; what is gone is dropped', () => {
  const runs = someRuns()
  readCatalogue(runs)
  const folder = new RunFolder(join(runs, 'b'))
  folder.write({ ...folder.read(), status: 'stopped' })
  rmSync(join(runs, 'a@2'), { recursive: true })
  const changed = readCatalogue(runs)
  expect([changed.readCount, changed.runs.map(({ name, state }) => `${name} ${state}`)]).toEqual([
    1,
    ['a@10 complete', 'b stopped', 'table/dim=50 complete'],
  ])
  // Written over, which its folder does not tell.
  writeFileSync(folder.scores, '{"format":2}')
  expect(readCatalogue(runs)).toMatchObject({ readCount: 1 })
  rmSync(folder.scores)
  expect(readCatalogue(runs)).toMatchObject({ readCount: 1 })
  rmSync(join(folder.checkpoints, '000001'), { recursive: true })
  expect(readCatalogue(runs)).toMatchObject({ readCount: 1 })
  expect(readCatalogue(runs)).toMatchObject({ readCount: 0 })
  renameSync(join(runs, 'b'), join(runs, 'c'))
  expect(namesOf(runs)).toEqual(['a@10', 'c', 'table/dim=50'])
  const database = new DatabaseSync(indexOf(runs))
  expect(database.prepare('SELECT count(*) AS count FROM folders').get()).toEqual({ count: 4 })
  database.close()
})

test.each([
  ['is deleted', (path: string) => rmSync(path)],
  ['is no database', (path: string) => writeFileSync(path, 'not a database '.repeat(500))],
  ['is cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
  [
    'is damaged inside',
    (path: string) => {
      const bytes = readFileSync(path)
      bytes.fill(0xa5, 4096)
      writeFileSync(path, bytes)
    },
  ],
  [
    'is of another format',
    (path: string) => {
      const database = new DatabaseSync(path)
      database.exec('DROP TABLE folders; PRAGMA user_version = 99')
      database.close()
    },
  ],
])('an index that %s is made anew', (_, damage) => {
  const runs = someRuns()
  const before = readCatalogue(runs).runs
  damage(indexOf(runs))
  expect(readCatalogue(runs)).toMatchObject({ runs: before, readCount: 5 })
  expect(readCatalogue(runs)).toMatchObject({ runs: before, readCount: 0 })
})

test.each(['substr(facts, 1, 100)', "'null'", "'{}'"])(
  'rows that are damaged (%s) are read again',
  (damage) => {
    const runs = someRuns()
    const before = readCatalogue(runs)
    const database = new DatabaseSync(indexOf(runs))
    database.exec(`UPDATE folders SET facts = ${damage} WHERE path <> 'b'`)
    database.close()
    expect(readCatalogue(runs)).toEqual({ ...before, readCount: 4 })
    expect(readCatalogue(runs)).toEqual({ ...before, readCount: 0 })
  },
)

test('where no index can be written, there is one in memory', () => {
  const runs = someRuns()
  mkdirSync(indexOf(runs))
  expect(namesOf(runs)).toEqual(['a@2', 'a@10', 'b', 'table/dim=50'])
  rmSync(indexOf(runs), { recursive: true })
  chmodSync(runs, 0o555)
  expect(namesOf(runs)).toHaveLength(4)
  chmodSync(runs, 0o755)
})

test('nothing is written where there is no folder, and Node’s warning of SQLite is not shown', () => {
  const runs = join(newRuns(), 'none')
  const warned = vi.spyOn(process, 'emitWarning')
  expect(readCatalogue(runs)).toMatchObject({ runs: [], versions: [] })
  expect(existsSync(runs)).toBe(false)
  readCatalogue(someRuns())
  expect(warned).not.toHaveBeenCalled()
})

test('an index that another process holds is waited for, or done without', () => {
  const runs = someRuns()
  readCatalogue(runs)
  makeRun(join(runs, 'new'))
  const other = new DatabaseSync(indexOf(runs))
  other.exec('BEGIN IMMEDIATE')
  expect(namesOf(runs)).toContain('new')
  other.exec('ROLLBACK')
  other.close()
  expect(readCatalogue(runs)).toMatchObject({ readCount: 1 })
})

test('two processes at once make one index', () => {
  const runs = someRuns()
  const module = join(import.meta.dirname, 'catalogue.ts')
  const script = `import { readCatalogue } from '${module}'; console.log(readCatalogue('${runs}').runs.length)`
  const run = `"${process.execPath}" --conditions=millrace-source --input-type=module -e "${script}"`
  const printed = execFileSync('sh', ['-c', `${run} & ${run} & wait`], { encoding: 'utf8' })
  expect(printed).toBe('4\n4\n')
  expect(readCatalogue(runs)).toMatchObject({ readCount: 0 })
})

test('a copy, with its index or without, is what the original was', () => {
  const runs = someRuns()
  const before = readCatalogue(runs).runs
  const copy = `${runs}-copied`
  cpSync(runs, copy, { recursive: true })
  rmSync(runs, { recursive: true })
  const inCopy = before.map((run) => ({
    ...run,
    folder: run.folder.replace(runs, copy),
    changedAt: expect.any(String),
  }))
  expect(readCatalogue(copy).runs).toEqual(inCopy)
  rmSync(indexOf(copy))
  expect(readCatalogue(copy).runs).toEqual(inCopy)
})

test('where the folder is moved with its index, nothing is read again, and all paths are new', () => {
  const runs = someRuns()
  readCatalogue(runs)
  const moved = `${runs}-moved`
  renameSync(runs, moved)
  const { versions, runs: found, readCount } = readCatalogue(moved)
  expect(readCount).toBe(0)
  expect(versions[0]!.record!.runs[0]!.folder).toBe(join(moved, 'table/dim=50'))
  expect(found.at(-1)).toMatchObject({
    folder: join(moved, 'table/dim=50'),
    corpus: { label: 'wiki, 1M words' },
  })
})

test('a run that nobody living holds is dead, wherever it was begun; its progress is known', () => {
  const runs = newRuns()
  const folder = makeRun(join(runs, 'mine'), { status: 'running' })
  const state = () => readCatalogue(runs).runs[0]!.state
  expect(state()).toBe('dead')
  const lock = acquireLock(folder)
  expect(state()).toBe('running')
  lock.release()
  // Of another machine, whose process has the number of one that lives here.
  writeFileSync(folder.lock, JSON.stringify({ pid: process.pid, born: '12' }))
  expect(state()).toBe('dead')
  expect(readCatalogue(runs).runs[0]).toMatchObject({ fraction: 0.45, words: 10_800_000, seconds: 84 })
})

test('what is damaged is a row with its fault, and the others are there', () => {
  const runs = someRuns()
  writeFileSync(join(runs, 'a@2/run.json'), '{"torn')
  writeFileSync(join(runs, 'a@10/run.json'), '{"format":1}')
  writeFileSync(join(runs, 'b/eval.json'), '[')
  writeFileSync(join(runs, 'table/experiment.json'), '{"format":7}')
  const { runs: found, versions } = readCatalogue(runs)
  expect(found.map(({ name, state, fault }) => [name, state, fault])).toEqual([
    ['a@2', 'damaged', 'run.json: it is not JSON'],
    ['a@10', 'damaged', 'run.json: keys are missing from it'],
    ['b', 'complete', null],
    ['table/dim=50', 'complete', null],
  ])
  expect(found[2]!.scores).toEqual({})
  expect(versions[0]).toMatchObject({ record: undefined, fault: 'it has format 7; this version reads 1' })
})

test('scores of format 1 are none, a link to a run is followed, and one to nothing is passed over', () => {
  const runs = newRuns()
  const elsewhere = makeRun(join(newRuns(), 'far'), { accuracy: 0.3 })
  writeFileSync(
    elsewhere.scores,
    JSON.stringify({ format: 1, analogies: [{ name: 'a', total: { accuracy: 1 } }] }),
  )
  symlinkSync(elsewhere.path, join(runs, 'near'))
  symlinkSync(runs, join(runs, 'round'))
  symlinkSync('/nowhere', join(runs, 'lost'))
  symlinkSync('itself', join(runs, 'itself'))
  expect(readCatalogue(runs).runs.find(({ name }) => name === 'near')).toMatchObject({
    scores: {},
    mainScores: [],
  })
})

test('one run is read wherever it lies, with what its recipe calls its text', () => {
  const runs = someRuns()
  expect(readRun(join(runs, 'table/dim=50'), 'mine')).toMatchObject({
    name: 'mine',
    corpus: { label: 'wiki, 1M words' },
  })
})
