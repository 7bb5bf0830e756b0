import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Checkpoint, CheckpointStore } from '../checkpoint/index.ts'
import { diskError, removeQuietly, writeFileAtomically } from '../core/disk.ts'
import { InputError, StoppedError } from '../core/errors.ts'
import { SafetensorsFile } from '../core/safetensors.ts'
import { formatCount } from '../core/text.ts'
import {
  BlockTable,
  type CorpusFile,
  type CountingPlan,
  type CountOptions,
  chooseBlockBytes,
  findCorpusFiles,
  type Vocabulary,
} from '../corpus/index.ts'
import {
  acquireLockBehindOrphan,
  EventLog,
  type Lock,
  type Progress,
  type RunFile,
  RunFolder,
  readEvents,
  type TrainResult,
} from '../run/index.ts'
import { peakRssBytes } from '../runtime/memory.ts'
import { isFused } from '../runtime/wasm.ts'
import { writeStreamedVectors } from '../vectors/index.ts'
import {
  availableMemory,
  createModel,
  type FittingPlan,
  freezeRows,
  requireEngine,
  requireFit,
  type SharedModel,
  shapeOf,
  type TrainConfig,
  type TrainConfigInput,
} from '../word2vec/index.ts'
import { requireArithmetic, requireKernel } from './arithmetic.ts'
import { endClaims, judgeClaims, openClaims, placeOfBlock, takeClaims } from './claims.ts'
import { type CountedCorpus, loadOrCount } from './corpus-file.ts'
import { type FreeBytes, planDisk, requireDisk } from './disk-plan.ts'
import { Guard } from './guard.ts'
import { findInit, type Init } from './init.ts'
import { restoreParameters, rowBytes } from './parameters.ts'
import { type Patience, persist } from './persist.ts'
import { requireEpochs, resolveConfig } from './resolve-config.ts'
import { endRun, originFault, originOf, removeLeftovers, requireEmpty, startRun } from './run-record.ts'
import { requireSense } from './sense.ts'
import { newState, type TrainState, totalOf } from './state.ts'
import type { TeamMode } from './team.ts'
import { train, type Work } from './train.ts'
import { bringInit, extension, WarmStart, type WarmStartFigures } from './warm-start.ts'

/** What somebody asks for: a corpus, a place, and what differs from the defaults (or from the run there is). */
export interface TrainRequest {
  corpus: string[]
  out: string
  config: TrainConfigInput
  observer?: TrainObserver
  /** Without `checkpointEvery` in the config: the longest time between checkpoints inside an epoch. */
  checkpointWithinMs?: number
  /** An event `checkpoint` that is dispatched here has one taken, and training goes on. */
  asks?: EventTarget
  signal?: AbortSignal
  /** Who starts this process again when it dies. */
  supervisor?: Supervisor
  /** For tests: unless `measured`, a deterministic run takes the threads that were asked for, though there are fewer cores. */
  team?: TeamMode
  /** For tests: bytes of one memory at most. */
  memoryCap?: number
  /** For how long a disk that refuses the end of a run is asked again; 10 minutes. */
  diskPatienceMs?: number
  /** For tests: what the disk has left. */
  freeBytes?: FreeBytes
}

/** The process that watches over this one. */
export interface Supervisor {
  pid: number
  /** How many attempts before this one died, running, without having saved much. */
  deaths: number
}

/** Told as it goes. */
export interface TrainObserver {
  /** The run folder is this process's; bytes that it may use, if that was said. */
  began?(folder: string, memoryLimit: number | undefined): void
  countingPlanned?(plan: CountingPlan): void
  /** At least once a second while work advances, and only then. */
  counting?(doneFraction: number): void
  /** Blocks that need not be counted again if the process dies. */
  countingSaved?(blocks: number): void
  counted?(corpus: CountedCorpus, seconds: number): void
  /** Now and then while parameters are read or vectors written: the disk may take long. */
  alive?(): void
  planned?(plan: FittingPlan, config: TrainConfig, threads: number): void
  resumed?(checkpoint: string, state: TrainState): void
  warmStart?(figures: WarmStartFigures): void
  progress?(progress: Progress): void
  /** After each block: words trained on so far. */
  trained?(words: number, work: Work): void
  /** Blocks, counted and trained on, that no death can take back. */
  saved?(blocks: number): void
  warning?(message: string): void
}

