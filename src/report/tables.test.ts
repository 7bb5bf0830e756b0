import { expect, test } from 'vitest'
import { madeUpScores, madeUpVectors } from '../../test/report/made-up-run.ts'
import { neighboursOf, scoreRows, tellingWords } from './tables.ts'

test('scores are rows, the parts of a test indented below it', () => {
  expect(scoreRows(madeUpScores())).toEqual([
    ['test', 'score', 'right', 'asked', 'skipped'],
    ['analogies', '25.0 %', '490', '1,960', '52'],
    ['  semantic', '–', '0', '0', '12'],
    ['  syntactic', '25.0 %', '490', '1,960', '40'],
    ['    nations', '–', '0', '0', '12'],
    ['    gram1-<plural>', '25.0 %', '490', '1,960', '40'],
    ['odd', '75.0 %', '45', '60', '0'],
    ['wordsim', 'ρ 0.613', '', '340', '13'],
  ])
})

test('neighbours of the words asked for, in that order; words that are not there are left out', () => {
  const found = neighboursOf(madeUpVectors(), { words: ['gold', 'zebra', 'war'], count: 3 })
  expect(found.map(({ word }) => word)).toEqual(['gold', 'war'])
  expect(found[0]!.near).toHaveLength(3)
})

test('when nobody says which, telling words that are there are taken', () => {
  expect(tellingWords(madeUpVectors())).toEqual(['war', 'gold', 'school', 'january', 'king', 'river'])
})
