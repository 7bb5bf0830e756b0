import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { linesOf, phraseText, plainPhrases, wordsOf } from '../../test/support/plain-phrases.ts'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { randomText, textParts } from '../../test/support/texts.ts'
import { type Disk, realDisk } from '../core/disk.ts'
import type { Random } from '../core/random.ts'
import { findPhrases, type PhrasesOptions } from './phrases.ts'
import { type Phrase, runPhrasePass } from './phrases-pass.ts'
import type { Tokenizer } from './tokenizer.ts'

const small = 64 * 1024
const options = { thresholds: [10], minCount: 1, tokenizer: 'whitespace' as Tokenizer, memoryBytes: 2 ** 24 }

test('text and list are those of a plain reference, whatever the memory', () =>
  forSeeds(4, async (random) => {
    const texts = Array.from({ length: 1 + random.below(3) }, () =>
      pick(random, [oddText, phraseText, phraseText])(random, 1 + random.below(200_000)),
    )
    const tokenizer = pick(random, ['whitespace', 'words'] as const)
    const thresholds = pick(random, [[3], [8, 1.1], [20, 5, 0]])
    const minCount = pick(random, [1, 2, 5])
    const expected = plainPhrases(texts, tokenizer, thresholds, minCount)
    const corpus = texts.map(writeText)
    const spilled: number[] = []
    for (const memoryBytes of [small, 3 * small, 2 ** 24]) {
      const folder = newFolder()
      const [out, list] = [join(folder, 'out.txt'), join(folder, 'list.tsv')]
      const result = await inProcess({ corpus, out, list, tokenizer, thresholds, minCount, memoryBytes })
      spilled.push(result.passes[0]!.spilledBytes)
      expect(readFileSync(out, 'utf8')).toBe(expected.text)
      expect(readList(list)).toEqual(expected.phrases.map(listed))
      expect(result).toMatchObject({ words: expected.words, wordsLeft: wordsOf(expected.text).length })
      expect(readdirSync(folder).sort()).toEqual(['list.tsv', 'out.txt'])
    }
    expect(spilled.at(-1)).toBe(0)
  }))

test('pairs that do not fit memory go to the disk, and the result is the same bytes', () =>
  forSeeds(1, async (random) => {
    const corpus = [writeText(phraseText(random, 400_000))]
    const results = []
    for (const memoryBytes of [small, 2 ** 24]) {
      const folder = newFolder()
      const [out, list] = [join(folder, 'out.txt'), join(folder, 'list.tsv')]
      // A thread, as the command line has it.
      const { passes } = await findPhrases({ ...options, corpus, out, list, memoryBytes })
      results.push({ text: readFileSync(out), list: readFileSync(list), spilled: passes[0]!.spilledBytes })
    }
    expect(results[0]!.spilled).toBeGreaterThan(100_000)
    expect(results[1]!.spilled).toBe(0)
    expect(results[0]!.text.equals(results[1]!.text)).toBe(true)
    expect(results[0]!.list.equals(results[1]!.list)).toBe(true)
    expect(results[0]!.list.length).toBeGreaterThan(0)
  }))

test('each word is written, in its line, and only `_` comes between words', () =>
  forSeeds(3, async (random) => {
    // No word of these has a `_`.
    const text = pick(random, [oddText, phraseText])(random, 100_000)
    const out = join(newFolder(), 'out.txt')
    await inProcess({ corpus: [writeText(text)], out, thresholds: [2, 0] })
    const lines = linesOf(text, 'whitespace')
    const written = readFileSync(out, 'utf8').split('\n')
    expect(written.pop()).toBe('')
    expect(written.map((line) => line.replaceAll('_', ' '))).toEqual(lines.map((words) => words.join(' ')))
    expect(written.join('')).toContain('_')
  }))

test('greedy from the left, no word twice in a pass; a later pass joins what was joined', async () => {
  // "new york" and "york times" score high; "new york times" is joined in two passes.
  const text = `${'x a new york times b y\n'.repeat(5)}${'a x b y c z\n'.repeat(20)}`
  const corpus = [writeText(Buffer.from(text))]
  const out = join(newFolder(), 'out.txt')
  await inProcess({ corpus, out, thresholds: [15] })
  expect(lineOf(out, 0)).toBe('x a new_york times b y')
  await inProcess({ corpus, out, thresholds: [15, 10] })
  expect(lineOf(out, 0)).toBe('x a new_york_times b y')
})

