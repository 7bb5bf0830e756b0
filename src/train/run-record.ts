import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError, MillraceError, StoppedError } from '../core/errors.ts'
import { EventLog, type RunFile, type RunFolder, readEvents } from '../run/index.ts'
import {
  keyClass,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
  trainKeys,
} from '../word2vec/index.ts'

/**
 * The stored config with what was given; what was not given stays as it is.
 *
 * throws  ConfigError for a wrong config; InputError naming the key if it would be another run
 */
export function resolveConfig(
  config: TrainConfigInput,
  before: RunFile | undefined,
  folder: RunFolder,
): TrainConfig {
  if (!before) return parseTrainConfig(config)
  if (!(before.config instanceof Object && before.fingerprints instanceof Object && before.attempt >= 1)) {
    throw new InputError('RUN_DAMAGED', {
      what: `${folder.runFile} is damaged`,
      why: 'keys are missing from it',
      mend: 'bring it back from a copy, or train into another folder with --out',
    })
  }
  const stored = Object.fromEntries(Object.entries(before.config).filter(([key]) => key !== 'corpus'))
  const wanted = parseTrainConfig({ ...stored, ...config })
  // Nothing is trained yet: other settings harm nothing.
  if (before.status !== 'complete' && !hasCheckpoint(folder)) return wanted
  for (const key of trainKeys) {
    if (keyClass(key) === 'operational' || wanted[key] === stored[key]) continue
    throw new InputError('RUN_DIFFERS', {
      what: `the run in ${folder.path} has ${key} ${stored[key]}; this asks for ${wanted[key]}`,
      why: 'a run that goes on must be the run that it was',
      mend:
        before.status === 'complete'
          ? 'it is complete; train into another folder with --out'
          : `leave ${key} out to go on with it, or train into another folder with --out`,
    })
  }
  return wanted
}

/** Whether anything was trained here yet; what was not may begin anew with other settings. */
export function hasCheckpoint(folder: RunFolder): boolean {
  return (
    existsSync(folder.checkpoints) && readdirSync(folder.checkpoints).some((name) => /^\d{6,}$/.test(name))
  )
}

/** throws  InputError if there is something in the folder that is no run */
export function requireEmpty(folder: RunFolder): void {
  let names: string[]
  try {
    names = readdirSync(folder.path)
  } catch (cause) {
    throw new InputError('OUT_NOT_FOLDER', {
      what: `${folder.path} is not a folder`,
      mend: 'use another --out',
      cause,
    })
  }
  if (names.every((name) => name === 'lock' || leftover.test(name))) return
  throw new InputError('OUT_NOT_EMPTY', {
    what: `${folder.path} is not a run folder, and not empty`,
    why: 'a run would mix with what is there',
    mend: 'use a folder that is new or empty for --out',
  })
}

/** What a process that was killed while it wrote a file or took the lock leaves behind. */
const leftover = /\.\d+\.tmp$|^lock\.\d+$/

/** Removes what killed processes left half written. The caller holds the lock. */
export function removeLeftovers(folder: RunFolder): void {
  for (const name of readdirSync(folder.path)) {
    if (leftover.test(name)) rmSync(join(folder.path, name), { force: true })
  }
}

/** Enters in `run.json` that a run is at work: going on, or anew. */
export function startRun(
  folder: RunFolder,
  before: RunFile | undefined,
  config: TrainConfig,
  corpus: string[],
): RunFile {
  const identity = trainKeys.filter((key) => keyClass(key) === 'identity').map((key) => [key, config[key]])
  const goesOn = before && hasCheckpoint(folder)
  if (!goesOn) rmSync(folder.events, { force: true })
  const run: RunFile = {
    format: 1,
    name: folder.name,
    status: 'running',
    config: { corpus: corpus.map((path) => resolve(path)), ...config },
    fingerprints: {
      config: createHash('sha256').update(JSON.stringify(identity)).digest('hex'),
      corpus: goesOn ? before.fingerprints.corpus : null,
    },
    pids: { supervisor: null, trainer: process.pid },
    attempt: goesOn ? before.attempt + 1 : 1,
    createdAt: goesOn ? before.createdAt : new Date().toISOString(),
    version: JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
    error: null,
    result: null,
  }
  folder.write(run)
  return run
}

/** Enters that it stopped or failed. */
export function endRun(folder: RunFolder, run: RunFile, error: unknown): void {
  const stopped = error instanceof StoppedError
  const message = error instanceof MillraceError ? error.parts.what : String(error)
  try {
    const words = readEvents(folder.events).at(-1)?.words ?? 0
    new EventLog(folder.events, run.attempt).append(
      words,
      stopped ? { type: 'stop', reason: message } : { type: 'error', message },
    )
    const status = stopped ? 'stopped' : 'failed'
    folder.write({
      ...run,
      status,
      pids: { supervisor: null, trainer: null },
      error: stopped ? null : message,
    })
  } catch {
    // The disk may be what failed; the first error is the one to tell.
  }
}