export interface TrainOutcome {
  folder: RunFolder
  result: TrainResult
  /** Of each epoch, from the first: nats per pair, null if there was no pair. */
  losses: (number | null)[]
  /** Whether the run was complete before, and nothing was done. */
  wasComplete: boolean
}

/**
 * Trains into a run folder, going on from what is there. A complete run is returned as it is, unless more epochs are
 * asked for.
 *
 * throws  InputError or ConfigError for what was asked; PlanError if it does not fit; ResourceError if it cannot be
 *         written; StoppedError if the signal aborted: run it again to go on
 */
export async function runTraining(request: TrainRequest): Promise<TrainOutcome> {
  const folder = new RunFolder(request.out)
  const before = folder.exists() ? folder.read() : undefined
  const init = findInit(request.config, before, folder)
  const config = resolveConfig(request.config, before, folder, init)
  const files = findCorpusFiles(request.corpus)
  if (before?.result && isShown(before, config, folder)) {
    const known = { fingerprint: before.fingerprints.corpus, init: init && extension(folder, init) }
    await loadOrCount(folder, files, countOptions(request, config), known)
    const result = { ...before.result, vectors: folder.vectors }
    return { folder, result, losses: lossesOf(folder), wasComplete: true }
  }
  const wasThere = existsSync(folder.path)
  if (wasThere && !before) requireEmpty(folder)
  const lock = await takeFolder(folder, request)
  let run: RunFile | undefined
  try {
    request.observer?.began?.(folder.path, config.memory)
    removeLeftovers(folder)
    const atWork = takeClaims(folder)
    const store = new CheckpointStore<TrainState>(folder.checkpoints)
    const faults: string[] = []
    const checkpoint = store.newest(
      (path, why) => faults.push(`checkpoint ${path} was passed over: ${why}`),
      (state) => originFault(state, before, config, init?.fingerprint ?? null),
    )
    requireEpochs(config, before, checkpoint?.state, folder)
    const { corpus } = request
    run = startRun(folder, before, config, {
      corpus,
      init: init?.fingerprint ?? null,
      state: checkpoint?.state,
      supervisor: request.supervisor?.pid ?? null,
    })
    const result = await countAndTrain(request, {
      folder,
      run,
      before,
      config,
      files,
      init,
      store,
      checkpoint,
      faults,
      atWork,
    })
    return { folder, result, losses: lossesOf(folder), wasComplete: false }
  } catch (error) {
    if (!wasThere && !existsSync(folder.corpus) && !existsSync(folder.counting)) {
      // Nothing came of it: leave nothing behind.
      removeQuietly(folder.path)
    } else if (before && error instanceof InputError && error.code === 'RUN_CORPUS') {
      // It is another text that was wrong, and not the run.
      folder.write(before)
    } else if (run) {
      endRun(folder, run, error)
    }
    // It ended in order: no block is to blame.
    endClaims(folder)
    throw diskError(error, folder.path)
  } finally {
    lock.release()
  }
}

function takeFolder(folder: RunFolder, { supervisor, signal, observer }: TrainRequest): Promise<Lock> {
  return acquireLockBehindOrphan(folder, {
    ...(supervisor && { supervisor: supervisor.pid }),
    ...(signal && { signal }),
    onWait: (pid) =>
      observer?.warning?.(
        `the supervisor of process ${pid} has died; waiting until that one has saved its work`,
      ),
  })
}

