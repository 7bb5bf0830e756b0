import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { RunEvent } from './events.ts'
import { flattenScores, mainScores } from './flat-scores.ts'
import { type RunFile, RunFolder, type RunStatus } from './folder.ts'

/** What the index keeps of one run folder: plain JSON, without paths of its own, so that it holds for a copy. */
export interface RunFacts {
  /** What is wrong with its `run.json`; all else is unknown then. */
  fault: string | null
  status: RunStatus | 'damaged'
  /** As resolved, without the corpus. */
  config: Record<string, unknown>
  /** The text: its paths when the run was begun, SHA-256 of its blocks, and its size, once counted. */
  corpus: { paths: string[]; fingerprint: string | null; words: number | null; bytes: number | null }
  /** SHA-256 of the vectors that it began with. */
  init: string | null
  /** SHA-256 of the config's identity keys. */
  identity: string | null
  createdAt: string | null
  /** When anything was last written in it. */
  changedAt: string
  attempt: number
  /** Millrace's version. */
  millrace: string | null
  error: string | null
  /** Of the whole run, 0 to 1. */
  fraction: number
  /** Words trained on. */
  words: number | null
  seconds: number | null
  wallSeconds: number | null
  wordsPerSecond: number | null
  vocabulary: number | null
  peakRssBytes: number | null
  restarts: number | null
  /** Of the last finished epoch: nats per pair. */
  finalLoss: number | null
  /** By path; see `flattenScores`. */
  scores: Record<string, number>
  mainScores: string[]
  /** Words that it had trained on when it was scored; null if that is not known. */
  scoredAt: number | null
  /** Of its files, and of those its checkpoints. */
  bytes: number
  checkpointBytes: number
}

/**
 * What tells without reading that a run folder is as it was: which files its `run.json`, `eval.json` and `events.ndjson`
 * are, their sizes and times, and the times of its folders. Undefined if it holds no run.
 */
export function stampOfRun(path: string): string | undefined {
  const run = statOf(`${path}/run.json`)
  if (run === undefined) return undefined
  const others = ['/eval.json', '/events.ndjson', '/checkpoints', ''].map(
    (name) => statOf(path + name) ?? '-',
  )
  return [run, ...others].join(' ')
}

/** Undefined for what is not there or cannot be reached: behind links in a circle, or in a folder that is closed. */
export function statOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats && `${stats.ino}:${stats.size}:${stats.mtimeMs}`
  } catch {
    return undefined
  }
}

/** Reads a run folder as far as it can be read: a damaged `run.json` is told in `fault`. */
export function readFacts(path: string): RunFacts {
  const folder = new RunFolder(path)
  const sizes = { bytes: bytesIn(path), checkpointBytes: bytesIn(folder.checkpoints) }
  const changedAt = new Date(changeOf(folder)).toISOString()
  let run: RunFile
  try {
    run = folder.read()
    if (!isWhole(run)) throw new Error('keys are missing from it')
  } catch (error) {
    const { what, why } = (error as { parts?: { what: string; why?: string } }).parts ?? {
      what: (error as Error).message,
    }
    return { ...nothing, ...sizes, changedAt, fault: `${basename(folder.runFile)}: ${why ?? what}` }
  }
  const { last, counted, epoch } = readEdges(folder.events)
  const scores = readJson(folder.scores)
  const { corpus: paths, ...config } = run.config instanceof Object ? run.config : {}
  const { result } = run
  const seconds = result?.seconds ?? last?.seconds ?? null
  const words = result?.words ?? last?.words ?? (run.status === 'complete' ? null : 0)
  return {
    fault: null,
    status: run.status,
    config,
    corpus: {
      paths: Array.isArray(paths) ? paths.map(String) : [],
      fingerprint: run.fingerprints?.corpus ?? null,
      words: counted?.corpusWords ?? null,
      bytes: counted?.corpusBytes ?? null,
    },
    init: run.fingerprints?.init ?? null,
    identity: run.fingerprints?.config ?? null,
    createdAt: run.createdAt ?? null,
    changedAt,
    attempt: run.attempt ?? 1,
    millrace: run.version ?? null,
    error: run.error ?? null,
    fraction: run.status === 'complete' ? 1 : (last?.fraction ?? 0),
    words,
    seconds,
    wallSeconds: result?.wallSeconds ?? null,
    wordsPerSecond: result?.wordsPerSecond ?? (words && seconds ? words / seconds : null),
    vocabulary: result?.vocabulary ?? counted?.vocabulary ?? null,
    peakRssBytes: result?.peakRssBytes ?? last?.rssBytes ?? null,
    restarts: result?.restarts ?? Math.max(0, (run.attempt ?? 1) - 1),
    finalLoss: epoch?.loss ?? null,
    scores: flattenScores(scores),
    mainScores: mainScores(scores),
    scoredAt: typeof scores?.trained === 'number' ? scores.trained : null,
    ...sizes,
  }
}

