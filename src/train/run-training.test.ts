import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { StoppedError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const random = new Random(deriveSeed(seed))
const config = { dim: 12, epochs: 3, threads: 1, sample: 1e-2, minCount: 2 }
let corpus: string

beforeAll(() => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(900_000, 1))
})

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
const run = (out: string, more: Partial<TrainRequest> = {}) =>
  runTraining({ corpus: [corpus], out, config, ...more })
const vectorsOf = (out: string) => readFileSync(new RunFolder(out).vectors)

/** Stops after so many blocks of this attempt (and those then at work). */
async function runAndStop(out: string, blocks: number, more: Partial<TrainRequest> = {}): Promise<void> {
  const controller = new AbortController()
  let done = 0
  const observer = { trained: () => void (++done === blocks && controller.abort()) }
  await expect(run(out, { observer, signal: controller.signal, ...more })).rejects.toBeInstanceOf(
    StoppedError,
  )
}

test('equal runs are equal files, and another seed is another', async () => {
  const [a, b, c] = [newFolder(), newFolder(), newFolder()]
  await run(a)
  await run(b)
  await run(c, { config: { ...config, seed: 2 } })
  expect(vectorsOf(a).equals(vectorsOf(b))).toBe(true)
  expect(vectorsOf(a).equals(vectorsOf(c))).toBe(false)
})

test('a run stopped again and again ends with the bits and the audit of one never stopped', async () => {
  const [whole, broken] = [newFolder(), newFolder()]
  const expected = await run(whole)
  // 14 blocks an epoch: each attempt gets some way, and none to the end.
  const stops = 5
  for (let stop = 0; stop < stops; stop++) await runAndStop(broken, 1 + random.below(6))
  const { result, losses } = await run(broken)
  expect(vectorsOf(broken).equals(vectorsOf(whole)), `SEED=${seed}, ${stops} stops`).toBe(true)
  expect(result.audit).toEqual(expected.result.audit)
  expect(result.words).toBe(expected.result.words)
  expect(result.restarts).toBe(stops)
  expect(losses).toEqual(expected.losses)
  expect(losses).toHaveLength(3)
})

test('a stop and a change of threads lose no record and repeat none', async () => {
  const [whole, broken] = [newFolder(), newFolder()]
  const expected = await run(whole)
  await runAndStop(broken, 9, { config: { ...config, threads: 2 } })
  const { result } = await run(broken, { config: { ...config, threads: 3 } })
  expect(result.audit).toEqual(expected.result.audit)
  expect(result.words).toBe(expected.result.words)
  const events = readEvents(new RunFolder(broken).events)
  // A checkpoint is told when the disk has it, and training is further by then.
  const words = events.filter(({ type }) => type !== 'checkpoint').map((event) => event.words)
  expect(words).toEqual([...words].sort((a, b) => a - b))
})

test('a complete run is shown and not trained again', async () => {
  const out = newFolder()
  const first = await run(out)
  const before = statSync(new RunFolder(out).vectors).mtimeMs
  const second = await run(out)
  expect(second.wasComplete).toBe(true)
  expect(second.result).toEqual(first.result)
  expect(second.losses).toEqual(first.losses)
  expect(statSync(new RunFolder(out).vectors).mtimeMs).toBe(before)
})

test('a text of one word is refused, in plain words', async () => {
  const one = join(newFolder(), '..', 'one-word.txt')
  writeFileSync(one, 'hello hello hello hello\n'.repeat(50))
  for (const loss of ['ns', 'hs'] as const)
    await expect(run(newFolder(), { corpus: [one], config: { ...config, sample: 0, loss } })).rejects.toThrow(
      'the vocabulary has one word, hello',
    )
})

test('a complete run is not shown for another text', async () => {
  const out = newFolder()
  await run(out)
  const other = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'other.txt')
  writeFileSync(other, madeUpText(900_000, 5))
  const before = readFileSync(new RunFolder(out).vocabulary)
  await expect(run(out, { corpus: [other] })).rejects.toThrow('the text is not what the run')
  expect(readFileSync(new RunFolder(out).vocabulary).equals(before)).toBe(true)
  // Moved, it is the same text.
  writeFileSync(other, readFileSync(corpus))
  expect((await run(out, { corpus: [other] })).wasComplete).toBe(true)
})