/** Whether a run is complete as it is asked for, and nothing is to be done. */
function isShown({ status, config: { epochs } }: RunFile, config: TrainConfig, folder: RunFolder): boolean {
  return status === 'complete' && epochs === config.epochs && isWhole(folder.vectors)
}

function lossesOf(folder: RunFolder): (number | null)[] {
  return readEvents(folder.events).flatMap((event) => (event.type === 'epoch' ? [event.loss] : []))
}

/** Vectors that were lost or damaged are written again from the last checkpoint. */
function isWhole(vectors: string): boolean {
  try {
    new SafetensorsFile(vectors).close()
    return true
  } catch {
    return false
  }
}

/** A run that was begun, and what is known of it before its text is read. */
interface BegunRun {
  folder: RunFolder
  run: RunFile
  before: RunFile | undefined
  config: TrainConfig
  files: ReturnType<typeof findCorpusFiles>
  init: Init | undefined
  store: CheckpointStore<TrainState>
  checkpoint: Checkpoint<TrainState> | undefined
  /** What is wrong with its checkpoints. */
  faults: string[]
  /** Blocks at work when the attempt before this one was killed. */
  atWork: number[]
}

async function countAndTrain(request: TrainRequest, begun: BegunRun): Promise<TrainResult> {
  const { folder, run, before, config, store, checkpoint } = begun
  const { observer = {}, signal } = request
  const beganMs = performance.now()
  const state = checkpoint?.state ?? newState()
  const words = totalOf(state, 'words')
  const events = new EventLog(folder.events, run.attempt, (message) => observer.warning?.(message))
  const warn = (message: string) => {
    events.append(0, { type: 'warning', message })
    observer.warning?.(message)
  }
  if (before?.status === 'failed' && before.error) warn(`the attempt before this one failed: ${before.error}`)
  for (const fault of begun.faults) warn(fault)

  const initFile = begun.init && (await bringInit(folder, begun.init, warn, signal))
  const known = { fingerprint: run.fingerprints.corpus, init: begun.init && extension(folder, begun.init) }
  const onPlan = (plan: CountingPlan) => {
    // A run that was counted before has this event; and if the text is another now, its record stays as it was.
    if (!run.fingerprints.corpus) events.append(words, { type: 'countingPlan', ...plan })
    observer.countingPlanned?.(plan)
  }
  requireEngine(trainingThreads(request, config, blocksIn(begun.files)), availableMemory(config.memory))
  const { checkpointWithinMs } = request
  const counting = {
    ...countOptions(request, config),
    onPlan,
    onWarning: warn,
    // After deaths that lost all: sooner than the standard says.
    ...(checkpointWithinMs !== undefined && { saveEveryMs: Math.max(500, checkpointWithinMs) }),
  }
  const corpus = await loadOrCount(folder, begun.files, counting, known)
  const { blocks, audits, vocabulary } = corpus
  const threads = trainingThreads(request, config, blocks.length)
  const countSeconds = (performance.now() - beganMs) / 1000
  run.fingerprints.corpus = corpus.fingerprint
  folder.write(run)
  observer.counted?.(corpus, countSeconds)
  warnOfText(corpus, warn)
  for (const message of requireSense(config, vocabulary)) warn(message)

  if (config.deterministic) requireArithmetic(config, isFused())
  const shape = shapeOf(vocabulary, blocks, config, threads)
  if (request.memoryCap !== undefined) shape.memoryCap = request.memoryCap
  const plan = requireFit(shape, availableMemory(config.memory), checkpoint ? undefined : vocabulary)
  observer.planned?.(plan, config, threads)
  const model = createModel(vocabulary, config, shape)
  const otherKernel = requireKernel(config, state, model.kernel)
  if (otherKernel) warn(otherKernel)
  state.kernel = model.kernel
  state.origin = originOf(run, config)
  const start = initFile && new WarmStart(initFile, vocabulary)
  const all = start?.vocabulary ?? vocabulary
  const diskPlan = planDisk(folder, config, vocabulary, { written: all }, request.freeBytes)
  requireDisk(folder, diskPlan, checkpoint || run.attempt > 1 ? warn : undefined)
  if (start && config.freeze === 'init') {
    const frozen = start.rowsInText()
    freezeRows(model, frozen)
    if (frozen.every((stays) => stays === 1))
      warn(
        'every word of the text has a vector of --init, and these stay: the vectors will be the same as before',
      )
  }
  const alive = () => observer.alive?.()
  if (checkpoint) restore(model, checkpoint, alive)
  else for (const message of start?.fill(model, config) ?? []) warn(message)

  events.append(words, { type: 'start', pid: process.pid, threads })
  events.append(words, {
    type: 'vocabulary',
    vocabulary: vocabulary.length,
    corpusWords: audits.words.reduce((sum, count) => sum + count, 0),
    corpusBytes: blocks.corpusBytes,
    seconds: countSeconds,
  })
  events.append(words, { type: 'plan', ...plan })
  if (begun.faults.length > 0 && !checkpoint) warn('no checkpoint could be used: training begins anew')
  if (start && !checkpoint) {
    const figures = { path: config.init!, ...start.figures }
    events.append(words, { type: 'init', ...figures })
    observer.warmStart?.(figures)
  }
  if (checkpoint) {
    events.append(words, {
      type: 'resume',
      checkpoint: checkpoint.path,
      epoch: state.epoch,
      place: state.place,
    })
    observer.resumed?.(checkpoint.path, state)
    const epochsBefore = before?.config.epochs as number
    if (epochsBefore !== config.epochs)
      events.append(words, { type: 'schedule', epochs: config.epochs, before: epochsBefore })
  }

  const suspicion = judgeClaims(folder, {
    atWork: begun.atWork,
    deaths: request.supervisor?.deaths ?? 0,
    skip: config.skipBadBlocks,
    blocks,
  })
  for (const block of suspicion.fresh) {
    const { file, start } = blocks.place(block)
    const { path } = blocks.files[file]!
    events.append(words, { type: 'quarantine', block, path, start, records: audits.records[block]! })
    warn(`${placeOfBlock(block, blocks)}, has ended the trainer three times running and is left out`)
  }
  openClaims(folder, threads)
  observer.saved?.(blocks.length * state.epoch + state.place)

  const patience: Patience = { patienceMs: request.diskPatienceMs ?? 10 * 60_000, warn, alive, signal }
  const guard = new Guard(config, vocabulary, initFile?.longest ?? 0)
  guard.checkpoint = checkpoint?.path
  const wallSecondsBefore = state.wallSeconds
  const complete = await train(
    {
      config,
      threads,
      team: request.team ?? 'measured',
      blocks,
      audits,
      vocabulary,
      guard,
      model,
      patience,
      claims: folder.claims,
      suspicion,
      plan,
      store,
      events,
      wallSecondsBefore,
      beganMs,
      checkpointWithinMs: request.checkpointWithinMs,
      asks: request.asks,
      signal,
      observer,
    },
    state,
  )
  if (!complete) throw stopped(state, config)
  endClaims(folder)
  await persist(() => writeResult(folder, model, all, start, alive), patience)
  const wallSeconds = wallSecondsBefore + (performance.now() - beganMs) / 1000
  const result = resultOf(folder, run, state, all, wallSeconds)
  const { seconds, wordsPerSecond, peakRssBytes } = result
  events.append(result.words, { type: 'done', seconds, wordsPerSecond, peakRssBytes })
  await persist(() => {
    events.flush()
    folder.write({ ...run, status: 'complete', pids: { supervisor: null, trainer: null }, result })
  }, patience)
  return result
}

