import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import type { Random } from '../core/random.ts'
import { type CountOptions, type CountResult, countCorpus } from './count.ts'
import { planCounting } from './count-plan.ts'
import { type CorpusFile, findCorpusFiles } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const options: CountOptions = { tokenizer: 'whitespace', minCount: 1, threads: 2 }
let count = 0
const newPath = () => join(folder, `${count++}`)

/** Some words over and over, and others that hardly come twice. */
function manyWords(random: Random, words: number): string {
  const lines: string[] = []
  for (let i = 0; i < words; i += 20) {
    const line = Array.from({ length: 20 }, () =>
      random.below(3) === 0 ? `물${random.below(900)}` : `word${random.below(2 ** 30).toString(36)}`,
    )
    lines.push(line.join(' '))
  }
  return `${lines.join('\n')}\n`
}

function write(text: string): CorpusFile[] {
  const path = `${newPath()}.txt`
  writeFileSync(path, text)
  return findCorpusFiles([path])
}

/** Words with at least `minCount` and their counts, as they are to stand in the vocabulary, and how many words there are. */
function plainCount(text: string, minCount: number): { lines: string; distinctWords: number } {
  const counts = new Map<string, number>()
  for (const word of text.split(/\s+/)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  const lines = [...counts]
    .filter(([, count]) => count >= minCount)
    .map(([word, count]) => ({ bytes: Buffer.from(word), count }))
    .sort((a, b) => b.count - a.count || Buffer.compare(a.bytes, b.bytes))
    .map(({ bytes, count }) => `${bytes} ${count}`)
  return { lines: lines.join('\n'), distinctWords: counts.size }
}

function linesOf({ vocabulary }: CountResult): string {
  return Array.from(vocabulary.counts, (count, i) => `${vocabulary.word(i)} ${count}`).join('\n')
}

function blocksOf(files: CorpusFile[]): number {
  return Math.ceil(files[0]!.bytes / 65536)
}

/** What a result says, but for its vocabulary. */
function factsOf({ distinctWords, replaced, overlong, audits }: CountResult) {
  return { distinctWords, replaced, overlong, audits }
}

test('what does not fit is counted exactly, with 1, 2 and 3 threads', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 150_000)
    const files = write(text)
    const minCount = pick(random, [3, 20])
    const expected = plainCount(text, minCount)
    for (const threads of [1, 2, 3]) {
      const memory = planCounting(files[0]!.bytes, threads).least
      const saved: number[] = []
      // Saved only where it must be. Without a folder for it, it goes to one that is removed.
      const kept = { scratch: newPath(), saveEveryMs: 1e9, onSaved: (blocks: number) => saved.push(blocks) }
      for (const place of threads === 2 ? [kept, {}] : [kept]) {
        const counted = await countCorpus(files, { ...options, minCount, threads, memory, ...place })
        expect(linesOf(counted) === expected.lines).toBe(true)
        expect(counted.distinctWords).toBe(expected.distinctWords)
      }
      expect(saved.length).toBeGreaterThan(3)
      expect(saved.at(-1)).toBe(blocksOf(files))
    }
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('millrace-counting-'))).toEqual([])
  }))

test('saved at each block and merged again, a count is the same bytes', () =>
  forSeeds(1, async (random) => {
    const bad = '\xff a \u3000\n'
    const long = `${'x'.repeat(1500)} b\n`
    const text = Buffer.concat([
      Buffer.from(manyWords(random, 130_000)),
      Buffer.from(bad.repeat(3), 'latin1'),
      Buffer.from(`a\0b a a\0\0 abcdefgh abcdefgh\0 ${'물'.repeat(333)} \n${long.repeat(2)}`),
    ])
    const path = `${newPath()}.txt`
    writeFileSync(path, text)
    const files: CorpusFile[] = [{ path, bytes: text.length, mtimeMs: 0 }]
    const expected = await countCorpus(files, options)
    const scratch = newPath()
    const counted = await countCorpus(files, { ...options, scratch, saveEveryMs: 0 })
    expect(factsOf(counted)).toEqual(factsOf(expected))
    expect([counted.overlong, counted.replaced.count]).toEqual([2, 3])
    for (const part of ['counts', 'arena', 'offsets'] as const) {
      const [one, other] = [expected, counted].map(({ vocabulary }) =>
        Buffer.from(vocabulary[part].slice().buffer),
      )
      expect(one!.equals(other!), part).toBe(true)
    }
    // More runs than lie there at the end were written: they do not pile up.
    expect(readdirSync(scratch).length).toBeLessThan(16)
    expect(blocksOf(files)).toBeGreaterThan(16)
  }))

