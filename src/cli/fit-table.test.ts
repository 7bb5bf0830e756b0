import { stripVTControlCharacters, styleText } from 'node:util'
import { expect, test } from 'vitest'
import { type Column, fitTable, shownWidth } from './fit-table.ts'

const columns: Column[] = [
  { head: 'name', cells: ['quick', '한국어'] },
  { head: 'status', cells: [styleText('green', 'complete', { validateStream: false }), 'dead'], weight: 9 },
  { head: 'empty', cells: ['', ''], weight: 10 },
  { head: 'words', cells: ['24,000,000', '7'], align: 'right', weight: 1 },
  { head: 'age', cells: ['2 d', '10 d'], align: 'right', weight: 2 },
]
const plain = (width: number) => stripVTControlCharacters(fitTable(columns, width).text)

test('columns stand under their heads, by the width that a terminal gives their characters', () => {
  expect(plain(80)).toBe(
    [
      'name    status         words   age',
      'quick   complete  24,000,000   2 d',
      '한국어  dead               7  10 d',
    ].join('\n'),
  )
})

test('of what does not fit, the least is left out, and told; what fits beside it stays', () => {
  for (let width = 4; width <= 40; width++) {
    const lines = plain(width).split('\n')
    expect(Math.max(...lines.map(shownWidth)), String(width)).toBeLessThanOrEqual(width)
  }
  expect(fitTable(columns, 33).dropped).toEqual(['words'])
  expect(fitTable(columns, 16).dropped).toEqual(['words', 'age'])
  expect(fitTable(columns, 15).dropped).toEqual(['status', 'words'])
  expect(fitTable(columns, 4)).toEqual({ text: 'name\n…ick\n…어', dropped: ['status', 'words', 'age'] })
})

test('a column that may be cut is cut rather than left out', () => {
  const why = { head: 'why', cells: ['it was left behind by a process'], weight: 1, mayBeCut: true }
  const name = { head: 'name', cells: ['quick'] }
  expect(fitTable([name, why], 24).text).toBe('name   why\nquick  it was left behi…')
  expect(fitTable([name, why], 12).dropped).toEqual(['why'])
  expect(fitTable([name, why], 80).text).toBe('name   why\nquick  it was left behind by a process')
})
