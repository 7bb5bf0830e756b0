import { expect, test } from 'vitest'
import { LineCutter } from './lines.ts'

function cut(chunks: string[], limit: number) {
  const cutter = new LineCutter(limit)
  const text = Buffer.concat(chunks.map((chunk) => cutter.push(Buffer.from(chunk)))).toString()
  return { text, words: cutter.words }
}

test('long lines are cut, short ones kept, blanks and empty lines dropped', () => {
  expect(cut([' a b  c d e\n\n\tf\r\ng h i '], 3)).toEqual({ text: 'a b c\nd e\nf\ng h i', words: 9 })
})

test('where a chunk ends makes no difference', () => {
  const text = '  one two  three\nfour 다섯 six\n\nseven'
  const whole = cut([text], 2)
  expect(whole).toEqual({ text: 'one two\nthree\nfour 다섯\nsix\nseven', words: 7 })
  for (let i = 0; i <= text.length; i++) expect(cut([text.slice(0, i), text.slice(i)], 2)).toEqual(whole)
  expect(cut([...text], 2)).toEqual(whole)
})
