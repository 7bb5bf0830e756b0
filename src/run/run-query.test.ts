import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRun, makeVersion, newRuns } from '../../test/run/made-up-runs.ts'
import { readCatalogue } from './catalogue.ts'
import { compareRuns, compareVersions } from './compare.ts'
import { type FieldValue, fieldOf, parseCondition, type RunQuery, selectRuns } from './run-query.ts'

const runs = newRuns()
makeRun(join(runs, 'a'), { accuracy: 0.3, spearman: 0.6, config: { dim: 100, sample: 1e-4 } })
makeRun(join(runs, 'b'), { accuracy: 0.4, config: { dim: 300, radius: 'fixed' } })
makeRun(join(runs, 'c'), { status: 'failed', config: { dim: 1000 }, text: 'Wiki.txt' })
const all = readCatalogue(runs).runs
const defaults = { radius: 'drawn', sample: 1e-3, init: null }

function select(where: string[], more: RunQuery = {}): string {
  const found = selectRuns(all, { where: where.map(parseCondition), defaults, ...more })
  return found.map(({ name }) => name).join('')
}

test.each([
  ['dim=300', 'b'],
  ['dim!=300', 'ac'],
  ['dim>100', 'bc'],
  ['dim >= 100', 'abc'],
  ['dim<1k', 'ab'],
  ['config.dim<=300', 'ab'],
  ['sample=1e-4', 'a'],
  ['sample=0.001', 'bc'],
  ['radius=drawn', 'ac'],
  ['init=none', 'abc'],
  ['status=complete', 'ab'],
  ['words>20M', 'ab'],
  ['peakRssBytes<=50M', 'abc'],
  ['corpus~wiki', 'c'],
  ['created>2026-05-01', 'abc'],
  ['created>2026-05-03', ''],
  ['error~disk', 'c'],
  ['questions-words>0.35', 'b'],
  ['questions-words.total>35%', 'b'],
  ['questions-words.semantic<0.45', 'a'],
  ['questions-words.gram1-adjective=0.25', 'ab'],
  ['questions-words.ofAll>=0.2', 'b'],
  ['wordsim353>0.5', 'a'],
  ['wordsim353.pearson=0.5', 'a'],
  ['odd.small.ofAll=0.375', 'ab'],
  ['scores.wordsim353!=1', 'abc'],
  ['wordsim353=', 'bc'],
])('%s holds for %s', (condition, expected) => {
  expect(select([condition])).toBe(expected)
})

test('all conditions hold; runs are sorted by several fields, and those without a value come last', () => {
  expect(select(['dim>100', 'status=complete'])).toBe('b')
  expect(select([], { sort: ['-dim'] })).toBe('cba')
  expect(select([], { sort: ['questions-words.total'] })).toBe('abc')
  expect(select([], { sort: ['-questions-words.total'] })).toBe('bac')
  expect(select([], { sort: ['radius', '-dim'] })).toBe('cab')
  expect(select([], { sort: ['-dim'], limit: 2 })).toBe('cb')
})

test('an unknown field, a condition that is none and a comparison with no number are told', () => {
  expect(() => select(['dims=3'])).toThrow('no run here has a field dims\n  try: did you mean dim?')
  expect(() => select([], { sort: ['-question-words.total'] })).toThrow('did you mean questions-words.total?')
  expect(() => select(['nonsense.everywhere=3'])).toThrow('scores such as questions-words.total')
  expect(() => select(['dim'])).toThrow('dim is no condition')
  expect(() => select(['dim>wide'])).toThrow('dim is a number, and wide is none')
  expect(selectRuns([], { where: [parseCondition('dims=3')] })).toEqual([])
})