test('the run folder holds what the design says', async () => {
  const out = newFolder()
  const { result } = await run(out)
  const file = new RunFolder(out).read()
  expect(file.status).toBe('complete')
  expect(file.pids).toEqual({ supervisor: null, trainer: null })
  expect(file.config).toMatchObject({ corpus: [corpus], dim: 12, window: 5, tokenizer: 'whitespace' })
  expect(file.result).toEqual(result)
  expect(Object.keys(result)).toEqual([
    'type', 'words', 'seconds', 'wallSeconds', 'wordsPerSecond', 'vocabulary', 'checkpoints',
    'peakRssBytes', 'supervisorRssBytes', 'restarts', 'audit', 'vectors',
  ]) // biome-ignore format: one list
  expect(result.audit.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  for (const { hash } of result.audit.epochs) expect(hash).toMatch(/^[0-9a-f]{16}$/)
  const types = new Set(readEvents(new RunFolder(out).events).map(({ type }) => type))
  for (const type of [
    'countingPlan',
    'start',
    'vocabulary',
    'plan',
    'progress',
    'epoch',
    'checkpoint',
    'done',
  ])
    expect(types).toContain(type)
  expect(existsSync(join(out, 'lock'))).toBe(false)
})

test('the loss falls from epoch to epoch', async () => {
  const out = newFolder()
  await run(out, { config: { ...config, epochs: 4, lr: 0.1 } })
  const losses = readEvents(new RunFolder(out).events).flatMap((event) =>
    event.type === 'epoch' ? [event.loss] : [],
  )
  expect(losses).toHaveLength(4)
  expect(losses).toEqual([...losses].sort((a, b) => b! - a!))
})

test.each([
  ['within a block', ''],
  ['at the end of a block', 'aaaaaaaaaa'],
])('what two threads learn on copies of rows is merged %s', async (_, long) => {
  const path = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'pairs.txt')
  // 60 words, so that all have copies; each has but one neighbour. Of long ones a block has fewer than are merged at once.
  const line = (i: number) => `${`a${long}${i % 30} b${long}${i % 30} `.repeat(10)}\n`
  writeFileSync(path, Array.from({ length: 9000 }, (_, i) => line(i * 7919)).join(''))
  const few = { dim: 12, minCount: 2, sample: 0, window: 1, lr: 0.002, epochs: 2, threads: 2 }
  const { losses } = await run(newFolder(), { corpus: [path], config: few })
  // An untrained model has 0.69.
  expect(losses[1]).toBeLessThan(0.35)
})

test('a deterministic run has the same loss, bit for bit, with any number of threads', async () => {
  const lossesWith = async (threads: number) => {
    const deterministic = { ...config, deterministic: true, threads }
    return (await run(newFolder(), { config: deterministic, team: 'all' })).losses
  }
  const losses = await lossesWith(1)
  expect(losses).toHaveLength(3)
  expect(await lossesWith(2)).toEqual(losses)
  expect(await lossesWith(3)).toEqual(losses)
})

test('going on with another dim is refused by name, and the run is untouched', async () => {
  const out = newFolder()
  await runAndStop(out, 3)
  const before = readFileSync(new RunFolder(out).runFile)
  await expect(run(out, { config: { ...config, dim: 13 } })).rejects.toThrow('has dim 12; this asks for 13')
  expect(readFileSync(new RunFolder(out).runFile)).toEqual(before)
})

test('a corpus that changed is refused on resume, and seen while training', async () => {
  const own = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(own, readFileSync(corpus))
  // A round time can be set again to the same.
  utimesSync(own, 1e9, 1e9)
  const out = newFolder()
  await runAndStop(out, 3, { corpus: [own] })
  // The same length and time: only the content tells.
  const text = readFileSync(own)
  text[500_000] = text[500_000]! ^ 1
  writeFileSync(own, text)
  utimesSync(own, 1e9, 1e9)
  await expect(run(out, { corpus: [own] })).rejects.toThrow('corpus.txt changed during the run')
  appendFileSync(own, 'more words at the end\n')
  await expect(run(out, { corpus: [own] })).rejects.toThrow('the text is not what the run')
})

