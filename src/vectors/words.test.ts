import { expect, test } from 'vitest'
import { WordTable } from './words.ts'

test('every word is found at its number, and no other is', () => {
  const words = Array.from({ length: 5000 }, (_, i) => `${i % 2 ? 'word' : '낱말'}${i}`)
  const table = WordTable.from(words)
  expect(table.length).toBe(5000)
  for (const [i, word] of words.entries()) {
    expect(table.indexOf(word)).toBe(i)
    expect(table.word(i)).toBe(word)
  }
  for (const stranger of ['', 'word', 'word5000', '낱말1', 'Word1']) expect(table.indexOf(stranger)).toBe(-1)
})

test('a word is taken once, and bytes that are not UTF-8 stay what they are', () => {
  const table = new WordTable(3)
  expect(table.add(Uint8Array.of(0xff, 0x41))).toBe(0)
  expect(table.add(Uint8Array.of(0xff, 0x41))).toBe(-1)
  expect(table.add(Uint8Array.of(0xfe, 0x41))).toBe(1)
  expect([...table.bytes(1)]).toEqual([0xfe, 0x41])
  expect(table.length).toBe(2)
})

test('more words than it was made for are a broken invariant', () => {
  const table = WordTable.from(['a'])
  expect(() => table.add(Buffer.from('b'))).toThrow('more than 1 words')
})
