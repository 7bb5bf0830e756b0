import { appendFileSync, existsSync, mkdtempSync, readFileSync, symlinkSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds } from '../../test/support/seeds.ts'
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
      if (attempt > 1) log.append(words, { type: 'resume', checkpoint: 'c', epoch: 1 })
      counted = counted.filter((at) => at <= saved)
      for (let step = random.below(6); step > 0; step--) {
        words += 1 + random.below(100)
        log.append(words, { type: 'checkpoint', path: 'c', epoch: 1, bytes: 1, seconds: 1 })
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

test.skipIf(!existsSync('/dev/full'))('a full disk is told', () => {
  const path = newPath()
  symlinkSync('/dev/full', path)
  expect(() => new EventLog(path, 1).append(1, { type: 'stop', reason: '' })).toThrow('why: the disk is full')
})

function messageOf(event: RunEvent): string {
  return 'message' in event ? event.message : event.type
}
