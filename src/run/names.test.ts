import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRun, makeVersion, newRuns } from '../../test/run/made-up-runs.ts'
import { type Found, findRun, nextVersion, parseRunName, versionFolder, versionsOf } from './names.ts'

const placeOf = (found: Found) => (found.kind === 'run' ? found.folder.path : found.path)

test.each([
  ['quick', 'quick', null, null],
  ['table2@2', 'table2', 2, null],
  ['table2@2/dim=50,words=24M', 'table2', 2, 'dim=50,words=24M'],
  ['table2/a/b', 'table2', null, 'a/b'],
  ['me@home', 'me@home', null, null],
  ['quick@0', 'quick@0', null, null],
])('%s', (text, name, version, id) => {
  expect(parseRunName(text)).toEqual({ name, version, id })
})

test('the first version lies in the folder of the name itself', () => {
  expect([1, 2].map((version) => versionFolder('runs', 'a', version))).toEqual(['runs/a', 'runs/a@2'])
})

test('the next version is behind the highest folder that has anything in it', () => {
  const runs = newRuns()
  expect(nextVersion(runs, 'a')).toBe(1)
  expect(nextVersion(join(runs, 'nowhere'), 'a')).toBe(1)
  mkdirSync(join(runs, 'a'))
  writeFileSync(join(runs, 'a', 'lock'), '{}')
  expect(nextVersion(runs, 'a')).toBe(1)
  makeRun(join(runs, 'a'))
  expect(nextVersion(runs, 'a')).toBe(2)
  makeRun(join(runs, 'a@10'))
  makeRun(join(runs, 'ab@12'))
  mkdirSync(join(runs, 'a@11'))
  writeFileSync(join(runs, 'a@11', 'notes.txt'), 'mine')
  expect([versionsOf(runs, 'a'), nextVersion(runs, 'a')]).toEqual([[1, 10], 12])
})

test('a name is its newest version, a version, a run in one, or a path', () => {
  const runs = newRuns()
  for (const name of ['quick', 'quick@2', 'quick@10', 'group/deep']) makeRun(join(runs, name))
  makeRun(join(runs, 'table/dim=50'))
  makeVersion(join(runs, 'table'), [{ id: 'dim=50' }])
  makeVersion(join(runs, 'table@2'), [
    { id: 'dim=50', folder: join(runs, 'table/dim=50') },
    { id: 'dim=60' },
    { id: 'dim=70', folder: null, skipped: 'it needs 5 GiB' },
  ])
  const found = (name: string) => placeOf(findRun(name, runs)).slice(runs.length + 1)
  expect(found('quick')).toBe('quick@10')
  expect(found('quick@1')).toBe('quick')
  expect(found('quick@2/')).toBe('quick@2')
  expect(found('group/deep')).toBe('group/deep')
  expect(found('table')).toBe('table@2')
  expect(found('table@1/dim=50')).toBe('table/dim=50')
  // Shared: it lies in the version before.
  expect(found('table/dim=50')).toBe('table/dim=50')
  expect(findRun('table/dim=50', runs).label).toBe('table@2/dim=50')
  expect(found(join(runs, 'quick'))).toBe('quick')
  expect(findRun('table', runs)).toMatchObject({
    kind: 'version',
    record: { runs: [{ id: 'dim=50' }, {}, {}] },
  })
  expect(() => findRun('table/dim=60', runs)).toThrow('it was not run yet')
  expect(() => findRun('table/dim=70', runs)).toThrow('it needs 5 GiB')
  expect(() => findRun('table/dim=55', runs)).toThrow('did you mean dim=50?')
})

test('what is not there is told with the nearest', () => {
  const runs = newRuns()
  expect(() => findRun('quick', runs)).toThrow('holds no runs')
  for (const name of ['quick', 'quick@2', 'slow']) makeRun(join(runs, name))
  expect(() => findRun('quik', runs)).toThrow('did you mean quick?')
  expect(() => findRun('quick@7', runs)).toThrow('quick has versions 1, 2')
  expect(() => findRun('something', runs)).toThrow('there are quick, quick@2, slow')
  expect(() => findRun('./quick', runs)).toThrow('there is no run ./quick')
})

test('shared runs resolve in a copy of the whole folder, and a damaged version is told', () => {
  const runs = newRuns()
  makeRun(join(runs, 'table/a'))
  makeVersion(join(runs, 'table'), [{ id: 'a' }])
  makeVersion(join(runs, 'table@2'), [{ id: 'a', folder: join(runs, 'table/a') }])
  const copy = `${runs}-copied`
  cpSync(runs, copy, { recursive: true })
  rmSync(runs, { recursive: true })
  expect(placeOf(findRun('table@2/a', copy))).toBe(join(copy, 'table/a'))
  writeFileSync(join(copy, 'table@2/experiment.json'), '{"torn')
  expect(() => findRun('table', copy)).toThrow('it is not JSON')
})
