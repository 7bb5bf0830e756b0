import type { Checkpoint, CheckpointStore } from '../checkpoint/index.ts'
import { StoppedError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import type { CorpusFile, CountingPlan } from '../corpus/index.ts'
import { EventLog, type RunFile, type RunFolder, type TrainResult } from '../run/index.ts'
import { describeMachine } from '../runtime/machine.ts'
import { isFused } from '../runtime/wasm.ts'
import {
  availableMemory,
  chooseKernel,
  createModel,
  freezeRows,
  planLayout,
  requireEngine,
  requireFit,
  type SharedModel,
  shapeOf,
  type TrainConfig,
} from '../word2vec/index.ts'
import { arithmeticOf, requireArithmetic, requireKernel } from './arithmetic.ts'
import { endClaims, judgeClaims, openClaims, placeOfBlock } from './claims.ts'
import { type CountedCorpus, loadOrCount } from './corpus-file.ts'
import { planDisk, requireDisk } from './disk-plan.ts'
import { Guard } from './guard.ts'
import type { Init } from './init.ts'
import { restoreParameters } from './parameters.ts'
import { type Patience, persist } from './persist.ts'
import { blocksIn, countOptions, type TrainRequest, trainingThreads } from './request.ts'
import { resultOf, writeResult } from './result.ts'
import { originOf } from './run-record.ts'
import { Scoring } from './scoring.ts'
import { requireSense } from './sense.ts'
import { newState, type TrainState, totalOf } from './state.ts'
import { train } from './train.ts'
import { bringInit, extension, WarmStart } from './warm-start.ts'

/** A run that was begun, and what is known of it before its text is read. */
export interface BegunRun {
  folder: RunFolder
  run: RunFile
  before: RunFile | undefined
  config: TrainConfig
  files: CorpusFile[]
  init: Init | undefined
  store: CheckpointStore<TrainState>
  checkpoint: Checkpoint<TrainState> | undefined
  /** What is wrong with its checkpoints. */
  faults: string[]
  /** Blocks at work when the attempt before this one was killed. */
  atWork: number[]
}

/** Counts a run's text if that is not done, trains to the end, and writes the result. throws  as `runTraining` */
export async function countAndTrain(request: TrainRequest, begun: BegunRun): Promise<TrainResult> {
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
  const kernel = chooseKernel(config, planLayout(shape).inLanes, warn)
  const model = createModel(vocabulary, config, shape, kernel)
  const otherKernel = requireKernel(config, state, arithmeticOf(kernel))
  if (otherKernel) warn(otherKernel)
  state.kernel = arithmeticOf(kernel)
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

  const guard = new Guard(config, vocabulary, initFile?.longest ?? 0)
  guard.checkpoint = checkpoint?.path
  const { evaluation } = request
  const scoring =
    evaluation &&
    new Scoring({
      config,
      evaluation,
      model,
      vocabulary,
      blockWords: audits.words,
      guard,
      events,
      observer,
      warn,
    })
  events.append(words, { type: 'start', pid: process.pid, threads, kernel, machine: describeMachine() })
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
      scoring,
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
  const result = resultOf(folder, run, config, state, all, wallSeconds)
  const { seconds, wordsPerSecond, peakRssBytes } = result
  events.append(result.words, { type: 'done', seconds, wordsPerSecond, peakRssBytes })
  await persist(() => {
    events.flush()
    folder.write({ ...run, status: 'complete', pids: { supervisor: null, trainer: null }, result })
  }, patience)
  return result
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
