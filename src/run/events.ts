import { appendFileSync, closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { diskError } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'

/** One line of `events.ndjson`. `words` is the number of words trained on when it was written. */
export type RunEvent = { time: string; attempt: number; words: number } & (
  | { type: 'start'; pid: number; threads: number }
  | { type: 'vocabulary'; vocabulary: number; corpusWords: number; corpusBytes: number; seconds: number }
  /** Of the vocabulary pass, before it reads the first time: what it is expected to take, and bounds. */
  | { type: 'countingPlan'; bytes: number; most: number; least: number; parts: Record<string, number> }
  /** Of training, before it begins: what it takes, what for, and the limit that it fits into. */
  | { type: 'plan'; bytes: number; parts: Record<string, number>; limit?: { bytes: number; of: string } }
  | { type: 'resume'; checkpoint: string; epoch: number }
  | { type: 'schedule'; epochs: number; before: number }
  | { type: 'init'; path: string; words: number; inText: number; kept: number }
  | ({ type: 'progress' } & Progress)
  | { type: 'epoch'; epoch: number; loss: number | null; seconds: number; records: number; hash: string }
  /** Threads that share windows: how many batches each of them has gone through. */
  | { type: 'walk'; epoch: number; batches: number[] }
  | { type: 'checkpoint'; path: string; epoch: number; bytes: number; seconds: number }
  | { type: 'warning'; message: string }
  | { type: 'stop'; reason: string }
  /** The supervisor saw the trainer end before its time. Counted over the attempts of one supervisor. */
  | {
      type: 'death'
      cause: 'exit' | 'signal' | 'stuck' | 'memory' | 'start'
      code: number | null
      signal: string | null
      at: string | null
      rssBytes: number | null
      deaths: number
      message: string
    }
  | { type: 'quarantine'; block: number; path: string; start: number; records: number }
  | { type: 'error'; message: string }
  | { type: 'done'; seconds: number; wordsPerSecond: number; peakRssBytes: number }
)

/** What the progress line shows, once a second. */
export interface Progress {
  /** From 1. */
  epoch: number
  /** Of the whole run, 0 to 1. */
  fraction: number
  /** Over the last second. */
  wordsPerSecond: number
  learningRate: number
  /** Mean negative log likelihood per pair of words, over the last second; null before the first pair. */
  loss: number | null
  rssBytes: number
  planBytes: number
  /** Estimated seconds until training ends; null before there is an estimate. */
  secondsLeft: number | null
  /** Training seconds so far, over all attempts. */
  seconds: number
}

type WithoutStamp<T> = T extends unknown ? Omit<T, 'time' | 'attempt' | 'words'> : never

/** Appends events to a run's `events.ndjson`, one line each, as they happen. */
export class EventLog {
  readonly #path: string
  readonly #attempt: number
  /** Whether the last line may be torn: by a process that died within it, or by a disk that became full. */
  #mayBeTorn = true

  constructor(path: string, attempt: number) {
    this.#path = path
    this.#attempt = attempt
  }

  /** throws  ResourceError if the disk refuses; a later event is whole all the same */
  append(words: number, event: WithoutStamp<RunEvent>): void {
    const line = { time: new Date().toISOString(), attempt: this.#attempt, words, ...event }
    try {
      // A torn line gets its end, or it would swallow this one.
      const mend = this.#mayBeTorn && endsWithinLine(this.#path) ? '\n' : ''
      this.#mayBeTorn = true
      appendFileSync(this.#path, `${mend}${JSON.stringify(line)}\n`)
      this.#mayBeTorn = false
    } catch (error) {
      throw diskError(error, this.#path)
    }
  }
}

/**
 * The events that count: those past the checkpoint that a later attempt resumed are dropped, since that
 * work was done again; a torn line is passed over. None where there is no file.
 *
 * throws  InputError if the file cannot be read
 */
export function readEvents(path: string): RunEvent[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new InputError('EVENTS_UNREADABLE', {
      what: `cannot read ${path}`,
      why: (cause as Error).message,
      cause,
    })
  }
  let events: RunEvent[] = []
  for (const line of text.split('\n')) {
    const event = parseLine(line)
    if (!event) continue
    if (event.type === 'resume' || event.type === 'start') {
      // Not from the end up to the first that stays: a warning or an error tells no words.
      const resumedAt = event.words
      if (events.some(({ words }) => words > resumedAt)) {
        events = events.filter(({ words }) => words <= resumedAt)
      }
    }
    events.push(event)
  }
  return events
}

function endsWithinLine(path: string): boolean {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    // There is none yet, or appending will tell.
    return false
  }
  try {
    const { size } = fstatSync(fd)
    const last = Buffer.alloc(1)
    return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10
  } finally {
    closeSync(fd)
  }
}

function parseLine(line: string): RunEvent | undefined {
  try {
    const event = JSON.parse(line)
    return typeof event?.type === 'string' && typeof event.words === 'number' ? event : undefined
  } catch {
    return undefined
  }
}