test('words are neighbours in a line, not across its end, a file, or a word that is rare', async () => {
  const lines = 'a\nb\n'.repeat(50)
  const corpus = [writeText(Buffer.from(`${lines}a`)), writeText(Buffer.from(`b\n${lines}`))]
  const out = join(newFolder(), 'out.txt')
  const { passes } = await inProcess({ corpus, out, thresholds: [0] })
  expect(passes[0]).toMatchObject({ distinctPairs: 0, phraseCount: 0, mostFrequent: 0 })
  expect(readFileSync(out, 'utf8')).toBe(`${lines}a\nb\n${lines}`)
  const rare = Array.from({ length: 50 }, (_, i) => `a once${i} b\n`).join('')
  expect((await inProcess({ corpus: [writeText(Buffer.from(rare))], out })).passes[0]!.distinctPairs).toBe(0)
})

test('a line longer than many blocks is one line, its pairs counted over their ends', async () => {
  const count = 30_000
  const other = () => `w${seeded.below(50)}`
  const text = Array.from({ length: count }, () => `new york ${other()} ${other()} ${other()}`).join(' ')
  const out = join(newFolder(), 'out.txt')
  // Words that follow each other by chance score about 1, those of the phrase 5.
  const { passes } = await inProcess({ corpus: [writeText(Buffer.from(text))], out, thresholds: [3] })
  expect(passes[0]).toMatchObject({ words: 5 * count, mostFrequent: count, phraseCount: 1, joined: count })
  expect(readFileSync(out, 'utf8')).toBe(`${text.replaceAll('new york', 'new_york')}\n`)
})

test('wide spaces at the end of a block part words as others do', async () => {
  const count = 60_000
  const out = join(newFolder(), 'out.txt')
  await inProcess({
    corpus: [writeText(Buffer.from('one\u3000two\u3000'.repeat(count)))],
    out,
    thresholds: [9],
  })
  expect(readFileSync(out, 'utf8')).toBe(`${'one two '.repeat(count).trimEnd()}\n`)
})

test('a word that the end of a block cuts is one, and no phrase', async () => {
  // Blocks of 64 KiB, cut where there is no white space to the end of the file: between "a" and "b".
  const text = `${'a b\n'.repeat(16_383)}xx ab`
  const out = join(newFolder(), 'out.txt')
  await inProcess({ corpus: [writeText(Buffer.from(text))], out, thresholds: [0.5] })
  expect(readFileSync(out, 'utf8')).toBe(`${text.replaceAll('a b', 'a_b')}\n`)
})

test('one byte order mark goes, in the first pass; a second belongs to its word', async () => {
  const out = join(newFolder(), 'out.txt')
  const corpus = [writeText(Buffer.from('\ufeff\ufeffa b\n'))]
  await inProcess({ corpus, out, thresholds: [3, 2, 1] })
  expect(readFileSync(out, 'utf8')).toBe('\ufeffa b\n')
})

test('a pair whose score is the threshold is no phrase', async () => {
  // (2 − 1) / (2 · 2) · 8 = 2
  const corpus = [writeText(Buffer.from('a b c d\n'.repeat(2)))]
  const out = join(newFolder(), 'out.txt')
  const found = async (threshold: number) => {
    const { passes } = await inProcess({ corpus, out, thresholds: [threshold] })
    return passes[0]!.phraseCount
  }
  expect(await found(2)).toBe(0)
  expect(await found(1.999)).toBe(3)
})

test('a pass keeps no more on the disk than the text that it reads', async () => {
  const there: string[][] = []
  await findPhrases({
    ...options,
    corpus: [writeText(Buffer.from('a b c\n'.repeat(20)))],
    out: join(newFolder(), 'out.txt'),
    thresholds: [3, 2, 1],
    runPass: async (pass) => {
      there.push(readdirSync(pass.scratch))
      return runPhrasePass(pass)
    },
  })
  expect(there).toEqual([[], ['text-1'], ['text-2']])
})

test('a word that is longer than a block is written as it is', async () => {
  const long = 'y'.repeat(300_000)
  const text = `${'a b '.repeat(20)}${long} a b\na b ${long}\n`
  const out = join(newFolder(), 'out.txt')
  await inProcess({ corpus: [writeText(Buffer.from(text))], out, thresholds: [0.5] })
  expect(readFileSync(out, 'utf8')).toBe(text.replaceAll('a b', 'a_b'))
})

