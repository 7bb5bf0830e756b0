import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WordCounter } from './word-counter.ts'

const bytes = (text: string) => Buffer.from(text)

/** What a counter keeps of pieces, and how many words that has. */
function take(pieces: Uint8Array[], limit?: number): { text: string; words: number; isFull: boolean } {
  const counter = new WordCounter(limit)
  const kept: Uint8Array[] = []
  for (const piece of pieces) {
    if (!counter.isFull) kept.push(counter.add(piece))
  }
  if (!counter.isFull) kept.push(counter.endFile())
  return { text: Buffer.concat(kept).toString(), words: counter.words, isFull: counter.isFull }
}

test('keeps the bytes up to the end of the last word', () => {
  expect(take([bytes('  one\ttwo \nthree four')], 3)).toEqual({
    text: '  one\ttwo \nthree',
    words: 3,
    isFull: true,
  })
  expect(take([bytes('one two')], 2)).toEqual({ text: 'one two', words: 2, isFull: true })
  expect(take([bytes('one two ')], 3)).toEqual({ text: 'one two ', words: 2, isFull: false })
})

test('a word that a piece cuts is one word', () => {
  expect(take([bytes('on'), bytes('e t'), bytes('wo '), bytes('three')], 2).text).toBe('one two')
})

const word = fc.stringMatching(/^[a-zé한\u{1f600}、\u2019]{1,3}$/u)
const space = fc.constantFrom(' ', '\n', '\u00a0', '\u2003', '\u3000', '\u1680', '\u0085', ' \u2028 ')

test('wherever the pieces end, words are what Unicode says, and the cut is behind the last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, space), { maxLength: 12 }),
      fc.array(fc.nat(7), { minLength: 60, maxLength: 60 }),
      fc.integer({ min: 1, max: 13 }),
      (parts, lengths, limit) => {
        const text = bytes(parts.flat().join(''))
        const pieces: Uint8Array[] = []
        let at = 0
        for (const length of lengths) pieces.push(text.subarray(at, (at += length)))
        pieces.push(text.subarray(at))
        const all = text
          .toString()
          .split(/\p{White_Space}+/u)
          .filter(Boolean)
        expect(take(pieces).words).toBe(all.length)
        expect(take(pieces).text).toBe(text.toString())
        const cut = take(pieces, limit)
        expect(text.toString().startsWith(cut.text)).toBe(true)
        expect(cut.text.split(/\p{White_Space}+/u).filter(Boolean)).toEqual(all.slice(0, limit))
        if (limit <= all.length) expect(cut.text).toBe(cut.text.trimEnd())
      },
    ),
  )
})
