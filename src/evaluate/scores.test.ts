import { expect, test } from 'vitest'
import { madeUpScores } from '../../test/report/made-up-run.ts'
import { mergeScores, type Scores, scoreAt } from './scores.ts'

test('a score is found by its path', () => {
  const scores = madeUpScores()
  expect(
    Object.fromEntries(
      [
        'analogies',
        'analogies.total',
        'analogies.syntactic',
        'analogies.syntactic.ofAll',
        'analogies.semantic',
        'analogies.gram1-<plural>',
        'analogies.ofAll',
        'wordsim',
        'wordsim.pearson',
        'odd',
        'odd.ofAll',
        // What is not there:
        'wordsim.ofAll',
        'wordsim.kendall',
        'odd.total',
        'analogies.nowhere',
        'analog',
        '',
      ].map((path) => [path, scoreAt(scores, path)]),
    ),
  ).toEqual({
    analogies: 0.25,
    'analogies.total': 0.25,
    'analogies.syntactic': 0.25,
    'analogies.syntactic.ofAll': 0.245,
    'analogies.semantic': null,
    'analogies.gram1-<plural>': 0.25,
    'analogies.ofAll': 490 / 2012,
    wordsim: 0.6125,
    'wordsim.pearson': 0.5,
    odd: 0.75,
    'odd.ofAll': 0.75,
    'wordsim.ofAll': null,
    'wordsim.kendall': null,
    'odd.total': null,
    'analogies.nowhere': null,
    analog: null,
    '': null,
  })
})

test('of names that begin alike the longest is meant', () => {
  const scores = madeUpScores()
  scores.odd.push({ ...scores.odd[0]!, name: 'analogies.total', accuracy: 0.125 })
  expect(scoreAt(scores, 'analogies.total')).toBe(0.125)
  expect(scoreAt(scores, 'analogies')).toBe(0.25)
})

test('scores of now take the place of those asked alike, the others stay', () => {
  const before = madeUpScores()
  const now: Scores = {
    ...before,
    analogies: [],
    pairs: [{ ...before.pairs[0]!, pairs: 1 }],
    odd: [{ ...before.odd[0]!, name: 'new' }],
  }
  const merged = mergeScores(before, now)
  expect(merged.analogies).toEqual(before.analogies)
  expect(merged.pairs).toEqual(now.pairs)
  expect(merged.odd.map(({ name }) => name)).toEqual(['odd', 'new'])
  const odd = { ...now, pairs: [], odd: [{ ...before.odd[0]!, name: 'wordsim' }] }
  expect(mergeScores(before, odd)).toMatchObject({ pairs: [], odd: [{ name: 'odd' }, { name: 'wordsim' }] })
  const other = { ...now, pairs: [], odd: [], analogies: [{ ...before.analogies[0]!, restrict: 7 }] }
  const both = mergeScores(before, other)
  expect(both.analogies).toEqual([before.analogies[0], other.analogies[0]])
  expect(mergeScores(both, { ...other, analogies: before.analogies }).analogies).toHaveLength(2)
  expect(mergeScores(undefined, now)).toEqual(now)
  expect(mergeScores(before, { ...now, trained: 5000 })).toEqual({ ...now, trained: 5000 })
})
