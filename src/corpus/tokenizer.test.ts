import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { randomText, textParts } from '../../test/support/texts.ts'
import { growthFactor, lowerCaseWords, prepareText, type Tokenizer } from './tokenizer.ts'
import { WordTable } from './word-table.ts'

const bufferBytes = 100_000
const table = new WordTable(bufferBytes, bufferBytes, growthFactor * bufferBytes)

/** The text as a thread of the counting pass prepares it. */
function prepare(text: string | Uint8Array, tokenizer: Tokenizer, beginsFile = false) {
  const bytes = Buffer.from(text as string)
  // What lies behind the text must not matter.
  table.rawBuffer.fill(0x61).set(bytes)
  const raw = table.rawBuffer.subarray(0, bytes.length)
  const prepared = prepareText(raw, beginsFile, tokenizer, (raw) => table.lowerWords(raw))
  return { ...prepared, text: Buffer.from(prepared.bytes).toString() }
}

const words = (text: string) => prepare(text, 'words').text.split(' ').filter(Boolean)

test('white space separates words, and nothing else is touched', () => {
  const text = 'The  Mühle,\t"물레방아"!\n'
  expect(prepare(text, 'whitespace')).toMatchObject({ text, inPlace: true, replaced: 0 })
})

test('words are runs of letters, digits and marks, in lower case and composed', () => {
  expect(words('The MILL, (race) no. 42!')).toEqual(['the', 'mill', 'race', 'no', '42'])
  expect(words('물레방아가 돌아간다. 「그렇다」')).toEqual(['물레방아가', '돌아간다', '그렇다'])
  expect(words('ÉTÉ E\u0301TE\u0301 Straße ΣΟΦΟΣ')).toEqual([
    'été',
    'été',
    'straße',
    'σοφος'.replace(/σ$/, 'ς'),
  ])
  // Hangul in pieces, as some systems write it.
  expect(words('\u1106\u116e\u11af')).toEqual(['물'])
  expect(words('नमस्ते दुनिया')).toEqual(['नमस्ते', 'दुनिया'])
})

test('an apostrophe between letters belongs to the word', () => {
  expect(words("don't DON’T 'quoted' rock'n'roll dogs' 'tis x''y é'a a'é")).toEqual([
    "don't",
    "don't",
    'quoted',
    "rock'n'roll",
    'dogs',
    'tis',
    'x',
    'y',
    "é'a",
    "a'é",
  ])
})

test('lines stay lines', () => {
  expect(
    prepare('One two.\n\nThree\r\n', 'words')
      .text.split('\n')
      .map((line) => line.trim()),
  ).toEqual(['one two', '', 'three', ''])
})

test('a byte order mark goes at the beginning of a file, and only there', () => {
  expect(prepare('\ufeffa', 'whitespace', true).text).toBe('a')
  expect(prepare('\ufeffa', 'whitespace', false).text).toBe('\ufeffa')
  expect(prepare('\ufeff\ufeffa', 'whitespace', true).text).toBe('\ufeffa')
  expect(prepare('\ufeffA', 'words', true).text.trim()).toBe('a')
})

test('invalid UTF-8 is replaced and counted, and never longer than there is room', () => {
  const bad = new Uint8Array(30_000).fill(0xff)
  for (const tokenizer of ['whitespace', 'words'] as const) {
    const { replaced, bytes, inPlace } = prepare(bad, tokenizer)
    expect({ replaced, inPlace }).toEqual({ replaced: 30_000, inPlace: false })
    expect(bytes.length).toBeLessThanOrEqual(growthFactor * bad.length)
  }
})

test("the kernel's words are those of the slow form", () =>
  forSeeds(300, (random) => {
    const text = randomText(random, random.below(60), pick(random, kindsOfText)).toString()
    const slow = lowerCaseWords(text).replace(/ +/g, ' ')
    expect(prepare(text, 'words').text.replace(/ +/g, ' '), JSON.stringify(text)).toBe(slow)
  }))

test('no character grows more than there is room, in lower case and composed', () => {
  for (let code = 0; code < 0x30000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCodePoint(code)
    const grown = Buffer.byteLength(lowerCaseWords(character))
    if (grown > growthFactor * Buffer.byteLength(character)) expect.fail(`U+${code.toString(16)}: ${grown}`)
  }
})

const ascii = ['a', 'Z', '5', "'", "'", '-', '.', '\n', ' ', '\u0001', '@', '[', '`', '{', '\u007f']
const punctuation = ['’', '—', '…', '\u2028', '\u00a0', '«', '×', '\u00ad', '\u203f', '\u2060']
const others = ['é', 'E\u0301', '²', 'ª', 'µ', '½', 'ⁿ', '물', 'Σ', 'İ', 'K', '\u0301', '\u{1d400}']
const kindsOfText = [[ascii], [ascii, punctuation], [ascii, punctuation, others], [textParts.words, ascii]]