test('a run that was killed before its first checkpoint keeps its settings, and may be given others', async () => {
  const out = newFolder()
  await expect(run(out, { config: { ...config, lr: 0.06 }, observer: { planned: () => { throw new Error('killed') } } })).rejects.toThrow('killed') // biome-ignore format: one line
  await run(out, { config: { epochs: 2 } })
  expect(new RunFolder(out).read().config).toMatchObject({ dim: 12, lr: 0.06, epochs: 2 })
})

test('a complete run whose checkpoints were deleted is not shown for other settings', async () => {
  const out = newFolder()
  await run(out)
  rmSync(new RunFolder(out).checkpoints, { recursive: true })
  await expect(run(out, { config: { ...config, window: 9 } })).rejects.toThrow(
    'has window 5; this asks for 9',
  )
  expect((await run(out)).wasComplete).toBe(true)
})

test('another text leaves the record of a stopped run as it was', async () => {
  const out = newFolder()
  await runAndStop(out, 3)
  const before = readFileSync(new RunFolder(out).runFile, 'utf8')
  const other = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'other.txt')
  writeFileSync(other, madeUpText(900_000, 6))
  await expect(run(out, { corpus: [other] })).rejects.toThrow('the text is not what the run')
  expect(readFileSync(new RunFolder(out).runFile, 'utf8')).toBe(before)
  expect(readEvents(new RunFolder(out).events).at(-1)!.type).toBe('stop')
})

test('what killed processes left half written is cleared away', async () => {
  const out = newFolder()
  mkdirSync(out)
  for (const name of ['run.json.123.tmp', 'vectors.safetensors.77.tmp', 'lock.5'])
    writeFileSync(join(out, name), 'half')
  await run(out)
  expect(readdirSync(out).filter((name) => /tmp|lock/.test(name))).toEqual([])
})

test.each(['corpus.json', 'vocab.tsv', 'vectors.safetensors'])('%s damaged is made again', async (name) => {
  const out = newFolder()
  await run(out)
  const whole = readFileSync(join(out, name))
  const vectors = vectorsOf(out)
  for (const damaged of [Buffer.from('null'), whole.subarray(0, whole.length >> 1)]) {
    writeFileSync(join(out, name), damaged)
    await run(out)
    expect(readFileSync(join(out, name)).equals(whole)).toBe(true)
    expect(vectorsOf(out).equals(vectors)).toBe(true)
  }
})

test('checkpoints inside epochs change nothing, and a width that is no multiple of four survives them', async () => {
  const [whole, often] = [newFolder(), newFolder()]
  const odd = { ...config, dim: 7 }
  await run(whole, { config: odd })
  await runAndStop(often, 20, { config: { ...odd, checkpointEvery: '3steps' } })
  await run(often, { config: { ...odd, checkpointEvery: '3steps' } })
  expect(vectorsOf(often).equals(vectorsOf(whole))).toBe(true)
  const saved = readEvents(new RunFolder(often).events).filter(({ type }) => type === 'checkpoint')
  expect(saved.length).toBeGreaterThan(4)
})

test('a text without neighbours is refused: it teaches nothing', async () => {
  const lonely = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'lonely.txt')
  writeFileSync(lonely, 'a\nb\n'.repeat(500))
  const out = newFolder()
  await expect(run(out, { corpus: [lonely] })).rejects.toThrow('nothing can be learned from this text')
  expect(new RunFolder(out).read().status).toBe('failed')
  expect(existsSync(new RunFolder(out).vectors)).toBe(false)
})

test('a flag that would do nothing is refused', async () => {
  const out = newFolder()
  await expect(run(out, { config: { ...config, cbowInput: 'sum' } })).rejects.toThrow(
    'cbowInput sum does nothing here',
  )
  expect(existsSync(out)).toBe(false)
})

test('a plan that does not fit is refused before any work, with settings that would', async () => {
  const out = newFolder()
  const wanted = run(out, { config: { ...config, dim: 4096, memory: 140 * 2 ** 20 } })
  await expect(wanted).rejects.toThrow(/the limit is 140 MiB \(--memory\)\n.*--dim \d+/)
})
