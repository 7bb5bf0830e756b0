import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CheckpointStore } from '../../src/checkpoint/index.ts'
import { realDisk, withDisk } from '../../src/core/disk.ts'
import { MillraceError } from '../../src/core/errors.ts'
import { RunFolder, readEvents } from '../../src/run/index.ts'
import { runTraining, type TrainRequest } from '../../src/train/index.ts'
import { madeUpText } from '../made-up-text.ts'
import { failOnce, systemError, watchedDisk } from '../support/failing-disk.ts'
import { forSeeds } from '../support/seeds.ts'

/** With LONG=1 every call fails, each way; else a few that a seed chooses. */
const isLong = process.env.LONG === '1'
const codes = ['EIO', 'ENOSPC', 'EACCES']

const root = mkdtempSync(join(tmpdir(), 'millrace-'))
let folderCount = 0
const newFolder = () => join(root, `run${folderCount++}`)
const textOf = (bytes: number) => {
  const path = join(root, `text${bytes}.txt`)
  if (!existsSync(path)) writeFileSync(path, madeUpText(bytes, 1))
  return path
}
const tiny = { dim: 4, epochs: 3, threads: 1, minCount: 1, checkpointEvery: '1step' }
/** Five blocks an epoch. */
const small = { ...tiny, epochs: 2, dim: 8 }
const vectorsOf = (out: string) => readFileSync(new RunFolder(out).vectors)
const newestOf = (out: string) => new CheckpointStore(new RunFolder(out).checkpoints).newest()

/** A run to its end, on a disk that may be in trouble. */
async function run(out: string, more: Partial<TrainRequest> & { disk?: typeof realDisk } = {}) {
  const { disk = realDisk, ...request } = more
  const warnings: string[] = []
  const observer = { warning: (message: string) => warnings.push(message), ...request.observer }
  const given = { corpus: [textOf(4000)], config: tiny, diskPatienceMs: 4000, ...request, out, observer }
  const outcome = await withDisk(disk, () => runTraining(given))
  return { ...outcome, warnings }
}

test('whichever disk call fails once, a run is complete or tells why, and the next ends with the same bits', async () => {
  const whole = newFolder()
  const counted = failOnce(Number.POSITIVE_INFINITY, '')
  await run(whole, { disk: counted.disk })
  const calls = counted.calls()
  expect(calls).toBeGreaterThan(100)

  const trouble = async (nth: number, code: string) => {
    const out = newFolder()
    const what = `call ${nth} of ${calls} fails with ${code}`
    const { disk, hasFailed } = failOnce(nth, code)
    let error: unknown
    try {
      await run(out, { disk })
    } catch (thrown) {
      error = thrown
      expect(error, what).toBeInstanceOf(MillraceError)
      expect((error as MillraceError).parts.what, what).not.toContain('\n')
      // A process that has died does not hold its lock.
      rmSync(join(out, 'lock'), { force: true })
    }
    // Of the last calls a run may have one fewer.
    expect(hasFailed() || nth > calls - 10, what).toBe(true)
    if (error === undefined) expect(vectorsOf(out).equals(vectorsOf(whole)), what).toBe(true)
    await run(out)
    expect(vectorsOf(out).equals(vectorsOf(whole)), what).toBe(true)
    expect(globSync('**/*.tmp', { cwd: out }), what).toEqual([])
    rmSync(out, { recursive: true })
  }

  if (isLong) for (let nth = 1; nth <= calls; nth++) for (const code of codes) await trouble(nth, code)
  else
    await forSeeds(1, async (random) => {
      // The lock is let go of when all else is done.
      await trouble(calls - 1, 'EIO')
      // One of each tenth, so that all of a run has its turn.
      for (let tenth = 0; tenth < 10; tenth++) {
        const nth = 1 + Math.floor((calls * (tenth + random.below(1000) / 1000)) / 10)
        await trouble(nth, codes[random.below(codes.length)]!)
      }
    })
}, 600_000)

test('a disk that is full for a while costs no work: training goes on, and the next checkpoint succeeds', async () => {
  const request = { corpus: [textOf(300_000)], config: small }
  const [whole, troubled] = [newFolder(), newFolder()]
  await run(whole, request)
  let blocks = 0
  const isFull = () => blocks >= 2 && blocks < 7
  const disk = watchedDisk((name) => {
    if (isFull() && name === 'writeSync') throw systemError('ENOSPC')
  })
  const { warnings, result } = await run(troubled, {
    ...request,
    disk,
    observer: { trained: () => void blocks++ },
  })
  expect(vectorsOf(troubled).equals(vectorsOf(whole))).toBe(true)
  const refused = warnings.filter((message) => message.includes('the disk is full'))
  expect(refused.filter((message) => message.includes('training goes on, and tries again'))).toHaveLength(5)
  expect(refused.filter((message) => message.includes('events wait'))).toHaveLength(1)
  expect(result.checkpoints.count).toBe(5)
  const saved = readEvents(new RunFolder(troubled).events).filter(({ type }) => type === 'checkpoint')
  expect(saved).toHaveLength(5)
  expect(globSync('**/*.tmp', { cwd: troubled })).toEqual([])
})

