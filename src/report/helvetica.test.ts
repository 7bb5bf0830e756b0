import { expect, test } from 'vitest'
import { helveticaWidth } from './helvetica.ts'

test('widths are those of the letters', () => {
  expect(helveticaWidth('Hi~', 1000)).toBe(722 + 222 + 584)
  expect(helveticaWidth(' ', 10)).toBeCloseTo(2.78)
  expect(helveticaWidth('서', 11)).toBe(11)
})