/** Writes the vectors: those that were trained, and behind them those that were brought and kept. */
function writeResult(
  folder: RunFolder,
  model: SharedModel,
  words: Vocabulary,
  start: WarmStart | undefined,
  alive: () => void,
): void {
  const rows = function* () {
    yield* rowBytes(model, 'input', alive)
    if (start) yield* start.keptBytes()
  }
  writeFileAtomically(folder.vectors, (write) =>
    writeStreamedVectors(write, { words, counts: words.counts, dim: model.dim, rows }),
  )
}

/** How many blocks a text has, before it is read. */
function blocksIn(files: CorpusFile[]): number {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return new BlockTable(files, chooseBlockBytes(bytes)).length
}

function threadsOf({ threads }: TrainConfig): number {
  return threads ?? Math.min(16, availableParallelism())
}

/** Threads that share windows wait for one another: more of them than cores would be in each other's way. */
export function trainingThreads(
  { team = 'measured' }: Pick<TrainRequest, 'team'>,
  config: TrainConfig,
  blocks: number,
): number {
  const threads = threadsOf(config)
  if (!config.deterministic) return Math.min(threads, blocks)
  return team !== 'measured' ? threads : Math.min(threads, availableParallelism())
}

/** How a run's corpus is counted. */
export function countOptions(
  { observer, signal }: Pick<TrainRequest, 'observer' | 'signal'>,
  config: TrainConfig,
): CountOptions {
  const { tokenizer, minCount } = config
  const onProgress = (done: number) => observer?.counting?.(done)
  const onSaved = (blocks: number) => observer?.countingSaved?.(blocks)
  const memory = availableMemory(config.memory).bytes
  const threads = threadsOf(config)
  return { tokenizer, minCount, threads, memory, onProgress, onSaved, ...(signal && { signal }) }
}

