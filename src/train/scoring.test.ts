import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { StoppedError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const random = new Random(deriveSeed(seed))
const config = { dim: 6, epochs: 3, threads: 1, sample: 1e-2, minCount: 5, evaluateEvery: '0.3epochs' }
let corpus: string
/** Of a run that was scored and never stopped: what its vectors are, and its scores. */
let whole: string

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
const run = (out: string, more: Partial<TrainRequest> = {}) =>
  runTraining({ corpus: [corpus], out, config, evaluation: { score: lengths }, ...more })
const vectorsOf = (out: string) => readFileSync(new RunFolder(out).vectors)
const pointsOf = (out: string) =>
  readEvents(new RunFolder(out).events).flatMap((event) => (event.type === 'scores' ? [event] : []))
/** Where it was scored, and what came of it; not how long that took. */
const scoresOf = (out: string) =>
  pointsOf(out).map(({ words, epoch, place, scores }) => ({ words, epoch, place, scores }))
const warningsOf = (out: string) =>
  readEvents(new RunFolder(out).events).flatMap((event) => (event.type === 'warning' ? [event.message] : []))

function lengths(vectors: KeyedVectors) {
  let sum = 0
  for (let row = 0; row < vectors.length; row++) sum += 1 / vectors.search.inverseLength(row)
  return { length: sum / vectors.length, words: vectors.length }
}

/** Rises to its best where the mean length is `target`, and falls from there. */
const near = (target: number) => ({
  score: (vectors: KeyedVectors) => ({ 'made.up': 0 - Math.abs(lengths(vectors).length - target) }),
})

beforeAll(async () => {
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
  writeFileSync(corpus, madeUpText(400_000, 1))
  whole = newFolder()
  await run(whole)
})

/** Stops or kills the run at some block, or at the block before a point; true if it came to its end before that. */
async function breakOff(out: string, more: Partial<TrainRequest>): Promise<boolean> {
  const controller = new AbortController()
  const isKill = random.below(2) === 0
  const after = 1 + random.below(9)
  let done = 0
  const observer = {
    trained: () => {
      if (++done !== after) return
      if (isKill) throw new Error('killed')
      controller.abort()
    },
  }
  try {
    await run(out, { ...more, observer, signal: controller.signal })
    return true
  } catch (error) {
    expect(error instanceof StoppedError || String(error).includes('killed'), `SEED=${seed} ${error}`).toBe(
      true,
    )
    return false
  }
}

test('a run is scored before, while and after it is trained, and trains as if it were not', async () => {
  const points = pointsOf(whole)
  expect(points[0]).toMatchObject({ epoch: 1, place: 0, words: 0, seconds: 0 })
  // 3 epochs, in steps of 0.3; the end is one of them.
  expect(points).toHaveLength(1 + 10)
  expect(points.at(-1)).toMatchObject({ epoch: 3, words: new RunFolder(whole).read().result!.words })
  const growing = points.map(({ scores }) => scores.length!)
  expect(growing.at(-1)).toBeGreaterThan(growing[0]!)
  const { evaluateEvery: _, ...plain } = config
  for (const more of [{}, { deterministic: true, threads: 2, epochs: 1 }]) {
    const [scored, other] = [newFolder(), newFolder()]
    if (more.deterministic) await run(scored, { config: { ...config, ...more } })
    await runTraining({ corpus: [corpus], out: other, config: { ...plain, ...more } })
    expect(vectorsOf(other).equals(vectorsOf(more.deterministic ? scored : whole))).toBe(true)
    expect(pointsOf(other)).toEqual([])
  }
})

test('what is scored last is what is written', () => {
  expect(pointsOf(whole).at(-1)!.scores).toEqual(lengths(KeyedVectors.load(whole)))
})

test('stopped and killed anywhere, a run is scored at the same points with the same scores, each once', async () => {
  const out = newFolder()
  const often = { config: { ...config, checkpointEvery: '2steps' } }
  for (let breaks = 0; breaks < 6; breaks++) if (await breakOff(out, often)) break
  await run(out, often)
  expect(scoresOf(out), `SEED=${seed}`).toEqual(scoresOf(whole))
  expect(vectorsOf(out).equals(vectorsOf(whole)), `SEED=${seed}`).toBe(true)
})

test('a run that is stopped at a point is scored there when it goes on, and at the end before it ends', async () => {
  const point = pointsOf(whole)[2]!
  for (const [epoch, place] of [
    [point.epoch, point.place],
    [3, pointsOf(whole).at(-1)!.place],
  ]) {
    const out = newFolder()
    const controller = new AbortController()
    const trained = (_: number, work: { epoch: number; place: number }) => {
      if (work.epoch === epoch && work.place === place) controller.abort()
    }
    await run(out, { observer: { trained }, signal: controller.signal }).catch(() => {})
    await run(out)
    expect(scoresOf(out)).toEqual(scoresOf(whole))
  }
})

test('a score that no longer rises ends the run, wherever that was stopped; shown again, it says so', async () => {
  const best = pointsOf(whole)[4]!
  const evaluation = near(best.scores.length!)
  const stopping = { evaluation, config: { ...config, earlyStop: 'made.up', patience: 2 } }
  const out = newFolder()
  const { result } = await run(out, stopping)
  const points = pointsOf(out)
  expect(points).toHaveLength(7)
  const { place: blocks } = pointsOf(whole).at(-1)!
  const epochsAt = ({ epoch, place }: { epoch: number; place: number }) =>
    ((epoch - 1) * blocks + place) / blocks
  const early = {
    epoch: epochsAt(points[6]!),
    score: 'made.up',
    best: points[4]!.scores['made.up'],
    at: epochsAt(best),
  }
  expect(result).toMatchObject({ stoppedEarly: early, words: points[6]!.words })
  const file = new RunFolder(out).read()
  expect(file).toMatchObject({ status: 'complete', result: { stoppedEarly: early } })
  expect(file.config).toMatchObject({
    earlyStop: 'made.up',
    patience: 2,
    leastGain: 0,
    evaluateEvery: '0.3epochs',
  })

  // Broken off again and again, it ends the same.
  const broken = newFolder()
  for (let breaks = 0; breaks < 3; breaks++) if (await breakOff(broken, stopping)) break
  const again = await run(broken, stopping)
  expect(again.result.stoppedEarly, `SEED=${seed}`).toEqual(early)
  expect(scoresOf(broken), `SEED=${seed}`).toEqual(scoresOf(out))
  expect(vectorsOf(broken).equals(vectorsOf(out)), `SEED=${seed}`).toBe(true)

  // It is complete, and needs no questions to say so.
  const plain = { config: {}, evaluation: undefined as never }
  expect(await run(out, plain)).toMatchObject({ wasComplete: true, result: { stoppedEarly: early } })
  const vectors = vectorsOf(out)
  rmSync(new RunFolder(out).vectors)
  expect((await run(out, plain)).result.stoppedEarly).toEqual(early)
  expect(vectorsOf(out).equals(vectors)).toBe(true)

  // With more patience it goes on, and is scored nowhere twice.
  await expect(run(out, { config: { patience: 3 }, evaluation: undefined as never })).rejects.toThrow(
    'nothing to score',
  )
  const patient = await run(out, { evaluation, config: { patience: 3 } })
  expect(patient.result.stoppedEarly).toMatchObject({ at: early.at, epoch: epochsAt(pointsOf(whole)[7]!) })
  // Without early stopping, to the end: as if it had never been asked for.
  const { result: full } = await run(out, { config: { earlyStop: 'none' } })
  expect(full.stoppedEarly).toBe(undefined)
  expect(vectorsOf(out).equals(vectorsOf(whole))).toBe(true)
  expect(pointsOf(out).map(({ epoch, place }) => [epoch, place])).toEqual(
    pointsOf(whole).map(({ epoch, place }) => [epoch, place]),
  )
})

test('what is no number is told as null, and waited for', async () => {
  const out = newFolder()
  let calls = 0
  const score = () => ({ wild: ++calls < 4 ? Number.NaN : calls < 6 ? calls : Number.POSITIVE_INFINITY })
  const { result } = await run(out, {
    evaluation: { score },
    config: { ...config, earlyStop: 'wild', patience: 2 },
  })
  expect(pointsOf(out).map(({ scores }) => scores.wild)).toEqual([null, null, null, 4, 5, null, null])
  expect(result.stoppedEarly).toMatchObject({ best: 5 })
  expect(warningsOf(out)).toContainEqual(
    expect.stringContaining('wild, which training is to stop on, has no value yet'),
  )
})

test('a gain that is too small is none', async () => {
  const out = newFolder()
  let calls = 0
  const slow = { score: () => ({ slow: ++calls / 100 }) }
  const { result } = await run(out, {
    evaluation: slow,
    config: { ...config, earlyStop: 'slow', patience: 3, leastGain: 0.05 },
  })
  expect(result.stoppedEarly).toMatchObject({ best: 0.01, at: 0 })
  expect(pointsOf(out)).toHaveLength(4)
})

test('where scoring fails, what was trained is saved', async () => {
  const out = newFolder()
  let calls = 0
  const score = (vectors: KeyedVectors) => {
    if (++calls === 5) throw new Error('the questions are gone')
    return lengths(vectors)
  }
  await expect(run(out, { evaluation: { score } })).rejects.toThrow('the questions are gone')
  await run(out)
  expect(readEvents(new RunFolder(out).events)).toContainEqual(
    expect.objectContaining({ type: 'resume', epoch: pointsOf(whole)[4]!.epoch }),
  )
  expect(scoresOf(out)).toEqual(scoresOf(whole))
  expect(vectorsOf(out).equals(vectorsOf(whole))).toBe(true)
})

test('what cannot be scored or stopped on is refused before anything is counted', async () => {
  const out = newFolder()
  const refused = (more: Partial<TrainRequest>) => expect(run(out, more)).rejects
  await refused({ evaluation: undefined as never }).toThrow('no questions were given')
  await refused({ config: { ...config, evaluateEvery: '60s' } }).toThrow('evaluateEvery is wrong')
  await refused({ config: { ...config, evaluateEvery: '0epochs' } }).toThrow('such as 1epoch')
  await refused({ config: { ...config, patience: 4 } }).toThrow('no score was named to stop early on')
  const evaluation = { score: lengths, names: ['length', 'words'] }
  await refused({ evaluation, config: { ...config, earlyStop: 'lenght' } }).toThrow('did you mean length?')
  expect(() => new RunFolder(out).read()).toThrow('not a run folder')
  // Of one that does not say its names, at the first point.
  await refused({ config: { ...config, earlyStop: 'lenght' } }).toThrow('did you mean length?')
})