function isWhole({ status, config, fingerprints }: RunFile): boolean {
  return (
    ['running', 'stopped', 'failed', 'complete'].includes(status) &&
    config instanceof Object &&
    fingerprints instanceof Object
  )
}

const nothing: Omit<RunFacts, 'changedAt' | 'bytes' | 'checkpointBytes' | 'fault'> = {
  status: 'damaged',
  config: {},
  corpus: { paths: [], fingerprint: null, words: null, bytes: null },
  init: null,
  identity: null,
  createdAt: null,
  attempt: 0,
  millrace: null,
  error: null,
  fraction: 0,
  words: null,
  seconds: null,
  wallSeconds: null,
  wordsPerSecond: null,
  vocabulary: null,
  peakRssBytes: null,
  restarts: null,
  finalLoss: null,
  scores: {},
  mainScores: [],
  scoredAt: null,
}

/** Bytes of the files in a folder, its folders' included; 0 if it is not there. Links are not followed. */
export function bytesIn(path: string): number {
  let bytes = 0
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name)
      if (entry.isDirectory()) bytes += bytesIn(inside)
      else if (entry.isFile()) bytes += lstatSync(inside, { throwIfNoEntry: false })?.size ?? 0
    }
  } catch {
    // It is not there, or not to be read.
  }
  return bytes
}

function changeOf(folder: RunFolder): number {
  const times = [folder.runFile, folder.events, folder.scores].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  )
  return Math.max(...times)
}

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>

const edgeBytes = 65_536

/** The last progress and epoch, and what was counted: from the first and the last 64 KiB of the events alone. */
function readEdges(path: string): {
  last: EventOf<'progress'> | undefined
  counted: EventOf<'vocabulary'> | undefined
  epoch: EventOf<'epoch'> | undefined
} {
  let events: RunEvent[] = []
  try {
    const fd = openSync(path, 'r')
    try {
      const { size } = fstatSync(fd)
      const [head, tail] = [Buffer.alloc(Math.min(size, edgeBytes)), Buffer.alloc(Math.min(size, edgeBytes))]
      readSync(fd, head, 0, head.length, 0)
      if (size > edgeBytes) readSync(fd, tail, 0, tail.length, size - tail.length)
      events = linesOf(size > edgeBytes ? `${head}\n${tail}` : `${head}`)
    } finally {
      closeSync(fd)
    }
  } catch {
    // No events are no fault of a run's.
  }
  const lastOf = <T extends RunEvent['type']>(type: T) =>
    events.findLast((event): event is EventOf<T> => event.type === type)
  return { last: lastOf('progress'), counted: lastOf('vocabulary'), epoch: lastOf('epoch') }
}

/** Only lines of these types are parsed: of progress, which most of them are, the last. */
function linesOf(text: string): RunEvent[] {
  const lines = text.split('\n')
  const lastProgress = lines.findLastIndex((line) => isOfType(line, 'progress') && line.endsWith('}'))
  return lines.flatMap((line, i) => {
    if (i !== lastProgress && !isOfType(line, 'epoch') && !isOfType(line, 'vocabulary')) return []
    try {
      return [JSON.parse(line) as RunEvent]
    } catch {
      return []
    }
  })
}

function isOfType(line: string, type: RunEvent['type']): boolean {
  return line.includes(`"type":"${type}"`)
}

function readJson(path: string): any {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