function resultOf(
  folder: RunFolder,
  run: RunFile,
  state: TrainState,
  vectors: Vocabulary,
  wallSeconds: number,
): TrainResult {
  const words = totalOf(state, 'words')
  const seconds = totalOf(state, 'seconds')
  return {
    type: 'done',
    words,
    seconds,
    wallSeconds,
    wordsPerSecond: words / seconds,
    vocabulary: vectors.length,
    checkpoints: { count: state.checkpoints ?? 0, stallSeconds: state.stallSeconds ?? 0 },
    peakRssBytes: Math.max(state.peakRssBytes, peakRssBytes()),
    supervisorRssBytes: run.pids.supervisor === null ? 0 : peakRssBytes(run.pids.supervisor),
    restarts: run.attempt - 1,
    audit: {
      epochs: state.finished.map(({ records, hash, quarantined }, i) => ({
        epoch: i + 1,
        records,
        hash,
        ...(quarantined && { quarantined }),
      })),
    },
    vectors: folder.vectors,
  }
}

function restore(
  model: SharedModel,
  checkpoint: { tensors(): { close(): void } & Parameters<typeof restoreParameters>[1] },
  alive: () => void,
): void {
  const file = checkpoint.tensors()
  try {
    restoreParameters(model, file, alive)
  } finally {
    file.close()
  }
}

function stopped(state: TrainState, config: TrainConfig): StoppedError {
  return new StoppedError('STOPPED', {
    what: `stopped in epoch ${state.epoch} of ${config.epochs}; all work is saved`,
    mend: 'run the same command again to go on',
  })
}

function warnOfText({ replaced, overlong, blocks }: CountedCorpus, warn: (message: string) => void): void {
  if (replaced.count > 0) {
    const one = blocks.files.length === 1
    warn(
      `${formatCount(replaced.count)} invalid UTF-8 sequences were replaced by U+FFFD, the first in the block at byte ` +
        `${formatCount(replaced.offset!)}${one ? ` of ${blocks.files[0]!.path}` : ''}; if the text is Latin-1, convert it: iconv -f LATIN1 -t UTF-8`,
    )
  }
  if (overlong > 0) warn(`${formatCount(overlong)} words longer than 1000 bytes were passed over`)
}
