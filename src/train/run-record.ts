import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { currentDisk } from '../core/disk.ts'
import { InputError, MillraceError, StoppedError } from '../core/errors.ts'
import { EventLog, type RunFile, type RunFolder, readEvents, type Schedule } from '../run/index.ts'
import { millraceVersion } from '../runtime/version.ts'
import { keyClass, type TrainConfig, type TrainKey, trainKeys } from '../word2vec/index.ts'
import type { Origin, TrainState } from './state.ts'

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
  const known = ['lock', 'experiment.json']
  if (names.every((name) => known.includes(name) || leftover.test(name))) return
  throw new InputError('OUT_NOT_EMPTY', {
    what: `${folder.path} is not a run folder, and not empty`,
    why: 'a run would mix with what is there',
    mend: 'use a folder that is new or empty for --out',
  })
}

/** What a process that was killed while it wrote a file or took the lock leaves behind. */
const leftover = /\.\d+\.tmp$|^lock(\.\d+)+$/

/** Removes what killed processes left half written. The caller holds the lock. */
export function removeLeftovers(folder: RunFolder): void {
  for (const name of readdirSync(folder.path)) {
    if (leftover.test(name)) currentDisk().rmSync(join(folder.path, name), { force: true })
  }
}

/**
 * Enters in `run.json` that a run is at work: going on from a checkpoint's state, or anew.
 *
 * init  fingerprint of the vectors that it begins with
 */
export function startRun(
  folder: RunFolder,
  before: RunFile | undefined,
  config: TrainConfig,
  {
    corpus,
    init,
    state,
    supervisor,
  }: { corpus: string[]; init: string | null; state: TrainState | undefined; supervisor: number | null },
): RunFile {
  const identity = identityOf(config, init)
  // One that ended before its first checkpoint is the same run still, and its record stays.
  const isSame =
    ['running', 'stopped'].includes(before?.status ?? '') && before?.fingerprints.config === identity
  const goesOn = before && (hasCheckpoint(folder) || isSame)
  if (!goesOn) currentDisk().rmSync(folder.events, { force: true })
  const run: RunFile = {
    format: 1,
    name: folder.name,
    status: 'running',
    config: { corpus: corpus.map((path) => resolve(path)), ...config },
    fingerprints: {
      config: identity,
      corpus: before && hasCheckpoint(folder) ? before.fingerprints.corpus : null,
      init,
    },
    schedules: schedulesOf(goesOn ? before : undefined, config, state),
    pids: { supervisor, trainer: process.pid },
    attempt: goesOn ? before.attempt + 1 : 1,
    createdAt: goesOn ? before.createdAt : new Date().toISOString(),
    version: millraceVersion,
    error: null,
    result: null,
  }
  folder.write(run)
  return run
}

/** SHA-256 of the identity keys. */
function identityOf(config: TrainConfig, init: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify(identityValues(config, init)))
    .digest('hex')
}

/** The identity keys. Vectors to begin with are known by their content, wherever they lay. */
function identityValues(config: TrainConfig, init: string | null): [TrainKey, unknown][] {
  const keys = trainKeys.filter((key) => keyClass(key) === 'identity')
  return keys.map((key) => [key, key === 'init' ? init : config[key]])
}

/** What the parameters of a run belong to, once its text is counted. */
export function originOf({ fingerprints }: RunFile, config: TrainConfig): Origin {
  return { config: Object.fromEntries(identityValues(config, fingerprints.init ?? null)), fingerprints }
}

/** What tells that a checkpoint was copied from another run; undefined if it belongs to this one. */
export function originFault(
  { origin }: TrainState,
  before: RunFile | undefined,
  config: TrainConfig,
  init: string | null,
): string | undefined {
  // A key that one of two versions does not know tells nothing.
  for (const [key, own] of identityValues(config, init)) {
    if (!origin || !(key in origin.config) || origin.config[key] === own) continue
    return `it is of another run, with ${key} ${origin.config[key]}; this one has ${own}`
  }
  if (origin && origin.fingerprints.corpus !== before?.fingerprints.corpus)
    return 'it is of another run, on another text'
  return undefined
}

/** The schedules so far, with a new one if the number of epochs is another than before. */
function schedulesOf(
  before: RunFile | undefined,
  { epochs }: TrainConfig,
  state: TrainState | undefined,
): Schedule[] {
  const schedules =
    before?.schedules ?? (before ? [{ epochs: before.config.epochs as number, fromEpoch: 1 }] : [])
  if (schedules.at(-1)?.epochs === epochs) return schedules
  return [...schedules, { epochs, fromEpoch: state?.epoch ?? 1 }]
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
