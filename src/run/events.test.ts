import { appendFileSync, existsSync, mkdtempSync, readFileSync, symlinkSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds } from '../../test/support/seeds.ts'
import { realDisk, withDisk } from '../core/disk.ts'
import { EventLog, type RunEvent, readEvents } from './events.ts'

const newPath = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'events.ndjson')
const told = (path: string) => readEvents(path).map(messageOf)

test('events are read as they were written, with time and attempt', () => {
  const path = newPath()
  const log = new EventLog(path, 3)
  log.append(0, { type: 'start', pid: 1, threads: 2 })
  log.append(7, { type: 'warning', message: 'é\n물' })
  const [start, warning] = readEvents(path)
  expect(start).toEqual({ time: expect.any(String), attempt: 3, words: 0, type: 'start', pid: 1, threads: 2 })
  expect(Math.abs(Date.parse(start!.time) - Date.now())).toBeLessThan(60_000)
  expect(warning).toMatchObject({ words: 7, message: 'é\n물' })
})

test('a last line torn anywhere costs that line alone, and not the next', () => {
  const whole = newPath()
  const log = new EventLog(whole, 1)
  log.append(1, { type: 'warning', message: 'first' })
  log.append(2, { type: 'warning', message: '물' })
  const bytes = readFileSync(whole)
  const firstEnd = bytes.indexOf(10) + 1
  for (let length = firstEnd; length <= bytes.length; length++) {
    const path = newPath()
    appendFileSync(path, bytes)
    truncateSync(path, length)
    // Whole but for its line end, it is whole.
    const before = length < bytes.length - 1 ? ['first'] : ['first', '물']
    expect(told(path)).toEqual(before)
    const later = new EventLog(path, 2)
    later.append(3, { type: 'warning', message: 'next' })
    later.append(4, { type: 'warning', message: 'last' })
    expect(told(path)).toEqual([...before, 'next', 'last'])
  }
})

test('what lies past the checkpoint that was resumed is dropped, however often that happens', () =>
  forSeeds(50, (random) => {
    const path = newPath()
    /** The words at which the events that count were written, as an attempt goes on from one of them. */
    let counted: number[] = []
    let saved = 0
    for (let attempt = 1; attempt <= 5; attempt++) {
      const log = new EventLog(path, attempt)
      let words = saved
      log.append(words, { type: 'start', pid: 1, threads: 1 })
      if (attempt > 1) log.append(words, { type: 'resume', checkpoint: 'c', epoch: 1, place: 3 })
      counted = counted.filter((at) => at <= saved)
      for (let step = random.below(6); step > 0; step--) {
        words += 1 + random.below(100)
        log.append(words, { type: 'checkpoint', path: 'c', epoch: 1, bytes: 1, seconds: 1, stallSeconds: 1 })
        counted.push(words)
        // The process may die before the checkpoint is on the disk.
        if (random.below(2) === 0) saved = words
      }
      // How a run ends is told without its words.
      if (random.below(2) === 0) log.append(0, { type: 'stop', reason: 'a signal' })
    }
    const checkpoints = readEvents(path).filter(({ type }) => type === 'checkpoint')
    expect(checkpoints.map(({ words }) => words)).toEqual(counted)
  }))

test('where there is no file there is no event; one that cannot be read is told', () => {
  const path = newPath()
  expect(readEvents(path)).toEqual([])
  expect(() => readEvents(join(path, '..'))).toThrow('cannot read')
})

test('lines that are not events are passed over', () => {
  const path = newPath()
  appendFileSync(path, 'null\n7\n"text"\n[]\n{"type":"start"}\n{"words":3}\n\n')
  new EventLog(path, 1).append(1, { type: 'warning', message: 'one' })
  expect(told(path)).toEqual(['one'])
})

test('while a disk refuses, lines wait; they are in order and whole when it takes them, wherever it tore one', () =>
  forSeeds(100, async (random) => {
    const path = newPath()
    const refused: string[] = []
    const log = new EventLog(path, 1, (message) => refused.push(message))
    /** How many bytes the disk has room for. */
    let room = random.below(2000)
    const writeSync = (fd: number, bytes: Uint8Array, from: number, length: number) => {
      if (room === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      const count = realDisk.writeSync(fd, bytes, from, Math.min(length, room))
      room -= count
      return count
    }
    await withDisk({ ...realDisk, writeSync: writeSync as typeof realDisk.writeSync }, async () => {
      for (let i = 0; i < 40; i++) {
        log.append(i, { type: 'warning', message: String(i) })
        if (random.below(4) === 0) room += random.below(300)
      }
      room = 1e6
      log.flush()
    })
    expect(told(path)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)))
    if (refused.length > 0) expect(refused[0]).toContain('the disk is full; events wait')
  }))

test('of lines that wait, what is not progress is kept, and memory for them is bounded', async () => {
  const path = newPath()
  const log = new EventLog(path, 1)
  const openSync = () => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  }
  await withDisk({ ...realDisk, openSync }, async () => {
    log.append(0, { type: 'start', pid: 1, threads: 1 })
    for (let i = 0; i < 3000; i++) log.append(i, { type: 'progress' } as Parameters<EventLog['append']>[1])
    expect(() => log.flush()).toThrow('why: the disk is full')
  })
  log.append(3000, { type: 'stop', reason: '' })
  const types = readEvents(path).map(({ type }) => type)
  expect([types.length, types[0], types.at(-1)]).toEqual([1001, 'start', 'stop'])
})

test.skipIf(!existsSync('/dev/full'))('a full disk is told once, and ends nothing', () => {
  const path = newPath()
  symlinkSync('/dev/full', path)
  const refused: string[] = []
  const log = new EventLog(path, 1, (message) => refused.push(message))
  for (let i = 0; i < 3; i++) log.append(1, { type: 'stop', reason: '' })
  expect(refused).toEqual([`cannot write ${path}: the disk is full; events wait until it can be written`])
})

function messageOf(event: RunEvent): string {
  return 'message' in event ? event.message : event.type
}

test('a point that was scored twice, because the first time was lost, counts once', () => {
  const path = newPath()
  const point = (attempt: number, words: number, place: number, score: number) =>
    new EventLog(path, attempt).append(words, {
      type: 'scores',
      ...{ epoch: 1, place, seconds: 0, tookSeconds: 0, scores: { score } },
    })
  point(1, 0, 0, 1)
  point(1, 7, 2, 2)
  new EventLog(path, 2).append(0, { type: 'start', pid: 1, threads: 1 })
  point(2, 0, 0, 3)
  point(2, 7, 2, 4)
  const scores = readEvents(path).flatMap((event) => (event.type === 'scores' ? [event.scores.score] : []))
  expect(scores).toEqual([3, 4])
})
