import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRecords } from 'millrace/corpus'
import { runTraining } from 'millrace/train'
import { expect, test } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { pick } from '../support/seeds.ts'
import { textParts } from '../support/texts.ts'
import { xxh64 } from '../support/xxh64.ts'

// Each token of the corpus is trained on once an epoch, whoever works on its block.

const minCount = 5
const epochs = 2
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

for (const tokenizer of ['whitespace', 'words'] as const)
  test(`${tokenizer}: words, records and hashes of an epoch are those of a plain count, with 1, 2 and 3 threads`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const corpus = writeCorpus(folder)
    const expected = plainCount(corpus, tokenizer)
    for (const threads of [1, 2, 3]) {
      const config = { tokenizer, minCount, epochs, threads, dim: 4, negative: 1, window: 1 }
      const { result } = await runTraining({ corpus, out: join(folder, `run${threads}`), config })
      expect(result.words, `SEED=${seed}`).toBe(epochs * expected.words)
      expect(result.vocabulary, `SEED=${seed}`).toBe(expected.vocabulary)
      const audit = { records: expected.records, hash: expected.hash }
      expect(result.audit.epochs, `SEED=${seed}`).toEqual([
        { epoch: 1, ...audit },
        { epoch: 2, ...audit },
      ])
    }
  })

/**
 * Three files: of lines, of one line, and of lines with invalid UTF-8. The last begins with a byte order mark and
 * a word that is just frequent enough if the mark is no part of it.
 */
function writeCorpus(folder: string): string[] {
  const random = new Random(BigInt(seed))
  const { spaces, invalid } = textParts
  const word = () => {
    // The product of two even draws favours small numbers, as language favours few words.
    const rank = Math.floor((random.below(3000) * random.below(3000)) / 1000)
    return `${pick(random, ['w', '물', "d'", 'É'])}${rank}`
  }
  const text = (bytes: number, between: () => string | Uint8Array) => {
    const parts: Uint8Array[] = []
    for (let length = 0; length < bytes; ) {
      const part = Buffer.concat([Buffer.from(word()), Buffer.from(between() as string)])
      parts.push(part)
      length += part.length
    }
    return Buffer.concat(parts)
  }
  const spaceOrLine = () => (random.below(20) === 0 ? '\n' : pick(random, spaces))
  const oftenInvalid = () => (random.below(9) === 0 ? pick(random, invalid) : spaceOrLine())
  const texts = [
    text(300_000, spaceOrLine),
    text(250_000, () => ' '),
    Buffer.concat([Buffer.from('\ufeffmark mark mark mark mark '), text(150_000, oftenInvalid)]),
  ]
  return texts.map((bytes, i) => {
    const path = join(folder, `${i}.txt`)
    writeFileSync(path, bytes)
    return path
  })
}

function plainCount(corpus: string[], tokenizer: 'whitespace' | 'words') {
  const counts = new Map<string, number>()
  let records = 0
  let hash = 0n
  for (const { offset, bytes } of readRecords(corpus)) {
    records++
    hash = BigInt.asUintN(64, hash + xxh64(bytes, BigInt(offset)))
    const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    const text = Buffer.from(isMarked ? bytes.subarray(3) : bytes).toString()
    for (const word of wordsOf(text, tokenizer)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const kept = [...counts.values()].filter((count) => count >= minCount)
  return {
    words: kept.reduce((sum, count) => sum + count, 0),
    vocabulary: kept.length,
    records,
    hash: hash.toString(16).padStart(16, '0'),
  }
}

function wordsOf(text: string, tokenizer: 'whitespace' | 'words'): string[] {
  if (tokenizer === 'whitespace') return text.split(/\p{White_Space}+/u).filter((word) => word !== '')
  const lower = text.toLowerCase().normalize('NFC')
  return (
    lower
      .match(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu)
      ?.map((word) => word.replaceAll('’', "'")) ?? []
  )
}
