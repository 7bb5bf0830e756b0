import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { currentDisk, diskError, isDiskError, writeAll } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import type { Machine } from '../runtime/machine.ts'

/** One line of `events.ndjson`. `words` is the number of words trained on when it was written. */
export type RunEvent = {
  time: string
  attempt: number
  words: number
} /** Runs of an older Millrace do not say what machine it was, and with which kernel. */ & (
  | { type: 'start'; pid: number; threads: number; kernel?: string; machine?: Machine }
  | { type: 'vocabulary'; vocabulary: number; corpusWords: number; corpusBytes: number; seconds: number }
  /** Of the vocabulary pass, before it reads the first time: what it is expected to take, and bounds. */
  | { type: 'countingPlan'; bytes: number; most: number; least: number; parts: Record<string, number> }
  /** Of training, before it begins: what it takes, what for, and the limit that it fits into. */
  | { type: 'plan'; bytes: number; parts: Record<string, number>; limit?: { bytes: number; of: string } }
  /** `place`: blocks of the epoch that were done. */
  | { type: 'resume'; checkpoint: string; epoch: number; place: number }
  | { type: 'schedule'; epochs: number; before: number }
  | { type: 'init'; path: string; words: number; inText: number; kept: number }
  | ({ type: 'progress' } & Progress)
  | { type: 'epoch'; epoch: number; loss: number | null; seconds: number; records: number; hash: string }
  | ({ type: 'scores' } & ScoredPoint)
  /** Threads that share lanes: how many rounds each of them has gone through. */
  | { type: 'walk'; epoch: number; rounds: number[] }
  /**
   * Told when it is safe; `words` are those it holds. `seconds` from its begin until then; `stallSeconds` that
   * threads were idle for it, in the mean.
   */
  | {
      type: 'checkpoint'
      path: string
      epoch: number
      bytes: number
      seconds: number
      stallSeconds: number
    }
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

/** The vectors as they were at a moment of training, and what they were worth. */
export interface ScoredPoint {
  /** From 1; `place`: blocks of that epoch that were done. Before the first block: epoch 1, place 0. */
  epoch: number
  place: number
  /** Training seconds so far, over all attempts. */
  seconds: number
  /** That scoring took; these are no training time. */
  tookSeconds: number
  /** By name; null where there is none, such as of questions whose words are all unknown. */
  scores: Record<string, number | null>
}

type WithoutStamp<T> = T extends unknown ? Omit<T, 'time' | 'attempt' | 'words'> : never

/** Lines that are kept at most while the disk takes none. */
const mostWaiting = 1000

/**
 * Appends events to a run's `events.ndjson`, one line each, as they happen. A disk that refuses is told once and ends
 * nothing: lines wait until it takes them again, of too many the newest.
 */
export class EventLog {
  readonly #path: string
  readonly #attempt: number
  readonly #onRefused: (message: string) => void
  /** Whether the last line may be torn: by a process that died within it, or by a disk that became full. */
  #mayBeTorn = true
  #waiting: { type: RunEvent['type']; text: string }[] = []

  /** `onRefused` is told once, the first time that the disk refuses. */
  constructor(path: string, attempt: number, onRefused: (message: string) => void = () => {}) {
    this.#path = path
    this.#attempt = attempt
    this.#onRefused = onRefused
  }

  append(words: number, event: WithoutStamp<RunEvent>): void {
    const line = { time: new Date().toISOString(), attempt: this.#attempt, words, ...event }
    const waited = this.#waiting.length > 0
    this.#waiting.push({ type: event.type, text: `${JSON.stringify(line)}\n` })
    try {
      this.flush()
    } catch (error) {
      if (!isDiskError(error)) throw error
      if (!waited)
        this.#onRefused(`${error.parts.what}: ${error.parts.why}; events wait until it can be written`)
      if (this.#waiting.length <= mostWaiting) return
      // There is one for each second of progress; of all else there is little.
      const progress = this.#waiting.findIndex(({ type }) => type === 'progress')
      this.#waiting.splice(Math.max(0, progress), 1)
    }
  }

  /**
   * Writes the lines that wait.
   *
   * throws  ResourceError if the disk refuses; a later line is whole all the same
   */
  flush(): void {
    if (this.#waiting.length === 0) return
    const disk = currentDisk()
    try {
      const fd = disk.openSync(this.#path, 'a')
      try {
        while (this.#waiting.length > 0) {
          const line = Buffer.from(this.#waiting[0]!.text)
          const bytes = this.#mayBeTorn ? afterTorn(this.#path, line) : line
          this.#mayBeTorn = true
          writeAll(fd, bytes, disk)
          this.#mayBeTorn = false
          this.#waiting.shift()
        }
      } finally {
        disk.closeSync(fd)
      }
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
  return withoutRepeats(events)
}

/** A point that was scored just before a death is scored again, at the same count of words: the last time counts. */
function withoutRepeats(events: RunEvent[]): RunEvent[] {
  const last = new Map<string, RunEvent>()
  const keyOf = ({ epoch, place }: ScoredPoint) => `${epoch} ${place}`
  for (const event of events) if (event.type === 'scores') last.set(keyOf(event), event)
  return events.filter((event) => event.type !== 'scores' || last.get(keyOf(event)) === event)
}

/** What to append for a line: a torn one before it gets its end, or would swallow it. */
function afterTorn(path: string, line: Buffer): Buffer {
  const end = Buffer.from('\n')
  const tail = tailOf(path, line.length - 1)
  if (tail.length === 0 || tail.at(-1) === end[0]) return line
  // Only its own end may be missing.
  return tail.equals(line.subarray(0, -1)) ? end : Buffer.concat([end, line])
}

/** The last bytes of a file: as many as asked for, or all. None if it is not there; appending will tell the rest. */
function tailOf(path: string, length: number): Buffer {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return Buffer.alloc(0)
  }
  try {
    const { size } = fstatSync(fd)
    const tail = Buffer.alloc(Math.min(size, length))
    return tail.subarray(0, readSync(fd, tail, 0, tail.length, size - tail.length))
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
