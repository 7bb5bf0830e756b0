import { expect, test } from 'vitest'
import { parseCsv } from './csv.ts'

test('quotes hold commas, quotes and line ends; lines are counted', () => {
  const text = 'a,b\r\n"x, y","say ""no"""\n\n"two\nlines",\n,z\n5 "ft",w'
  expect(parseCsv(text)).toEqual([
    { fields: ['a', 'b'], line: 1 },
    { fields: ['x, y', 'say "no"'], line: 2 },
    { fields: ['two\nlines', ''], line: 4 },
    { fields: ['', 'z'], line: 6 },
    { fields: ['5 "ft"', 'w'], line: 7 },
  ])
  expect(parseCsv('')).toEqual([])
  expect(parseCsv('a,')).toEqual([{ fields: ['a', ''], line: 1 }])
  expect(parseCsv('"open, b\n')).toEqual([{ fields: ['"open', ' b'], line: 1 }])
})
