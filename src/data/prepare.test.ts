import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { StoppedError } from '../core/errors.ts'
import {
  type CorpusSpec,
  type DataEntry,
  describeCorpus,
  type PrepareOptions,
  prepareCorpus,
} from './index.ts'

let base: string
let options: PrepareOptions
const text = 'the new york times\nthe new york post\nthe old times\n'
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function entryOf(name: string, content: string, rest: Partial<DataEntry> = {}): DataEntry {
  return {
    name,
    kind: 'corpus',
    what: 'made up',
    licence: 'none',
    home: 'http://127.0.0.1',
    file: `corpora/${name}`,
    checksums: { sha256: sha256(content) },
    bytes: content.length,
    words: content.split(/\s+/).filter(Boolean).length,
    ...rest,
  }
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'data-'))
  mkdirSync(join(base, 'data/corpora'), { recursive: true })
  writeFileSync(join(base, 'a.txt'), text)
  const packed = gzipSync(text)
  writeFileSync(join(base, 'data/corpora/packed.gz'), packed)
  writeFileSync(join(base, 'data/corpora/news'), text)
  const entries = [
    entryOf('news', text),
    entryOf('packed', text, {
      packed: { file: 'corpora/packed.gz', checksums: { sha256: sha256(packed) } },
    }),
    entryOf('far', text, { download: { urls: ['http://127.0.0.1:9/far'] } }),
    entryOf('secret', text, { byHand: 'ask its owner' }),
  ]
  options = { base, cache: join(base, 'cache'), data: join(base, 'data'), entries }
})

const prepare = (spec: CorpusSpec) => prepareCorpus(spec, options)

test('a plain text is used where it lies', async () => {
  expect(await prepare('a.txt')).toEqual({
    paths: [join(base, 'a.txt')],
    label: 'a.txt',
    sha256: sha256(text),
    bytes: text.length,
    words: 11,
    source: [{ name: 'a.txt', sha256: sha256(text) }],
  })
  expect((await prepare('news')).paths).toEqual([join(base, 'data/corpora/news')])
  expect(existsSync(join(base, 'cache/derived'))).toBe(false)
})

test('the hash of several texts is over their bytes in order', async () => {
  writeFileSync(join(base, 'b.txt'), 'more')
  mkdirSync(join(base, 'folder'))
  writeFileSync(join(base, 'folder/2.txt'), 'two')
  writeFileSync(join(base, 'folder/1.txt'), 'one')
  expect(await prepare(['a.txt', 'b.txt', 'folder'])).toMatchObject({
    paths: [join(base, 'a.txt'), join(base, 'b.txt'), join(base, 'folder')],
    label: 'a.txt, b.txt, folder',
    sha256: sha256(`${text}moreonetwo`),
    words: 14,
    source: [{}, {}, { name: 'folder', sha256: sha256('onetwo') }],
  })
})

test('the first words, over several texts, of which one does not end its line', async () => {
  writeFileSync(join(base, 'b.txt'), 'one two')
  writeFileSync(join(base, 'c.txt'), '\ufeffthree  four five')
  const { paths, ...rest } = await prepare({ text: ['b.txt', 'c.txt'], words: 4 })
  expect(readFileSync(paths[0]!, 'utf8')).toBe('one two\nthree  four\n')
  expect(paths[0]).toMatch(/derived\/b\.txt\+c\.txt-4-[0-9a-f]{8}\.txt$/)
  expect(rest).toMatchObject({
    label: 'first 4 words of b.txt, c.txt',
    words: 4,
    bytes: 20,
    sha256: sha256('one two\nthree  four\n'),
  })
})

test.each([
  ['gzip', gzipSync(text)],
  ['zstd', zstdCompressSync(text)],
])('unpacks %s, as a whole and cut', async (_, packed) => {
  writeFileSync(join(base, 'p'), packed)
  expect(describeCorpus('p', options)).toMatchObject({ state: 'make', todo: ['unpack p'] })
  const whole = await prepare('p')
  expect(readFileSync(whole.paths[0]!, 'utf8')).toBe(text)
  expect(whole).toMatchObject({
    label: 'p',
    words: 11,
    sha256: sha256(text),
    source: [{ sha256: sha256(packed) }],
  })
  expect(readFileSync((await prepare({ text: 'p', words: '5' })).paths[0]!, 'utf8')).toBe(
    'the new york times\nthe\n',
  )
  expect(describeCorpus('p', options)).toMatchObject({ state: 'ready', words: 11, sha256: sha256(text) })
  expect(describeCorpus({ text: 'p', words: 9 }, options)).toMatchObject({ state: 'make', words: 9 })
})

test('a packed copy of a name is unpacked into the cache', async () => {
  const { paths, label } = await prepare('packed')
  expect([paths, label]).toEqual([[join(base, 'cache/corpora/packed')], 'packed'])
  expect(readFileSync(paths[0]!, 'utf8')).toBe(text)
})

test('joins phrases, in passes', async () => {
  writeFileSync(join(base, 'long.txt'), 'new york is far\nyork new a b c d e f\n'.repeat(50))
  const spec = { text: 'long.txt', words: 400, phrases: [{ threshold: 0.1, minCount: 1 }] }
  const { paths, label, words } = await prepare(spec)
  const made = readFileSync(paths[0]!, 'utf8')
  expect(made).toContain('new_york')
  expect(words).toBe(made.split(/\s+/).filter(Boolean).length)
  expect(label).toBe('first 400 words of long.txt, phrases joined (threshold 0.1)')
  expect(readdirSync(join(base, 'cache/derived')).filter((name) => name.endsWith('.txt'))).toHaveLength(2)

  writeFileSync(join(base, 'prose.txt'), 'In New York, far away. York? New!\n'.repeat(50))
  const ofProse = { text: 'prose.txt', phrases: spec.phrases, tokenizer: 'words' as const }
  const prose = (await prepare(ofProse)).paths[0]!
  expect(readFileSync(prose, 'utf8')).toMatch(/^[a-z_ \n]+$/)
  const split = (await prepare({ ...ofProse, tokenizer: 'whitespace' })).paths[0]!
  expect(readFileSync(split, 'utf8')).toMatch(/York,/)
})