test('stopped, a count goes on where it was, also for another least count', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 150_000)
    const files = write(text)
    const scratch = newPath()
    const controller = new AbortController()
    const saved: number[] = []
    const counting = countCorpus(files, {
      ...options,
      scratch,
      memory: planCounting(files[0]!.bytes, 2).least,
      saveEveryMs: 1e9,
      signal: controller.signal,
      onSaved: (blocks) => {
        saved.push(blocks)
        if (blocks > 0) controller.abort()
      },
    })
    await expect(counting).rejects.toThrow(/what was counted is saved\n.*it goes on where it was/)
    const fractions: number[] = []
    for (const minCount of [3, 1]) {
      const again = await countCorpus(files, {
        ...options,
        scratch,
        minCount,
        onSaved: (blocks) => saved.push(blocks),
        onProgress: (done) => fractions.push(done),
      })
      expect(linesOf(again) === plainCount(text, minCount).lines).toBe(true)
    }
    expect(fractions[0]).toBeGreaterThan(0)
    expect(saved).toContain(Math.round(fractions[0]! * blocksOf(files)))
    expect(saved.slice(-1)).toEqual([blocksOf(files)])
    const aborted = countCorpus(files, { ...options, signal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow('it begins anew')
  }))

test('a stop saves what was counted, though nothing else has', async () => {
  const path = `${newPath()}.txt`
  writeFileSync(path, Buffer.alloc(64 * 2 ** 20, 'a few words\n'))
  const controller = new AbortController()
  const saved: number[] = []
  const counting = countCorpus(findCorpusFiles([path]), {
    ...options,
    threads: 1,
    scratch: newPath(),
    signal: controller.signal,
    onProgress: (done) => done > 0 && controller.abort(),
    onSaved: (blocks) => saved.push(blocks),
  })
  await expect(counting).rejects.toThrow('it goes on where it was')
  rmSync(path)
  expect(saved[0]).toBe(0)
  expect(saved.at(-1)).toBeGreaterThan(0)
})

test('what is damaged or of another corpus is not gone on with', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 16_000)
    const files = write(text)
    const scratch = newPath()
    const kept: CountOptions = { ...options, scratch, saveEveryMs: 0 }
    const begins = async (changed: CorpusFile[] = files, more: Partial<CountOptions> = {}) => {
      const saved: number[] = []
      const counted = await countCorpus(changed, { ...kept, ...more, onSaved: (n) => saved.push(n) })
      expect(linesOf(counted) === plainCount(readFileSync(changed[0]!.path, 'utf8'), 1).lines).toBe(true)
      return saved[0]
    }
    expect(await begins()).toBe(0)
    expect(await begins()).toBe(blocksOf(files))
    for (const harm of ['flip', 'cut', 'remove'] as const) {
      const name = pick(random, ['manifest', ...runsIn(scratch)])
      damage(random, join(scratch, name), harm)
      expect(await begins(), `${harm} ${name}`).toBe(0)
    }
    // What processes that were killed have left goes, though it is not known.
    for (const name of ['run-900', 'manifest.1.tmp']) writeFileSync(join(scratch, name), 'part')
    expect(await begins()).toBe(blocksOf(files))
    expect(readdirSync(scratch)).not.toContain('run-900')
    expect(readdirSync(scratch)).not.toContain('manifest.1.tmp')
    expect(await begins(files, { tokenizer: 'words' })).toBe(0)
    writeFileSync(files[0]!.path, `x${text.slice(1)}`)
    utimesSync(files[0]!.path, 1e9, 1e9)
    expect(await begins(findCorpusFiles([files[0]!.path]))).toBe(0)
  }))