test('runs are compared in config with its defaults, corpus, scores and results', () => {
  const compared = compareRuns([all[0]!, all[1]!], defaults)
  const changed = Object.values(compared)
    .flat()
    .filter(({ isSame }) => !isSame)
  expect(Object.fromEntries(changed.map(({ field, values }) => [field, values]))).toEqual({
    radius: ['drawn', 'fixed'],
    sample: [1e-4, 1e-3],
    dim: [100, 300],
    'questions-words.total': [0.3, 0.4],
    'questions-words.total.ofAll': [0.15, 0.2],
    'questions-words.semantic': [0.4, 0.5],
    'questions-words.semantic.ofAll': [0.2, 0.25],
    'questions-words.syntactic': [expect.closeTo(0.2), expect.closeTo(0.3)],
    'questions-words.syntactic.ofAll': [expect.closeTo(0.1), expect.closeTo(0.15)],
    'wordsim353.spearman': [0.6, null],
    'wordsim353.pearson': [0.5, null],
  } satisfies Record<string, FieldValue[]>)
  expect(
    compareRuns([all[0]!, all[2]!])
      .corpus.filter(({ isSame }) => !isSame)
      .map(({ values }) => values),
  ).toEqual([
    ['a.txt', 'Wiki.txt'],
    ['f-a.txt', 'f-Wiki.txt'],
  ])
  expect(fieldOf(all[2]!, 'status')).toBe('failed')
})

test('a run stays the same when its recipe gets more seeds, though its id then names its own', () => {
  const folder = newRuns()
  makeVersion(join(folder, 't'), [{ id: 'dim=50' }])
  makeVersion(join(folder, 't@2'), [
    { id: 'dim=50,seed=1', identity: 'dim=50' },
    { id: 'dim=50,seed=2', seed: 2, identity: 'other' },
  ])
  const { versions, runs } = readCatalogue(folder)
  const { added, removed, same } = compareVersions(versions[0]!, versions[1]!, runs, defaults)
  expect({ added, removed, same }).toEqual({ added: ['dim=50,seed=2'], removed: [], same: ['dim=50,seed=1'] })
})

test('of two versions it is told which runs came, went and changed, and how scores moved', () => {
  const folder = newRuns()
  makeRun(join(folder, 't/same'), { accuracy: 0.2 })
  makeRun(join(folder, 't/other'), { accuracy: 0.3, config: { dim: 50 } })
  makeRun(join(folder, 't@2/other'), { accuracy: 0.4, config: { dim: 60 } })
  makeVersion(join(folder, 't'), [
    { id: 'same' },
    { id: 'other', identity: 'x' },
    { id: 'gone' },
    { id: 'text', identity: 'x' },
  ])
  const same = { id: 'same', folder: join(folder, 't/same') }
  makeVersion(join(folder, 't@2'), [
    same,
    { id: 'other', identity: 'y' },
    { id: 'new' },
    { id: 'text', identity: 'y', corpus: { label: 'wiki, 2M words', sha256: 'z', words: 2_000_000 } },
  ])
  const { versions, runs } = readCatalogue(folder)
  const compared = compareVersions(versions[0]!, versions[1]!, runs, defaults)
  expect(compared).toMatchObject({
    added: ['new'],
    removed: ['gone'],
    same: ['same'],
    changed: [
      { id: 'other', corpus: [], config: [{ field: 'dim', values: [50, 60] }] },
      {
        id: 'text',
        config: [],
        corpus: [
          { field: 'label', values: ['wiki, 1M words', 'wiki, 2M words'], isSame: false },
          { field: 'words', values: [1_000_000, 2_000_000], isSame: false },
          { field: 'sha256', values: ['s', 'z'], isSame: false },
        ],
      },
    ],
  })
  expect(compared.scores.map(({ id, fields }) => [id, fields[0]!.values])).toEqual([
    ['same', [0.2, 0.2]],
    ['other', [0.3, 0.4]],
  ])
  // Without what the recipe says of its text, what the runs have counted tells.
  makeVersion(join(folder, 't'), [{ id: 'other', corpus: { sha256: null } }])
  makeRun(join(folder, 't@2/other'), { text: 'b.txt', checkpoints: 0 })
  makeVersion(join(folder, 't@2'), [{ id: 'other', identity: 'y', corpus: { sha256: null } }])
  const counted = readCatalogue(folder)
  expect(
    compareVersions(counted.versions[0]!, counted.versions[1]!, counted.runs, defaults).changed[0]!.corpus,
  ).toMatchObject([
    {},
    { values: [4_800_000, 4_800_000] },
    { field: 'fingerprint', values: ['f-a.txt', 'f-b.txt'] },
  ])
})