test('is made once, and anew when a source has changed or the made text was touched', async () => {
  const spec = { text: 'a.txt', words: 4 }
  const [first] = (await prepare(spec)).paths
  const { ino } = statSync(first!)
  await prepare(spec)
  expect(statSync(first!).ino).toBe(ino)
  expect(describeCorpus(spec, options)).toMatchObject({ state: 'ready', words: 4, bytes: 19 })

  utimesSync(first!, 1, 1)
  expect(describeCorpus(spec, options).state).toBe('make')
  await prepare(spec)
  expect(statSync(first!).ino).not.toBe(ino)

  writeFileSync(join(base, 'a.txt'), 'a b c d e f')
  expect(describeCorpus(spec, options)).toMatchObject({ state: 'make', words: 4, bytes: null })
  const again = await prepare(spec)
  expect(again.paths).not.toEqual([first])
  expect(readFileSync(again.paths[0]!, 'utf8')).toBe('a b c d\n')
})

test('many at once make one text, and wait for it', async () => {
  const steps = new Set<string>()
  const one = () =>
    prepareCorpus({ text: 'a.txt', words: 3 }, { ...options, onProgress: (step) => steps.add(step) })
  const all = await Promise.all(Array.from({ length: 5 }, one))
  expect(new Set(all.map(({ sha256 }) => sha256))).toEqual(new Set([sha256('the new york\n')]))
  expect(readdirSync(join(base, 'cache/derived'))).toHaveLength(2)
  expect(steps).toContain('waiting')
})

test('of several texts the first that is there, else the first that can be fetched', async () => {
  expect(describeCorpus(['packed', 'a.txt'], options)).toMatchObject({
    state: 'make',
    todo: ['unpack packed'],
  })
  expect((await prepare({ oneOf: ['secret', 'far', 'packed', 'news'] })).label).toBe('packed')
  expect(describeCorpus({ oneOf: ['secret', 'far'] }, options)).toMatchObject({
    label: 'far',
    state: 'fetch',
    todo: ['download far'],
    words: 11,
  })
  expect(describeCorpus('secret', options).state).toBe('missing')
})

test('tells what is wrong, and what to do', async () => {
  const refused = (spec: CorpusSpec, more = {}) =>
    expect(prepareCorpus(spec, { ...options, ...more })).rejects
  await refused('nesw').toThrow('did you mean news?')
  await refused('secret').toThrow(/ask its owner; its place is .*cache\/corpora\/secret/)
  await refused('far', { fetch: false }).toThrow('millrace data get far')
  await refused({ text: 'a.txt', words: 12 }).toThrow('a.txt has 11 words; the first 12 were asked for')
  await refused({ text: 'far', words: 12 }).toThrow('far has 11 words')
  expect(readdirSync(join(base, 'cache/derived'))).toEqual([])
  writeFileSync(join(base, 'data/corpora/news'), 'something else')
  await refused('news').toThrow(/news is not news\n.*SHA-256/)
  writeFileSync(join(base, 'cut.gz'), gzipSync(text.repeat(9)).subarray(0, 40))
  await refused('cut.gz').toThrow('damaged or cut off')
})

test('where the cache cannot be written, a plain text needs none, and all else says how to have another', async () => {
  writeFileSync(join(base, 'file'), '')
  const cache = join(base, 'file/cache')
  const reads: number[] = []
  const onProgress = (_: string, bytes: number) => reads.push(bytes)
  expect(await prepareCorpus('a.txt', { ...options, cache, onProgress })).toMatchObject({ words: 11 })
  // Once, although it is asked for twice.
  expect(reads).toEqual([text.length])
  writeFileSync(join(base, 'a.txt'), `${text}more`)
  expect(await prepareCorpus('a.txt', { ...options, cache })).toMatchObject({ words: 12 })
  for (const spec of ['packed', { text: 'a.txt', words: 4 }])
    await expect(prepareCorpus(spec, { ...options, cache })).rejects.toThrow(
      /cannot write .*file\/cache\/locks[\s\S]*MILLRACE_CACHE=FOLDER puts the cache elsewhere/,
    )
  // A lock that cannot be opened.
  const lock = sha256(join(base, 'cache/corpora/packed')).slice(0, 16)
  mkdirSync(join(base, 'cache/locks', lock), { recursive: true })
  await expect(prepare('packed')).rejects.toThrow(/cannot write .*cache\/locks[\s\S]*MILLRACE_CACHE/)
  // The disk refuses within.
  writeFileSync(join(base, 'cache/derived'), '')
  await expect(prepare({ text: 'a.txt', words: 4 })).rejects.toThrow(/derived\/[\s\S]*MILLRACE_CACHE/)
})

test('is broken off by a signal, and leaves nothing', async () => {
  const signal = AbortSignal.abort()
  await expect(prepareCorpus({ text: 'packed', words: 3 }, { ...options, signal })).rejects.toThrow(
    StoppedError,
  )
  expect(readdirSync(join(base, 'cache/corpora'))).toEqual([])
})
