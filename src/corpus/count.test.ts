import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { randomText, textParts } from '../../test/support/texts.ts'
import { StoppedError } from '../core/errors.ts'
import { type CountOptions, corpusFingerprint, countCorpus } from './count.ts'
import type { CorpusFile } from './files.ts'
import { readRecords } from './records.ts'
import type { Vocabulary } from './vocabulary.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const { words, spaces, lineEnds, likeSpaces, invalid } = textParts
const options: CountOptions = { tokenizer: 'whitespace', minCount: 1, threads: 2 }

test('words, records and replacements are those of a plain count, with 1, 2 and 3 threads', () =>
  forSeeds(3, async (random) => {
    const texts = Array.from({ length: 1 + random.below(3) }, () =>
      randomText(random, random.below(300_000), pick(random, kindsOfText)),
    )
    // Never empty, and with a byte order mark, which is no part of the first word.
    const files = [Buffer.from('\ufeffa a the'), ...texts].map(writeText)
    const counts = plainCount(texts.map(decode).concat('a a the'))
    const minCount = pick(random, [1, 2, 50])
    const kept = [...counts].filter(([, count]) => count >= minCount)
    const records = [...readRecords(files.map(({ path }) => path))]
    for (const threads of [1, 2, 3]) {
      const { vocabulary, distinctWords, audits, replaced } = await countCorpus(files, {
        ...options,
        minCount,
        threads,
      })
      expect(wordsOf(vocabulary)).toEqual(kept.sort(byCountThenBytes))
      expect(distinctWords).toBe(counts.size)
      expect(sum(audits.records)).toBe(records.length)
      expect(sum(audits.words)).toBe(sum(records.map(({ words }) => words.length)))
      expect(replaced.count).toBe(sum(texts.map(replacements)))
    }
  }))

test('equal counts are ordered by bytes, not by UTF-16 units or by a language', async () => {
  const { vocabulary } = await countCorpus([writeText(Buffer.from('\u{1f30a} ｚ é z Z a b b 물\n'))], options)
  expect(wordsOf(vocabulary).map(([word]) => word)).toEqual([
    'b',
    'Z',
    'a',
    'z',
    'é',
    '물',
    'ｚ',
    '\u{1f30a}',
  ])
})

test('a table that grows, and others taken into it, lose no word', async () => {
  // Each word stands once in the first half and once in the second, so that threads meet the same words.
  const distinct = 150_000
  const half = Array.from({ length: distinct }, (_, i) => `${i.toString(36)}x`).join(' ')
  const file = writeText(Buffer.from(`${half}\n${half} 0x\n`))
  const counted = await Promise.all([1, 3].map((threads) => countCorpus([file], { ...options, threads })))
  for (const { vocabulary, distinctWords } of counted) {
    expect(distinctWords).toBe(distinct)
    expect(vocabulary.length).toBe(distinct)
    expect(vocabulary.word(0)).toBe('0x')
    expect([...vocabulary.counts.slice(0, 3)]).toEqual([3, 2, 2])
    expect(vocabulary.totalCount).toBe(2 * distinct + 1)
  }
  expect(Buffer.from(counted[0]!.vocabulary.arena).equals(counted[1]!.vocabulary.arena)).toBe(true)
})

test('a word of 1000 bytes is one, a longer one is passed over and told', async () => {
  const [fits, tooLong] = [`${'물'.repeat(333)}x`, `${'물'.repeat(333)}xy`]
  const text = Buffer.from(`${fits} a ${tooLong}\n${tooLong}${'y'.repeat(200_000)} a\n`)
  const { vocabulary, overlong, distinctWords } = await countCorpus([writeText(text)], options)
  expect(wordsOf(vocabulary)).toEqual([
    ['a', 2],
    [fits, 1],
  ])
  // The longest reaches across two boundaries without white space near them, where it is cut.
  expect(overlong).toBe(4)
  expect(distinctWords).toBe(2)
})

test('invalid UTF-8 is told with the block it stands in', async () => {
  const good = Buffer.from('good words\n'.repeat(10_000))
  const file = writeText(Buffer.concat([good, Buffer.from([0x61, 0xff, 0x62, 0x20, 0xe3, 0x80, 0x0a]), good]))
  const { replaced, vocabulary } = await countCorpus([writeText(good), file], options)
  // 110,000 bytes are two blocks: the second begins behind the first newline past 64 KiB.
  expect(replaced).toEqual({ count: 2, offset: 110_000 + 65_538 })
  expect(wordsOf(vocabulary).slice(2)).toEqual([
    ['a\ufffdb', 1],
    ['\ufffd', 1],
  ])
})

