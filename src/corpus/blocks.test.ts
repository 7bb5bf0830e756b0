import { isUtf8 } from 'node:buffer'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { randomText, textParts } from '../../test/support/texts.ts'
import type { Random } from '../core/random.ts'
import { BlockReader, BlockTable, chooseBlockBytes, whiteSpaceLength } from './blocks.ts'
import type { CorpusFile } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const { words, spaces, lineEnds, likeSpaces, invalid } = textParts
const searched = 65536

/** Sizes of blocks, and of the longest stretch of a text that is cut into them. */
const blockSizes = [
  [7, 200],
  [20_000, 100_000],
  [65536, 200_000],
] as const

test('every byte is in one block, and blocks begin where the rule says', () =>
  forSeeds(30, (random) => {
    const [blockBytes, longest] = pick(random, blockSizes)
    const texts = Array.from({ length: 1 + random.below(4) }, () => corpusText(random, longest))
    const table = new BlockTable(texts.map(writeText), blockBytes)
    const reader = new BlockReader(table)
    const buffer = new Uint8Array(table.bufferBytes)
    const parts: Uint8Array[] = []
    let corpusByte = 0
    for (let block = 0; block < table.length; block++) {
      const { file, start } = table.place(block)
      const { start: first, end, offset, beginsFile } = reader.read(block, buffer)
      expect(start + first).toBe(boundaryByRule(texts[file]!, start))
      expect(offset).toBe(corpusByte)
      expect(beginsFile).toBe(start === 0)
      parts.push(buffer.slice(first, end))
      corpusByte += end - first
      // Each block begins a file or follows the one before it: none is left out.
      if (block + 1 < table.length && table.place(block + 1).start > 0) {
        expect(table.place(block + 1).start).toBe(start + table.blockBytes)
      }
    }
    reader.close()
    expect(Buffer.concat(parts).equals(Buffer.concat(texts))).toBe(true)
  }))

test('no block depends on the bytes before the multiple of the block size', () =>
  forSeeds(10, (random) => {
    const text = corpusText(random, 200_000)
    const file = writeText(text)
    if (file.bytes === 0) return
    const table = new BlockTable([file], 65536)
    const block = random.below(table.length)
    const { start } = table.place(block)
    const read = () => {
      const reader = new BlockReader(table)
      const buffer = new Uint8Array(table.bufferBytes)
      const text = reader.read(block, buffer)
      reader.close()
      return { ...text, bytes: Buffer.from(buffer.subarray(text.start, text.end)) }
    }
    const before = read()
    writeFileSync(
      file.path,
      Buffer.concat([Buffer.alloc(start, pick(random, ['\n', ' ', 'a', '\xff'])), text.subarray(start)]),
    )
    expect(read()).toEqual(before)
  }))

test('valid text is never cut within a character, wherever in it the multiple of the block size lies', () => {
  for (const [shift, character] of [0, 1, 2, 3].flatMap((shift) =>
    ['é', '물', '🌊'].map((c) => [shift, c] as const),
  )) {
    const text = Buffer.from('x'.repeat(shift) + character.repeat(40_000))
    const table = new BlockTable([writeText(text)], 65536)
    const reader = new BlockReader(table)
    const buffer = new Uint8Array(table.bufferBytes)
    for (let block = 0; block < table.length; block++) {
      const { start, end } = reader.read(block, buffer)
      expect(isUtf8(buffer.subarray(start, end)), `${character}, ${shift}`).toBe(true)
    }
    reader.close()
  }
})

test("white space is Unicode's White_Space", () => {
  for (let code = 0; code < 0x11000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCodePoint(code)
    const bytes = Buffer.from(character)
    const length = /\p{White_Space}/u.test(character) ? bytes.length : 0
    expect(whiteSpaceLength(bytes, 0, bytes.length), `U+${code.toString(16)}`).toBe(length)
    // A character that is cut off is none.
    if (bytes.length > 1) expect(whiteSpaceLength(bytes, 0, bytes.length - 1)).toBe(0)
  }
})

test('the block size follows from the size of the corpus', () => {
  const KiB = 2 ** 10
  const sizes = [0, 1, 16 * KiB ** 2, 32 * KiB ** 2, 100e6, 256 * KiB ** 2, 1e12]
  expect(sizes.map((bytes) => chooseBlockBytes(bytes) / KiB)).toEqual([64, 64, 64, 128, 256, 1024, 1024])
})

test('a file that is shorter, gone or no file any more is told', () => {
  const file = writeText(Buffer.from('a word\n'.repeat(50_000)))
  const table = new BlockTable([file], 65536)
  const read = () => new BlockReader(table).read(1, new Uint8Array(table.bufferBytes))
  truncateSync(file.path, 100_000)
  expect(read).toThrow(
    `${file.path} changed during the run\n  why: it ends at byte 100000; it had 350000 bytes`,
  )
  rmSync(file.path)
  expect(read).toThrow('why: it is gone')
  mkdirSync(file.path)
  expect(read).toThrow(`cannot read ${file.path}`)
})

let fileCount = 0

function writeText(text: Uint8Array): CorpusFile {
  const path = join(folder, `${fileCount++}.txt`)
  writeFileSync(path, text)
  return { path, bytes: text.length, mtimeMs: 0 }
}

/** Empty, of lines, of one line, without white space, or with long stretches of each. */
function corpusText(random: Random, longest: number): Buffer {
  const kinds = [
    [words, spaces, lineEnds, likeSpaces, invalid],
    [words, spaces],
    [words, likeSpaces, invalid],
  ]
  const stretches = Array.from({ length: random.below(4) }, () =>
    randomText(random, random.below(longest), pick(random, kinds)),
  )
  return Buffer.concat(stretches)
}

/** Where the block at a multiple of the block size begins: the design's rule, on the text as a whole. */
function boundaryByRule(text: Buffer, at: number): number {
  if (at === 0) return 0
  const window = text.subarray(at, at + searched).toString('latin1')
  const newline = window.indexOf('\n')
  if (newline >= 0) return at + newline + 1
  const space =
    /[\t-\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80/.exec(
      window,
    )
  if (space) return at + space.index + space[0].length
  return at + /^[\x80-\xbf]{0,3}/.exec(window)![0].length
}