test('no phrase becomes longer than a word can be', async () => {
  const [long, fits] = ['x'.repeat(501), 'x'.repeat(499)]
  const corpus = [writeText(Buffer.from(`${long} ${fits}\n${fits} ${fits}z\n`.repeat(20)))]
  const out = join(newFolder(), 'out.txt')
  await inProcess({ corpus, out, thresholds: [0] })
  expect(lineOf(out, 0)).toBe(`${long} ${fits}`)
  expect(lineOf(out, 1)).toBe(`${fits}_${fits}z`)
})

test('the N-th call to the disk fails, for each N: what was there stays, and nothing is beside it', async () => {
  const corpus = [writeText(phraseText(seeded, 60_000))]
  for (let failing = 1; ; failing++) {
    const folder = newFolder()
    const [out, list] = [join(folder, 'out.txt'), join(folder, 'list.tsv')]
    writeFileSync(out, 'what was there')
    try {
      const disk = failingDisk(failing)
      const given = { corpus, out, list, thresholds: [10, 5], memoryBytes: small, disk }
      const { passes } = await inProcess(given)
      expect(passes[0]!.spilledBytes).toBeGreaterThan(0)
      expect(failing).toBeGreaterThan(20)
      break
    } catch (error) {
      expect(error).toMatchObject({ code: 'DISK_ENOSPC' })
    }
    // The list is in its place just before the text.
    expect(readdirSync(folder).filter((name) => name !== 'list.tsv')).toEqual(['out.txt'])
    const isList = existsSync(list)
    if (isList) expect(readList(list).length).toBeGreaterThan(10)
    // The last call is for the folder's own name: the text is in its place by then.
    const text = readFileSync(out, 'utf8')
    if (text !== 'what was there') expect({ isList, end: text.at(-1) }).toEqual({ isList: true, end: '\n' })
  }
})

test('a stopped run leaves nothing', async () => {
  const corpus = [writeText(phraseText(seeded, 3_000_000))]
  const folder = newFolder()
  const out = join(folder, 'out.txt')
  const run = (signal: AbortSignal) => findPhrases({ ...options, corpus, out, memoryBytes: small, signal })
  await expect(run(AbortSignal.abort())).rejects.toThrow('stopped while looking for phrases')
  const controller = new AbortController()
  const running = run(controller.signal)
  while (readdirSync(folder).length === 0) await new Promise(setImmediate)
  controller.abort()
  await expect(running).rejects.toThrow('stopped while looking for phrases')
  expect(readdirSync(folder)).toEqual([])
})

test('what a killed process left goes; what a living one has stays', async () => {
  const corpus = [writeText(Buffer.from('a b c\n'.repeat(20)))]
  const folder = newFolder()
  const out = join(folder, 'out.txt')
  const [left, living, other] = [`${out}.999999999.tmp`, `${out}.${process.ppid}.tmp`, `${out}.x.tmp`]
  for (const path of [left, living, other]) {
    mkdirSync(path)
    writeFileSync(join(path, 'text-1'), '')
  }
  await inProcess({ corpus, out })
  expect(existsSync(left)).toBe(false)
  expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([out, living, other].sort())
})

test('an input is never written over, under whatever name', async () => {
  const folder = newFolder()
  const text = join(folder, 'text.txt')
  writeFileSync(text, 'a b\n'.repeat(20))
  linkSync(text, join(folder, 'hard'))
  symlinkSync(text, join(folder, 'soft'))
  for (const out of ['text.txt', 'hard', 'soft'].map((name) => join(folder, name))) {
    await expect(inProcess({ corpus: [folder], out })).rejects.toThrow('is an input')
    const list = join(newFolder(), 'new')
    await expect(inProcess({ corpus: [text], out: list, list: out })).rejects.toThrow('is an input')
  }
  await expect(inProcess({ corpus: [text], out: folder })).rejects.toThrow('is a folder')
  const out = join(folder, 'out')
  await expect(inProcess({ corpus: [text], out, list: out })).rejects.toThrow('is the output')
  expect(readdirSync(folder).sort()).toEqual(['hard', 'soft', 'text.txt'])
  expect(readFileSync(text, 'utf8')).toBe('a b\n'.repeat(20))
})

test('a text that changes while it is read is told', async () => {
  const corpus = [writeText(Buffer.from('a b c\n'.repeat(20)))]
  const out = join(newFolder(), 'out.txt')
  const changing: PhrasesOptions['runPass'] = async (pass) => {
    // Words are counted; then the text changes, its length does not.
    const progress = new Proxy(pass.progress, {
      set(array, key, value) {
        if (key === '0' && value === 1) writeFileSync(corpus[0]!, 'abcde\n'.repeat(20))
        return Reflect.set(array, key, value)
      },
    })
    return runPhrasePass({ ...pass, progress })
  }
  await expect(findPhrases({ ...options, corpus, out, runPass: changing })).rejects.toThrow(
    'it held 60 words when they were counted, and 20 later',
  )
})

