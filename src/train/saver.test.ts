import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { diskError } from '../core/disk.ts'
import { MillraceError } from '../core/errors.ts'
import type { RunEvent } from '../run/index.ts'
import { Saver } from './saver.ts'
import { newState, type TrainState } from './state.ts'
import type { Training } from './train.ts'

// Time is made up: nothing here waits.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const seconds = (count: number) => vi.advanceTimersByTimeAsync(1000 * count)

/** A run of 10 blocks of 100 words an epoch, whose disk takes so long and does what `answer` says. */
function rig({
  stallMs = 5,
  finishMs = 0,
  answer = () => undefined as unknown,
  checkpointEvery,
  checkpointWithinMs,
}: {
  stallMs?: number
  finishMs?: number
  answer?: () => unknown
  checkpointEvery?: string
  checkpointWithinMs?: number
} = {}) {
  const state = newState()
  const events: Partial<RunEvent>[] = []
  const warnings: string[] = []
  const saved: TrainState[] = []
  const store = {
    write: async () => {
      vi.advanceTimersByTime(stallMs)
      const copy = structuredClone(state)
      await new Promise((resolve) => setTimeout(resolve, finishMs))
      const error = answer()
      if (error) throw error
      saved.push(copy)
      return { path: '', bytes: 1 }
    },
  }
  const training = {
    config: { checkpointEvery },
    checkpointWithinMs,
    blocks: { length: 10 },
    audits: { words: new Uint32Array(10).fill(100) },
    model: { vocabulary: 1, dim: 1 },
    guard: { watchParameters: () => {} },
    store,
    events: { append: (words: number, event: object) => events.push({ words, ...event }) },
    observer: { warning: (message: string) => warnings.push(message) },
    wallSecondsBefore: 0,
    beganMs: 0,
  } as unknown as Training
  const saver = new Saver(training, state)
  const order = Uint32Array.from({ length: 10 }, (_, i) => i)
  const save = async () => {
    await saver.save(performance.now())
    await seconds(0)
  }
  const advance = (blocks: number) => {
    state.place += blocks
    state.current.words += 100 * blocks
  }
  return { state, saver, order, save, advance, events, warnings, saved }
}

/** Seconds until the threads are asked to stop. */
async function secondsUntilDue({ saver }: ReturnType<typeof rig>): Promise<number> {
  let isDue = false
  const began = performance.now()
  saver.arm(() => {
    isDue = true
  })
  while (!isDue && performance.now() - began < 1e7) await seconds(1)
  saver.disarm()
  return Math.round((performance.now() - began) / 1000)
}

test.each([
  ['a minute by default', {}, 60],
  ['a hundred times the stall, if that is more', { stallMs: 2000 }, 200],
  ['what is given, though the stall is long', { stallMs: 2000, checkpointEvery: '30s' }, 30],
  ['what is given, though it is long', { checkpointEvery: '2h' }, 7200],
  ['within a bound by default', { stallMs: 2000, checkpointWithinMs: 5000 }, 5],
  ['not within a bound where it is given', { checkpointEvery: '90s', checkpointWithinMs: 5000 }, 90],
])('time between checkpoints is %s', async (_, options, expected) => {
  const run = rig(options)
  await run.save()
  // It is counted from the moment before the stall.
  expect(Math.abs((await secondsUntilDue(run)) - expected)).toBeLessThan(3)
})

test.each([
  ['4steps', [4, 8, 10, 2, 6, 10]],
  ['350words', [4, 8, 10, 2, 6, 10]],
  ['25steps', [10, 10, 10, 5, 10]],
  ['1h', [10, 10]],
])('every %s, threads come to the places %j and no further', async (checkpointEvery, ends) => {
  const { saver, state, order, advance, save } = rig({ checkpointEvery, stallMs: 1000 })
  for (const end of ends) {
    expect(saver.endOf(order)).toBe(end)
    advance(end - state.place)
    if (state.place === 10) {
      state.finished.push(state.current)
      state.current = { ...state.current, words: 0 }
      Object.assign(state, { place: 0, epoch: state.epoch + 1 })
      if (saver.isTime()) await save()
    } else await save()
  }
})

test('however short epochs are, training does not wait for checkpoints more than a hundredth of the time', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 0, max: 500 }),
      async (epochMs, stallMs) => {
        const { saver, state, save, saved } = rig({ stallMs })
        const began = performance.now()
        for (let epoch = 1; epoch <= 200; epoch++) {
          state.epoch++
          await vi.advanceTimersByTimeAsync(epochMs)
          if (saver.isTime()) await save()
        }
        const allMs = performance.now() - began
        const stalledMs = 1000 * (state.stallSeconds ?? 0)
        expect(stalledMs).toBeLessThanOrEqual(allMs / 100 + stallMs)
        // And no more is lost than that asks for.
        const pauseMs = Math.max(epochMs, 100 * stallMs + epochMs)
        expect(saved.length).toBeGreaterThanOrEqual(Math.floor(allMs / (pauseMs + stallMs)))
      },
    ),
    { numRuns: 30 },
  ))

test('a disk that refuses is told and tried again, later each time; then all is as before', async () => {
  let isFull = true
  const full = diskError(Object.assign(new Error('full'), { code: 'ENOSPC' }), 'there')
  const run = rig({ answer: () => (isFull ? full : undefined) })
  const waits: number[] = []
  await run.save()
  for (let i = 0; i < 5; i++) {
    expect(run.saver.isTime()).toBe(false)
    waits.push(await secondsUntilDue(run))
    await run.save()
  }
  expect(waits).toEqual([10, 20, 40, 60, 60])
  expect(run.warnings[0]).toContain('the disk is full; training goes on, and tries again in 10')
  expect(run.warnings).toHaveLength(6)
  isFull = false
  await run.save()
  expect(run.saved.map(({ checkpoints }) => checkpoints)).toEqual([1])
  expect(await secondsUntilDue(run)).toBe(60)
  expect(run.events.at(-1)).toMatchObject({ type: 'checkpoint', stallSeconds: 0.005 })
})

test('what is no fault of the disk stops the threads, and is thrown', async () => {
  const run = rig({ answer: () => new MillraceError('OTHER', { what: 'something else' }), finishMs: 1000 })
  const stop = vi.fn()
  await run.save()
  run.saver.arm(stop)
  await seconds(2)
  expect(stop).toHaveBeenCalled()
  await expect(run.saver.save(0)).rejects.toThrow('something else')
  await expect(run.saver.finish()).rejects.toThrow('something else')
})

test('one is taken when it is asked for, but not while another is unfinished', async () => {
  const run = rig({ finishMs: 7000 })
  run.saver.request()
  expect(await secondsUntilDue(run)).toBe(1)
  await run.saver.save(performance.now())
  run.saver.request()
  expect([7, 8]).toContain(await secondsUntilDue(run))
})

test('in the end the newest holds all that was done, and is written once', async () => {
  const run = rig()
  await run.saver.finish()
  expect(run.saved).toEqual([])
  run.advance(3)
  const finished = run.saver.finish()
  await seconds(1)
  await finished
  await run.saver.finish()
  expect(run.saved.map(({ place }) => place)).toEqual([3])
})