test('a disk that stays full ends the run with an error when all is trained, and the next completes it', async () => {
  const out = newFolder()
  let isFull = false
  const disk = watchedDisk((name) => {
    if (isFull && name === 'writeSync') throw systemError('ENOSPC')
  })
  const observer = { trained: () => void (isFull = true) }
  const error = await run(out, { disk, observer }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'DISK_ENOSPC', exitCode: 1 })
  expect(error.message).toContain('try: free some space')
  const whole = newFolder()
  await run(whole)
  await run(out)
  expect(vectorsOf(out).equals(vectorsOf(whole))).toBe(true)
})

test.each([
  ['one thread', {}],
  ['lanes shared by two threads', { deterministic: true, threads: 2 }],
])('with %s, vectors do not depend on when checkpoints are taken', async (_, mode) => {
  const train = async (checkpointEvery: string, more: Partial<TrainRequest> = {}) => {
    const config = { ...small, ...mode, epochs: 3, checkpointEvery }
    const out = newFolder()
    const { result } = await run(out, { corpus: [textOf(300_000)], config, team: 'all', ...more })
    const saved = readEvents(new RunFolder(out).events).filter(({ type }) => type === 'checkpoint')
    const insideEpochs = saved.filter(({ words }) => words % (result.words / 3) > 0).length
    return { vectors: vectorsOf(out), count: result.checkpoints.count, insideEpochs }
  }
  const never = await train('1000h')
  expect(never.insideEpochs).toBe(0)
  const always = await train('1step')
  expect([always.count, always.insideEpochs]).toEqual([15, 12])
  expect(always.vectors.equals(never.vectors)).toBe(true)
  const byWords = await train('30kwords')
  expect(byWords.insideEpochs).toBeGreaterThan(0)
  expect(byWords.vectors.equals(never.vectors)).toBe(true)
  await forSeeds(1, async (random) => {
    const asks = new EventTarget()
    let blocks = 0
    const trained = () => void (blocks++ % 5 > random.below(2) || asks.dispatchEvent(new Event('checkpoint')))
    const asked = await train('1000h', { asks, observer: { trained } })
    expect(asked.insideEpochs).toBeGreaterThan(0)
    expect(asked.vectors.equals(never.vectors)).toBe(true)
  })
})

test('a checkpoint of another run is told and passed over', async () => {
  const [own, other] = [newFolder(), newFolder()]
  await run(own)
  await run(other, { config: { ...tiny, window: 3 } })
  const foreign = newestOf(other)!.path
  for (const text of ['settings', 'text']) {
    if (text === 'text') await run(other, { corpus: [textOf(5000)], config: tiny, out: rmRun(other) })
    rmSync(join(own, 'vectors.safetensors'))
    cpSync(foreign, join(own, 'checkpoints', '000900'), { recursive: true })
    const whole = newFolder()
    await run(whole)
    const { warnings } = await run(own)
    const why = text === 'settings' ? 'with window 3; this one has 5' : 'on another text'
    expect(warnings).toEqual([
      expect.stringContaining(`000900 was passed over: it is of another run, ${why}`),
    ])
    expect(vectorsOf(own).equals(vectorsOf(whole))).toBe(true)
    rmSync(join(own, 'checkpoints', '000900'), { recursive: true })
  }
})

const rmRun = (out: string) => {
  rmSync(out, { recursive: true })
  return out
}

test.each([
  ['shrinks', (text: string) => truncateSync(text, 1000), 'changed during the run'],
  [
    'vanishes',
    (text: string) => renameSync(text, `${text}.away`),
    'changed during the run\n  why: it is gone',
  ],
  [
    'is written anew',
    (text: string) => writeFileSync(text, madeUpText(150_000, 9)),
    'changed during the run',
  ],
  ['grows', (text: string) => appendFileSync(text, 'more words'), 'the text is not what the run'],
])('a text that %s during the run is told, and when it is back the run goes on', async (_, harm, message) => {
  const folder = mkdtempSync(join(root, 'text-'))
  const corpus = ['a.txt', 'b.txt'].map((name) => join(folder, name))
  for (const [i, path] of corpus.entries()) writeFileSync(path, madeUpText(150_000, i))
  for (const path of corpus) utimesSync(path, 1e9, 1e9)
  const [whole, out] = [newFolder(), newFolder()]
  await run(whole, { corpus, config: small })
  const bytes = readFileSync(corpus[0]!)
  let blocks = 0
  const trained = () => void (++blocks === 3 && harm(corpus[0]!))
  const harmed = run(out, { corpus, config: small, observer: { trained } })
  // What comes behind the text that was counted is seen by the next attempt only.
  if (message.startsWith('the text')) await harmed
  else await expect(harmed).rejects.toThrow(message)
  const before = newestOf(out)!.path
  if (message.startsWith('the text'))
    await expect(run(out, { corpus, config: small })).rejects.toThrow(message)
  expect(newestOf(out)!.path).toBe(before)
  writeFileSync(corpus[0]!, bytes)
  utimesSync(corpus[0]!, 1e9, 1e9)
  await run(out, { corpus, config: small })
  expect(vectorsOf(out).equals(vectorsOf(whole))).toBe(true)
})