test('a replacement character that stands in the text is not counted as replaced', async () => {
  const { replaced } = await countCorpus([writeText(Buffer.from('\ufffd\ufffd \xff\n', 'latin1'))], options)
  expect(replaced.count).toBe(3)
  const valid = await countCorpus([writeText(Buffer.from('a\ufffd b\n'))], options)
  expect(valid.replaced).toEqual({ count: 0, offset: null })
  const mixed = Buffer.concat([Buffer.from('a\ufffd b '), Buffer.from([0xff, 0x0a])])
  expect((await countCorpus([writeText(mixed)], options)).replaced).toEqual({ count: 1, offset: 0 })
})

test('a corpus without a word that is frequent enough is refused, with the count that would do', async () => {
  const files = [writeText(Buffer.from('a b b c\n'))]
  await expect(countCorpus(files, { ...options, minCount: 3 })).rejects.toThrow('use --min-count 2 or less')
  const blank = [writeText(Buffer.from(' \n\u3000\t\n'))]
  await expect(countCorpus(blank, options)).rejects.toThrow('there is only white space in it')
})

test('a signal stops the count', async () => {
  const file = writeText(Buffer.from('some words\n'.repeat(200_000)))
  await expect(countCorpus([file], { ...options, signal: AbortSignal.abort() })).rejects.toThrow(StoppedError)
  const controller = new AbortController()
  const counting = countCorpus([file], { ...options, signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(counting).rejects.toThrow('stopped while counting words')
})

test('a file that changes while it is counted is told, whichever thread meets it', async () => {
  for (const threads of [1, 3]) {
    const files = [1, 2, 3, 4].map(() => writeText(Buffer.from('some words\n'.repeat(20_000))))
    truncateSync(files[2]!.path, 1000)
    await expect(countCorpus(files, { ...options, threads })).rejects.toThrow(
      `${files[2]!.path} changed during the run`,
    )
    rmSync(files[0]!.path)
    await expect(countCorpus(files, { ...options, threads })).rejects.toThrow('changed during the run')
  }
})

test('the fingerprint tells another text, order, tokenizer or block size', async () => {
  const [one, other] = ['a b\n', 'a c\n'].map((line) => writeText(Buffer.from(line.repeat(20_000)))) as [
    CorpusFile,
    CorpusFile,
  ]
  const fingerprint = async (files: CorpusFile[], tokenizer: 'whitespace' | 'words' = 'whitespace') => {
    const { blocks, audits } = await countCorpus(files, { ...options, tokenizer })
    return corpusFingerprint(blocks, audits, tokenizer)
  }
  const known = await fingerprint([one, other])
  expect(await fingerprint([one, other])).toBe(known)
  const others = await Promise.all([
    fingerprint([other, one]),
    fingerprint([one]),
    fingerprint([one, other], 'words'),
  ])
  expect(new Set([known, ...others]).size).toBe(4)
})

const kindsOfText = [
  [words, spaces, lineEnds, likeSpaces, invalid],
  [words, spaces],
  [words, words, spaces, likeSpaces],
  [words, spaces, invalid],
]

let fileCount = 0

function writeText(text: Uint8Array): CorpusFile {
  const path = join(folder, `${fileCount++}.txt`)
  writeFileSync(path, text)
  return { path, bytes: text.length, mtimeMs: 0 }
}

/** Without a byte order mark; an invalid sequence becomes U+FFFD. */
function decode(text: Uint8Array): string {
  return new TextDecoder().decode(text)
}

function plainCount(texts: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of texts.flatMap((text) => text.split(/\p{White_Space}+/u))) {
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

function wordsOf(vocabulary: Vocabulary): [string, number][] {
  return Array.from(vocabulary.counts, (count, i) => [vocabulary.word(i), count])
}

function byCountThenBytes([wordA, countA]: [string, number], [wordB, countB]: [string, number]): number {
  return countB - countA || Buffer.compare(Buffer.from(wordA), Buffer.from(wordB))
}

/** How many U+FFFD decoding brings in. */
function replacements(text: Buffer): number {
  const written = decode(text).split('\ufffd').length
  return written - text.toString('latin1').split('\xef\xbf\xbd').length
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0)
}