test('a run that is damaged while counting goes on makes it begin anew, and the count is right', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 60_000)
    const scratch = newPath()
    const warnings: string[] = []
    let harmed = false
    const counted = await countCorpus(write(text), {
      ...options,
      scratch,
      saveEveryMs: 0,
      onWarning: (message) => warnings.push(message),
      onSaved: (blocks) => {
        if (blocks < 2 || harmed) return
        // All of them: one of them alone may be merged by now, and never read again.
        for (const run of runsIn(scratch)) damage(random, join(scratch, run), 'flip')
        harmed = true
      },
    })
    expect(linesOf(counted) === plainCount(text, 1).lines).toBe(true)
    expect(warnings.join()).toContain('is damaged: counting begins anew')
  }))

test('a disk that refuses is told of where counting can go on, and else ends it, with nothing left', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 90_000)
    const files = write(text)
    const scratch = join(files[0]!.path, 'no', 'folder')
    const warnings: string[] = []
    const onWarning = (message: string) => warnings.push(message)
    const fits = await countCorpus(files, { ...options, scratch, saveEveryMs: 0, onWarning })
    expect(linesOf(fits) === plainCount(text, 1).lines).toBe(true)
    expect(warnings[0]).toContain('could not be saved, counting goes on: cannot write')
    const memory = planCounting(files[0]!.bytes, 2).least
    await expect(countCorpus(files, { ...options, scratch, memory, minCount: 50 })).rejects.toThrow(
      /^cannot write .*run-/,
    )
    expect(existsSync(scratch)).toBe(false)
  }))

test.skipIf(process.platform !== 'linux')('a disk that fills up and is freed costs nothing', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 90_000)
    const files = write(text)
    const scratch = newPath()
    const warnings: string[] = []
    const saved: number[] = []
    const counted = await countCorpus(files, {
      ...options,
      scratch,
      saveEveryMs: 0,
      onWarning: (message) => warnings.push(message),
      onSaved: (blocks) => {
        // What is written there finds no space; the next number does.
        if (saved.push(blocks) > 1) return
        mkdirSync(scratch)
        for (const i of [0, 1, 4, 5]) symlinkSync('/dev/full', join(scratch, `run-${i}`))
      },
    })
    expect(linesOf(counted) === plainCount(text, 1).lines).toBe(true)
    expect(warnings.length).toBe(4)
    expect(warnings[0]).toContain('the disk is full')
    expect(saved.at(-1)).toBe(blocksOf(files))
  }),
)

test('a vocabulary that does not fit is refused, with a least count whose words do', () =>
  forSeeds(1, async (random) => {
    const text = manyWords(random, 90_000)
    const files = write(text)
    const memory = planCounting(files[0]!.bytes, 1).least
    const scratch = newPath()
    const limited = { ...options, threads: 1, memory, scratch }
    const error = await countCorpus(files, limited).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(error?.message).toMatch(/^the vocabulary does not fit: /)
    const minCount = Number(/--min-count (\d+)/.exec(error!.message)?.[1])
    expect(minCount).toBeGreaterThan(1)
    const counted = await countCorpus(files, { ...limited, minCount })
    expect(linesOf(counted) === plainCount(text, minCount).lines).toBe(true)
    await expect(countCorpus(files, { ...limited, minCount: minCount - 1 })).rejects.toThrow('does not fit')
  }))

function runsIn(scratch: string): string[] {
  return readdirSync(scratch).filter((name) => name.startsWith('run-'))
}

function damage(random: Random, path: string, harm: 'flip' | 'cut' | 'remove'): void {
  const bytes = readFileSync(path)
  const at = random.below(bytes.length)
  bytes[at] = bytes[at]! ^ (1 << random.below(8))
  if (harm === 'remove') rmSync(path)
  else writeFileSync(path, harm === 'cut' ? bytes.subarray(0, at) : bytes)
}
