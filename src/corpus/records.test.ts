import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { randomText, textParts } from '../../test/support/texts.ts'
import { xxh64 } from '../../test/support/xxh64.ts'
import { loadKernel } from '../runtime/wasm.ts'
import { maxSentence, readRecords, recordsOf } from './records.ts'
import { WordTable } from './word-table.ts'

const { words, spaces, lineEnds, likeSpaces, invalid } = textParts
const bufferBytes = 200_000
const table = new WordTable(bufferBytes, bufferBytes, 3 * bufferBytes)

test('records are the bytes of a block, each once, of 1000 words at most', () =>
  forSeeds(20, (random) => {
    const text = randomText(random, random.below(40_000), pick(random, kindsOfText))
    let next = 5
    const parts: Uint8Array[] = []
    for (const { offset, bytes, words } of recordsOf(text, 5)) {
      expect(offset).toBe(next)
      expect(bytes.length).toBeGreaterThan(0)
      expect(words.length).toBeLessThanOrEqual(maxSentence)
      expect(words).toEqual(wordsOf(bytes))
      // It ends with its line, or holds all the words it may, or ends the block.
      const isLast = offset + bytes.length === text.length + 5
      expect(bytes.at(-1) === 10 || words.length === maxSentence || isLast).toBe(true)
      expect(bytes.indexOf(10)).toBe(bytes.at(-1) === 10 ? bytes.length - 1 : -1)
      next += bytes.length
      parts.push(bytes)
    }
    expect(Buffer.concat(parts).equals(text)).toBe(true)
  }))

test('a line is cut before the word that would be one too many', () => {
  const line = (count: number) => Buffer.from(`${'w '.repeat(count)}\n`)
  const lengths = (text: Buffer) => [...recordsOf(text, 0)].map(({ words }) => words.length)
  expect(lengths(line(1000))).toEqual([1000])
  expect(lengths(line(1001))).toEqual([1000, 1])
  expect(lengths(Buffer.concat([line(1), line(2500), line(0)]))).toEqual([1, 1000, 1000, 500, 0])
})

test("the kernel's audit is the sum of the records' xxh64", () =>
  forSeeds(30, (random) => {
    const text = randomText(random, random.below(20_000), pick(random, kindsOfText))
    const offset = pick(random, [0, 1, 2 ** 32 - 3, 2 ** 52])
    let [records, count, hash] = [0, 0, 0n]
    for (const record of recordsOf(text, offset)) {
      records++
      count += record.words.length
      hash = BigInt.asUintN(64, hash + xxh64(record.bytes, BigInt(record.offset)))
    }
    // What lies behind a text must not matter.
    table.rawBuffer.fill(pick(random, [0, 0x20, 0x61, 0x80, 0xe3]))
    table.rawBuffer.set(text)
    const own = table.rawBuffer.subarray(0, text.length)
    expect(table.audit(own, offset, maxSentence)).toEqual({ records, words: count, hash })
  }))

test('xxh64 gives the published numbers, in the kernel and here', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true })
  const kernel = loadKernel<{ xxh64(p: number, length: number, seed: bigint): bigint }>('count', memory)
  // They stand in many places; longer inputs are held to the plain form by the test above.
  for (const [input, seed, hash] of [
    ['', 0n, 0xef46db3751d8e999n],
    ['abc', 0n, 0x44bc2cf5ad770999n],
  ] as const) {
    const bytes = Buffer.from(input)
    new Uint8Array(memory.buffer, 1024, bytes.length).set(bytes)
    expect(xxh64(bytes, seed)).toBe(hash)
    expect(BigInt.asUintN(64, kernel.xxh64(1024, bytes.length, seed))).toBe(hash)
  }
})

test('readRecords reads a corpus lazily, the same whatever the block size where lines are short', () =>
  forSeeds(3, (random) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const texts = [1, 2].map(() =>
      randomText(random, 200_000, [words, words, words, spaces, lineEnds, invalid]),
    )
    const paths = texts.map((_, i) => join(folder, `${i}.txt`))
    for (const [i, path] of paths.entries()) writeFileSync(path, texts[i]!)
    const whole = Buffer.concat(texts)
    const records = [...readRecords(paths)]
    expect(Buffer.concat(records.map(({ bytes }) => bytes)).equals(whole)).toBe(true)
    expect([...readRecords(paths, 1 << 20)]).toEqual(records)
    // Stopped after the first, it must not have kept the file open: it can be read again.
    for (const record of readRecords(paths)) {
      expect(record).toEqual(records[0])
      break
    }
  }))

const kindsOfText = [
  [words, spaces, lineEnds, likeSpaces, invalid],
  // One line.
  [words, spaces],
  [words, words, words, spaces, spaces, spaces, likeSpaces, invalid],
  [invalid, likeSpaces],
]

/** What stands between white space: by the engine's own idea of it, not ours. */
function wordsOf(bytes: Uint8Array): string[] {
  // Latin-1 keeps invalid bytes apart from the text; the words are decoded one by one.
  const spaces =
    /[\t-\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80/
  const pieces = Buffer.from(bytes).toString('latin1').split(spaces)
  return pieces.filter((piece) => piece !== '').map((piece) => Buffer.from(piece, 'latin1').toString())
}
