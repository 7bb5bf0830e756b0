import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Fate, gridRecipe, madeUpExperiment, madeUpRuns } from '../../test/report/made-up-experiment.ts'
import { findExperiment, readExperiment } from './experiment-runs.ts'

const small = {
  ...gridRecipe,
  grid: { dim: [50], words: ['24M', '783M'] },
  scales: {
    other: {},
    tiny: { as: { words: { '783M': null } } },
    wiki100: {},
  },
  tables: [],
  figures: [],
}

test('the first of paper, wiki100 and tiny that was run is shown, in its newest version', () => {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(small, { runs, scale: 'other' })
  expect(findExperiment(recipe, { runs })).toMatchObject({ scale: 'other', version: 1 })
  madeUpExperiment(small, { runs, scale: 'tiny', version: 2 })
  madeUpExperiment(small, { runs, scale: 'tiny', version: 10 })
  expect(findExperiment(recipe, { runs })).toMatchObject({ scale: 'tiny', version: 10 })
  madeUpExperiment(small, { runs, scale: 'wiki100', version: 3 })
  expect(findExperiment(recipe, { runs })).toMatchObject({ scale: 'wiki100', version: 3 })
  expect(findExperiment(recipe, { runs, scale: 'tiny' })).toMatchObject({ version: 10 })
  expect(findExperiment(recipe, { runs, version: 2 })).toMatchObject({ scale: 'tiny', version: 2 })
  expect(() => findExperiment(recipe, { runs, version: 4 })).toThrow('there are 1, 2, 3, 10')
  expect(() => findExperiment(recipe, { runs, scale: 'nowhere' })).toThrow('has no scale nowhere')
})

test('a recipe that was never run has all its runs missing', () => {
  const recipe = madeUpExperiment(small, { runs: madeUpRuns(), scale: 'tiny' })
  const experiment = findExperiment(recipe, { runs: madeUpRuns() })
  expect(experiment).toMatchObject({ scale: 'tiny', version: null, path: null })
  expect(experiment.runs.map(({ missing }) => missing)).toEqual([
    'not run yet',
    'words 783M is not run at this scale',
  ])
})

test('of a recipe whose record is damaged, that is why its runs are missing', () => {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(small, { runs, scale: 'tiny' })
  writeFileSync(join(runs, 'paper1-table2/experiment.json'), '{')
  expect(findExperiment(recipe, { runs }).runs.map(({ missing }) => missing)).toEqual([
    expect.stringMatching(/^cannot read .*experiment.json$/),
    'words 783M is not run at this scale',
  ])
})

test('what became of a run is told in few words', () => {
  const told = (fate: Fate) => {
    const runs = madeUpRuns()
    madeUpExperiment(small, { runs, scale: 'wiki100', fate: () => fate })
    return readExperiment(join(runs, 'paper1-table2')).runs[0]!.missing
  }
  const state = (status: 'running' | 'stopped' | 'failed', error: string | null = null) =>
    ({ state: { status, error, result: null, pids: { supervisor: null, trainer: process.pid } } }) as const
  expect(told(0.5)).toBe(null)
  expect(told('not begun')).toBe('not run yet')
  expect(told('refused')).toBe('failed: the corpus cannot be fetched')
  expect(told(state('running'))).toBe('still running, at 100 %')
  expect(told({ state: { status: 'running', result: null } })).toContain('ended without a word at 100 %')
  expect(told(state('stopped'))).toBe('stopped at 100 %')
  expect(told(state('failed', `${'long '.repeat(50)}\nsecond line`))).toMatch(/^failed: (long )+.*…$/)
})

test('runs are those that the recipe asks for as it is, by what they are and not by their names', () => {
  const runs = madeUpRuns()
  madeUpExperiment({ ...small, seeds: [1, 2] }, { runs, scale: 'wiki100' })
  const told = (given: object) => {
    const recipe = madeUpExperiment({ ...small, ...given }, { runs: madeUpRuns(), scale: 'wiki100' })
    return findExperiment(recipe, { runs }).runs.map(({ id, missing }) => [id, missing])
  }
  expect(told({ grid: { words: ['24M'], dim: [50, 100] } })).toEqual([
    ['words=24M,dim=50', null],
    ['words=24M,dim=100', 'not run yet'],
  ])
  const train = { ...gridRecipe.train, epochs: 9 }
  const changed = 'not run since its settings in the recipe were changed'
  expect(told({ train })).toEqual([
    ['dim=50,words=24M', changed],
    ['dim=50,words=783M', changed],
  ])
  rmSync(join(runs, 'paper1-table2/dim=50,words=24M,seed=1'), { recursive: true })
  expect(told({})).toEqual([
    ['dim=50,words=24M', 'not run yet'],
    ['dim=50,words=783M', null],
  ])
})

test('of the versions at a scale, the one that the recipe says now is shown', () => {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(small, { runs, scale: 'wiki100' })
  madeUpExperiment(
    { ...small, train: { ...gridRecipe.train, epochs: 9 } },
    { runs, scale: 'wiki100', version: 2 },
  )
  expect(findExperiment(recipe, { runs })).toMatchObject({ version: 1 })
  const none = { runs, scale: 'paper', fate: () => 'not begun' as const }
  madeUpExperiment({ ...small, scales: { ...small.scales, paper: {} } }, { ...none, version: 3 })
  expect(findExperiment(recipe, { runs })).toMatchObject({ scale: 'wiki100', version: 1 })
})

test('of versions with the same settings, of two texts, the one that was last run is shown', () => {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(small, { runs, scale: 'wiki100' })
  madeUpExperiment(small, {
    runs,
    scale: 'wiki100',
    version: 2,
    fate: (id) => (id.includes('783M') ? 0.5 : 'not begun'),
  })
  expect(findExperiment(recipe, { runs })).toMatchObject({ version: 2 })
  const file = join(runs, 'paper1-table2/experiment.json')
  const record = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...record, ranAt: '2026-06-01T00:00:00.000Z' }))
  expect(findExperiment(recipe, { runs })).toMatchObject({ version: 1 })
})
