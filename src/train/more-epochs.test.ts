import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { CheckpointStore } from '../checkpoint/index.ts'
import { StoppedError } from '../core/errors.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'
import type { TrainState } from './state.ts'

const config = { dim: 8, epochs: 2, threads: 1, sample: 1e-2, minCount: 2 }
let corpus: string

beforeAll(() => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(400_000, 3))
})

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
const run = (out: string, more: Partial<TrainRequest> = {}) =>
  runTraining({ corpus: [corpus], out, config, ...more })
const vectorsOf = (out: string) => readFileSync(new RunFolder(out).vectors)
const recordOf = (out: string) => readFileSync(new RunFolder(out).runFile, 'utf8')
const progressOf = (out: string) =>
  readEvents(new RunFolder(out).events).flatMap((event) => (event.type === 'progress' ? [event] : []))

/** Stops after so many blocks of this attempt. */
async function runAndStop(out: string, blocks: number, more: Partial<TrainRequest> = {}): Promise<void> {
  const controller = new AbortController()
  let done = 0
  const observer = { trained: () => void (++done === blocks && controller.abort()) }
  await expect(run(out, { observer, signal: controller.signal, ...more })).rejects.toBeInstanceOf(
    StoppedError,
  )
}

test('a complete run goes on to more epochs, on the line of the new whole', async () => {
  const out = newFolder()
  const first = await run(out)
  const vectors = vectorsOf(out)
  const second = await run(out, { config: { epochs: 4 } })
  expect(second.wasComplete).toBe(false)
  expect(second.losses).toHaveLength(4)
  // What was trained is not trained again.
  expect(second.losses.slice(0, 2)).toEqual(first.losses)
  expect(second.result.words).toBe(2 * first.result.words)
  expect(second.result.audit.epochs.slice(0, 2)).toEqual(first.result.audit.epochs)
  expect(vectorsOf(out).equals(vectors)).toBe(false)
  const file = new RunFolder(out).read()
  expect(file).toMatchObject({ status: 'complete', config: { epochs: 4, dim: 8 } })
  expect(file.schedules).toEqual([
    { epochs: 2, fromEpoch: 1 },
    { epochs: 4, fromEpoch: 3 },
  ])
  const events = readEvents(new RunFolder(out).events)
  expect(events.filter(({ type }) => type === 'schedule')).toMatchObject([
    { epochs: 4, before: 2, words: first.result.words },
  ])
  // The rate had come to its end, and stands at half of the first again.
  const rates = progressOf(out).filter(({ epoch }) => epoch > 2)
  expect(Math.max(...rates.map(({ learningRate }) => learningRate))).toBeLessThanOrEqual(0.0125)
  expect((await run(out, { config: {} })).wasComplete).toBe(true)
  expect((await run(out, { config: { epochs: 4 } })).wasComplete).toBe(true)
})

test('more epochs given anew in the middle are the same bits each time, stopped or not', async () => {
  const [whole, broken] = [newFolder(), newFolder()]
  for (const out of [whole, broken]) await run(out)
  await run(whole, { config: { epochs: 30 } })
  await runAndStop(broken, 2, { config: { epochs: 30 } })
  expect(new RunFolder(broken).read().config.epochs).toBe(30)
  await runAndStop(broken, 5, { config: {} })
  await run(broken, { config: {} })
  expect(vectorsOf(broken).equals(vectorsOf(whole))).toBe(true)
  expect(new RunFolder(broken).read().schedules).toHaveLength(2)
})

test('the rate does follow the new line', async () => {
  const [longer, whole] = [newFolder(), newFolder()]
  await run(longer)
  await run(longer, { config: { epochs: 4 } })
  // Trained at the rates of two epochs first, it cannot be what four epochs from the start give.
  await run(whole, { config: { ...config, epochs: 4 } })
  expect(vectorsOf(longer).equals(vectorsOf(whole))).toBe(false)
  // A stopped run may be given more, and has only the rest on the new line.
  const [early, longest] = [newFolder(), newFolder()]
  await runAndStop(early, 1, { config: { ...config, epochs: 20 } })
  await run(early, { config: { epochs: 30 } })
  await run(longest, { config: { ...config, epochs: 30 } })
  const schedules = new RunFolder(early).read().schedules!
  expect(schedules.map(({ epochs }) => epochs)).toEqual([20, 30])
  expect(vectorsOf(early).equals(vectorsOf(longest))).toBe(false)
})

test('a rate that is constant makes of more epochs what they would have been at once', async () => {
  const [longer, whole] = [newFolder(), newFolder()]
  const adagrad = { ...config, optimizer: 'adagrad' } as const
  await run(longer, { config: adagrad })
  await run(longer, { config: { epochs: 4 } })
  await run(whole, { config: { ...adagrad, epochs: 4 } })
  expect(vectorsOf(longer).equals(vectorsOf(whole))).toBe(true)
})

test('fewer epochs than are done are refused, and the run is untouched', async () => {
  const out = newFolder()
  await run(out, { config: { ...config, epochs: 3 } })
  const [record, vectors] = [recordOf(out), vectorsOf(out)]
  await expect(run(out, { config: { epochs: 2 } })).rejects.toThrow(
    /has finished epoch 3; this asks for 2\n.*why: what was trained is not taken back\n.*--epochs 3 or more/,
  )
  expect(recordOf(out)).toBe(record)
  expect(vectorsOf(out).equals(vectors)).toBe(true)
  expect((await run(out, { config: {} })).wasComplete).toBe(true)
})

test('an epoch that was begun is finished', async () => {
  const out = newFolder()
  await runAndStop(out, 16, { config: { ...config, epochs: 40 } })
  const { state } = new CheckpointStore<TrainState>(new RunFolder(out).checkpoints).newest()!
  // Seven blocks an epoch: it stands within the third, or where the stop came late, at worst at the end of one.
  const begun = state.epoch - (state.place > 0 ? 0 : 1)
  expect(begun).toBeGreaterThan(2)
  const fewer = run(out, { config: { epochs: begun - 1 } })
  await expect(fewer).rejects.toThrow(`epoch ${begun}; this asks for ${begun - 1}`)
  const { losses } = await run(out, { config: { epochs: begun } })
  expect(losses).toHaveLength(begun)
})

test('a complete run without its checkpoints is not begun anew for more epochs', async () => {
  const out = newFolder()
  await run(out)
  const record = recordOf(out)
  rmSync(new RunFolder(out).checkpoints, { recursive: true })
  await expect(run(out, { config: { epochs: 3 } })).rejects.toThrow('no checkpoint of it is left')
  await expect(run(out, { config: { epochs: 1 } })).rejects.toThrow('has finished epoch 2; this asks for 1')
  expect(recordOf(out)).toBe(record)
})

test('another model before the first checkpoint has its own learning rate', async () => {
  const out = newFolder()
  const killed = { planned: () => expect.fail('killed') }
  const configOf = () => new RunFolder(out).read().config
  await expect(run(out, { observer: killed })).rejects.toThrow('killed')
  expect(configOf()).toMatchObject({ model: 'skipgram', lr: 0.025 })
  await expect(run(out, { config: { model: 'cbow' }, observer: killed })).rejects.toThrow('killed')
  expect(configOf()).toMatchObject({ model: 'cbow', lr: 0.05, dim: 8 })
  await expect(run(out, { config: { lr: 0.04 }, observer: killed })).rejects.toThrow('killed')
  await expect(run(out, { config: {}, observer: killed })).rejects.toThrow('killed')
  expect(configOf()).toMatchObject({ model: 'cbow', lr: 0.04 })
})
