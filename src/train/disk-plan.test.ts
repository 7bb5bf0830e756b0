import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { PlanError, StoppedError } from '../core/errors.ts'
import { Vocabulary } from '../corpus/index.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import { parseTrainConfig, type TrainConfigInput } from '../word2vec/index.ts'
import { freeOnDisk, planDisk, requireDisk } from './disk-plan.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'

let corpus: string
beforeAll(() => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(100_000, 1))
})

const newFolder = () => new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run'))
const config: TrainConfigInput = { dim: 40, epochs: 2, threads: 1, minCount: 1 }
const run = (folder: RunFolder, more: Partial<TrainRequest> = {}) =>
  runTraining({ corpus: [corpus], out: folder.path, config, ...more })

const bytesIn = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0)

test.each(['sgd', 'adagrad'] as const)('what a run leaves is what was planned: %s', async (optimizer) => {
  const folder = newFolder()
  const asked = { ...config, optimizer }
  await run(folder, { config: asked })
  const vocabulary = await Vocabulary.read(folder.vocabulary)
  const { bytes, parts, there } = planDisk(folder, parseTrainConfig(asked), vocabulary)
  const close = 2 ** 17
  const checkpoints = bytesIn(folder.checkpoints)
  // Two stay, and a third stood beside them for a while.
  expect(parts.checkpoints! * (2 / 3)).toBeGreaterThan(checkpoints)
  expect(parts.checkpoints! * (2 / 3) - checkpoints).toBeLessThan(close)
  expect(there).toBe(checkpoints)
  const vectors = statSync(folder.vectors).size
  expect(parts.vectors!).toBeGreaterThan(vectors)
  expect(parts.vectors! - vectors).toBeLessThan(close)
  expect(bytes).toBe(parts.checkpoints! + parts.vectors!)
})

test('a run whose disk is too full is refused, to the byte; where that is unknown it begins', async () => {
  const folder = newFolder()
  await run(folder)
  const plan = planDisk(folder, parseTrainConfig(config), await Vocabulary.read(folder.vocabulary))
  const other = newFolder()
  const error = await run(other, { freeBytes: () => plan.bytes - 1 }).catch((error) => error)
  expect(error).toBeInstanceOf(PlanError)
  expect(error).toMatchObject({ code: 'DISK_PLAN', exitCode: 2 })
  expect(error.message).toMatch(
    /the run needs [\d.]+ [KM]iB of disk in .*run: checkpoints .*, vectors .*\n {2}why: .* are free there\n {2}try: free 1 B, or use --out on another disk/,
  )
  expect(existsSync(other.checkpoints)).toBe(false)
  await run(other, { freeBytes: () => plan.bytes })
  await run(newFolder(), { freeBytes: () => null })
})

test('a run that has work goes on with a warning, and what it has is not needed again', async () => {
  const folder = newFolder()
  const controller = new AbortController()
  const stopping = { trained: () => controller.abort() }
  await expect(run(folder, { observer: stopping, signal: controller.signal })).rejects.toThrow(StoppedError)
  const there = bytesIn(folder.checkpoints)
  const plan = planDisk(folder, parseTrainConfig(config), await Vocabulary.read(folder.vocabulary))
  expect(plan.there).toBe(there)
  expect(() => requireDisk(folder, { ...plan, free: plan.bytes - there })).not.toThrow()
  expect(() => requireDisk(folder, { ...plan, free: plan.bytes - there - 1 })).toThrow('that are there')
  await run(folder, { freeBytes: () => 0 })
  const warnings = readEvents(folder.events).filter(({ type }) => type === 'warning')
  expect(warnings).toMatchObject([{ message: expect.stringContaining('0 B are free there') }])
})

test('what is spilled in counting is not there at the same time', () => {
  const words = Vocabulary.from([[Buffer.from('one'), 3]], 1)
  const plan = (spillBytes: number) =>
    planDisk(newFolder(), parseTrainConfig({}), words, { spillBytes }).bytes
  expect(plan(100)).toBe(plan(0))
  expect(plan(2 ** 30)).toBe(2 ** 30)
})

test('a disk tells what is free though the folder is not there yet; what is no disk does not', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'not/there/yet')
  expect(freeOnDisk(path)).toBeGreaterThan(0)
  if (existsSync('/proc/self')) expect(freeOnDisk('/proc/self')).toBe(null)
})
