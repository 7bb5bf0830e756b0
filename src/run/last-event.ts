import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { RunEvent } from './events.ts'

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>

/** The last event of a type, looked for in the last 16 KiB of `events.ndjson`: cheap, however long the run. */
export function lastEvent<T extends RunEvent['type']>(path: string, type: T): EventOf<T> | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size } = fstatSync(fd)
    const tail = Buffer.alloc(Math.min(size, 16_384))
    readSync(fd, tail, 0, tail.length, size - tail.length)
    for (const line of tail.toString('utf8').split('\n').reverse()) {
      const event = parse(line)
      if (event?.type === type) return event as EventOf<T>
    }
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** The first line of the tail, and a torn last one, are no events. */
function parse(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