test('mistakes are told before anything is read', async () => {
  const given = { ...options, corpus: ['missing.txt'], out: join(newFolder(), 'out.txt') }
  const cases: [Partial<PhrasesOptions>, string][] = [
    [{ thresholds: [] }, 'there is no threshold'],
    [{ thresholds: [10, Number.NaN] }, 'NaN is no threshold'],
    [{ thresholds: [-1] }, '-1 is no threshold'],
    [{ thresholds: [100, 200] }, 'pass 2 has 200 after 100'],
    [{ thresholds: [100, 100] }, 'the thresholds 100, 100 do not fall'],
    [{ minCount: 0 }, 'the least count 0 is not a whole number'],
    [{ memoryBytes: 1000 }, 'it takes 64 KiB at least'],
    [{}, 'there is no missing.txt'],
  ]
  for (const [wrong, told] of cases) await expect(findPhrases({ ...given, ...wrong })).rejects.toThrow(told)
  const blank = [writeText(Buffer.from(' \n\t\n'))]
  await expect(findPhrases({ ...given, corpus: blank })).rejects.toThrow('there is only white space in it')
})

test('nothing found, broken text and endless words are warned of', async () => {
  const warnings = async (text: Uint8Array, more: Partial<PhrasesOptions> = {}) => {
    const told: string[] = []
    const observer = { warning: (message: string) => told.push(message) }
    await inProcess({ corpus: [writeText(text)], out: join(newFolder(), 'out.txt'), observer, ...more })
    return told
  }
  const [low] = await warnings(Buffer.from('a b c\n'.repeat(20)), { thresholds: [500, 400] })
  expect(low).toMatch(/the highest score is 2\.85 \(a_b\), and the threshold 400; use a lower --threshold$/)
  const [rare] = await warnings(Buffer.from('a b a c a d\n'), { minCount: 7 })
  expect(rare).toContain('no two words stand beside each other more than 7 times')
  expect(rare).toContain('use a lower --min-count')
  const [invalid] = await warnings(Buffer.from('caf\xe9 x\n'.repeat(30), 'latin1'), { thresholds: [0] })
  expect(invalid).toContain('30 invalid UTF-8 sequences were replaced by U+FFFD')
  const [long] = await warnings(Buffer.from(`a b\n${'z'.repeat(2000)}\na b\n`), { thresholds: [0] })
  expect(long).toContain('1 words longer than 1000 bytes')
})

// --- texts and files

/** All that text may hold, of few words. */
function oddText(random: Random, bytes: number): Buffer {
  const { words, spaces, lineEnds, likeSpaces, invalid } = textParts
  return randomText(random, bytes, [words, words, spaces, spaces, lineEnds, likeSpaces, invalid])
}

let state = 1
/** The same numbers each time. */
const seeded = {
  below: (limit: number) => (state = (state * 48271) % 2147483647) % limit,
} as unknown as Random

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
let fileCount = 0

function writeText(text: Uint8Array): string {
  const path = join(folder, `${fileCount++}.txt`)
  writeFileSync(path, text.length > 0 ? text : 'never empty')
  return path
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-'))
}

/** Without a thread: quicker, and with the disk that is given. */
function inProcess(given: Partial<PhrasesOptions> & Pick<PhrasesOptions, 'corpus' | 'out'>) {
  return findPhrases({
    ...options,
    ...given,
    runPass: async (pass) => runPhrasePass(pass, given.disk),
  })
}

function lineOf(path: string, number: number): string {
  return readFileSync(path, 'utf8').split('\n')[number]!
}

function readList(path: string): (string | number)[][] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines
    .map((line) => line.split('\t'))
    .map(([phrase, count, score]) => [phrase!, Number(count), Number(score)])
}

function listed({ phrase, count, score }: Phrase): (string | number)[] {
  return [phrase, count, Number(score.toPrecision(6))]
}

/** A disk that is full from the N-th call that changes it on. */
function failingDisk(failing: number): Disk {
  let calls = 0
  const names = ['openSync', 'writeSync', 'fsyncSync', 'renameSync', 'mkdirSync'] as const
  const failingCalls = names.map((name) => [
    name,
    (...args: unknown[]) => {
      if (++calls >= failing) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return (realDisk[name] as (...args: unknown[]) => unknown)(...args)
    },
  ])
  return { ...realDisk, ...Object.fromEntries(failingCalls) }
}
