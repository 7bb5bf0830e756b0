import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Vocabulary } from './vocabulary.ts'

const path = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'vocab.tsv')
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

function vocabularyOf(words: [string, number][], minCount = 1): Vocabulary {
  return Vocabulary.from(
    words.map(([word, count]) => [Buffer.from(word), count]),
    minCount,
  )
}

test('the most frequent come first, equal ones by their bytes; the rare are left out', () => {
  const vocabulary = vocabularyOf(
    [
      ['rare', 4],
      ['b', 7],
      ['a', 7],
      ['물', 5],
      ['z', 9],
    ],
    5,
  )
  expect([...vocabulary.counts]).toEqual([9, 7, 7, 5])
  expect(Array.from(vocabulary.counts, (_, i) => vocabulary.word(i))).toEqual(['z', 'a', 'b', '물'])
  expect(vocabulary.totalCount).toBe(28)
  expect(vocabulary.length).toBe(4)
})

test('what is written is read again', async () => {
  // Any word that the tokenizers can give: valid text without white space, however odd.
  const word = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => text.isWellFormed() && !/\p{White_Space}/u.test(text))
  const words = fc.uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 2 ** 40 })), {
    selector: ([text]) => text,
  })
  await fc.assert(
    fc.asyncProperty(words, async (words) => {
      const vocabulary = vocabularyOf([['\ufeffmark', 3], ...words])
      vocabulary.write(path)
      expect(await Vocabulary.read(path)).toEqual(vocabulary)
    }),
    { seed },
  )
})

test('more words than are written at once', async () => {
  const vocabulary = vocabularyOf(Array.from({ length: 25_001 }, (_, i) => [`w${i}`, 1 + (i % 7)]))
  vocabulary.write(path)
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(25_002)
  expect(await Vocabulary.read(path)).toEqual(vocabulary)
})

test('a damaged file is told with its line', async () => {
  for (const [text, line] of [
    ['a\t3\nb\n', 2],
    ['a\t3\n\t2\n', 2],
    ['a\t3\n\n', 2],
    ['a\t00\n', 1],
    ['a\t1e3\n', 1],
    ['a\t-1\n', 1],
    ['a\t99999999999999999999\n', 1],
    ['a 3\n', 1],
  ] as const) {
    writeFileSync(path, text)
    await expect(Vocabulary.read(path), text).rejects.toThrow(`line ${line} is not a word, a tab and a count`)
  }
})

test('a file cut within a line is told: the count could be another', async () => {
  vocabularyOf([
    ['mill', 1234],
    ['race', 1200],
  ]).write(path)
  const firstLine = readFileSync(path).indexOf(10) + 1
  for (let length = readFileSync(path).length - 1; length > firstLine; length--) {
    truncateSync(path, length)
    await expect(Vocabulary.read(path)).rejects.toThrow('line 2 is not')
  }
})

test('a file that cannot be read is told', async () => {
  await expect(Vocabulary.read(`${path}.none`)).rejects.toThrow(`cannot read ${path}.none`)
  await expect(Vocabulary.read(join(path, '..'))).rejects.toThrow('cannot read')
})
