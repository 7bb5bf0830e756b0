import type { CheckpointStore } from '../checkpoint/index.ts'
import { assert } from '../core/errors.ts'
import { deriveSeed, permutation } from '../core/random.ts'
import type { BlockAudits, BlockTable, Vocabulary } from '../corpus/index.ts'
import type { EventLog, Progress } from '../run/index.ts'
import { collectGarbage } from '../runtime/collect.ts'
import type { MemoryPlan, SharedModel, TrainConfig } from '../word2vec/index.ts'
import type { Suspicion } from './claims.ts'
import { hasEnded } from './early-stop.ts'
import type { Guard } from './guard.ts'
import { Meter } from './meter.ts'
import type { Patience } from './persist.ts'
import { Saver } from './saver.ts'
import { rateAt } from './schedule.ts'
import type { Scoring } from './scoring.ts'
import { nothingLearned } from './sense.ts'
import { addBlock, addHashes, addLosses, noSums, type TrainState, totalOf } from './state.ts'
import type { TeamMode } from './team.ts'
import { TrainThreads } from './threads.ts'

const collectEveryMs = 30_000

/** What training is handed; it builds none of it. */
export interface Training {
  config: TrainConfig
  threads: number
  /** How many of the threads that share lanes take part. */
  team: TeamMode
  blocks: BlockTable
  audits: BlockAudits
  vocabulary: Vocabulary
  guard: Guard
  model: SharedModel
  /** Path of the file of blocks at work, and what is known of those that may have ended the trainer. */
  claims: string
  suspicion: Suspicion
  plan: MemoryPlan
  store: CheckpointStore<TrainState>
  events: EventLog
  /** Time of the attempts before this one, and when this one began (`performance.now`). */
  wallSecondsBefore: number
  beganMs: number
  /** Scores the vectors now and then, if that was asked for. */
  scoring?: Scoring | undefined
  /** With a disk that refuses the last checkpoint. */
  patience: Patience
  /** Where the config says nothing of how often: the longest time between checkpoints. */
  checkpointWithinMs?: number | undefined
  /** An event `checkpoint` that is dispatched here has one taken, and training goes on. */
  asks?: EventTarget | undefined
  observer?: {
    progress?(progress: Progress): void
    trained?(words: number, work: Work): void
    saved?(blocks: number): void
    alive?(): void
    warning?(message: string): void
  }
  signal?: AbortSignal | undefined
}

/** Which block of which epoch was trained on last. */
export interface Work {
  epoch: number
  /** How many blocks of the epoch are done, of how many. */
  place: number
  blocks: number
  /** Blocks read so far: counted, and trained on in all epochs. */
  done: number
}

/**
 * Trains from `state` to the last epoch, or until the signal aborts; either way the newest checkpoint holds all
 * that was done. `state` is kept up to date.
 *
 * Returns whether training is complete.
 */
export async function train(training: Training, state: TrainState): Promise<boolean> {
  const { config, blocks, signal } = training
  const { model, audits } = training
  const threads = new TrainThreads(training.threads, {
    model,
    config,
    audits,
    team: training.team,
    files: blocks.files,
    blockBytes: blocks.blockBytes,
    claims: training.claims,
    quarantined: training.suspicion.quarantined,
  })
  const stop = () => threads.stop()
  signal?.addEventListener('abort', stop)
  const meter = new Meter(performance.now())
  const saver = new Saver(training, state)
  training.asks?.addEventListener('checkpoint', saver.request)
  const isComplete = () => state.epoch > config.epochs || hasEnded(state, config)
  const score = async () => {
    // What stopped at a point is scored when it goes on, unless it is at its end: there is no later.
    if (!training.scoring?.isDue(state) || (signal?.aborted && !isComplete())) return false
    const beganMs = performance.now()
    await training.scoring.take(state)
    meter.skip(performance.now() - beganMs)
    return true
  }
  let pieces = 0
  let collectedMs = performance.now()
  const alive = setInterval(() => {
    if (performance.now() - collectedMs > collectEveryMs) {
      collectGarbage()
      collectedMs = performance.now()
    }
    if (threads.pieces !== pieces) training.observer?.alive?.()
    pieces = threads.pieces
  }, 1000)
  try {
    if (await score()) saver.changed()
    while (!isComplete() && !signal?.aborted) {
      // Stopped for a checkpoint or to be scored, the epoch goes on in the next round of this loop.
      const order = permutation(blocks.length, deriveSeed(config.seed, state.epoch))
      const end = Math.min(saver.endOf(order), training.scoring?.endOf(state) ?? blocks.length)
      saver.arm(stop)
      state.place = await runEpoch(training, threads, order, end, state, meter)
      saver.disarm()
      const isWholeEpoch = state.place === blocks.length
      const stoppedMs = isWholeEpoch ? performance.now() : threads.idleSinceMs
      if (isWholeEpoch) closeEpoch(training, state)
      const wasScored = await scoreOrSave(score, saver)
      if (isComplete() || signal?.aborted) break
      // What scoring took is not what a checkpoint costs.
      const idleSinceMs = wasScored ? performance.now() : stoppedMs
      if (!(isWholeEpoch || wasScored) || saver.isTime()) await saver.save(idleSinceMs)
    }
    await saver.finish()
    return isComplete()
  } finally {
    clearInterval(alive)
    training.asks?.removeEventListener('checkpoint', saver.request)
    signal?.removeEventListener('abort', stop)
    await Promise.all([saver.close(), threads.close()])
  }
}

/** Where scoring fails, such as for a file of questions that is gone, what was trained until then is saved. */
async function scoreOrSave(score: () => Promise<boolean>, saver: Saver): Promise<boolean> {
  try {
    return await score()
  } catch (error) {
    await saver.finish()
    throw error
  }
}

/** Runs an epoch on, before a place in its order at most; returns the place it came to. */
async function runEpoch(
  training: Training,
  threads: TrainThreads,
  order: Uint32Array,
  end: number,
  state: TrainState,
  meter: Meter,
): Promise<number> {
  const { config, events, guard, signal, observer } = training
  const wordsTotal = config.epochs * training.vocabulary.totalCount
  const began = performance.now()
  const secondsBefore = totalOf(state, 'seconds')
  const epochSecondsBefore = state.current.seconds
  const report = () => {
    const now = performance.now()
    const wordsDone = totalOf(state, 'words')
    const seconds = secondsBefore + (now - began) / 1000
    const planBytes = training.plan.bytes
    const { epoch } = state
    const rate = (share: number) => rateAt(config, share)
    const progress = meter.read(now, { epoch, wordsDone, wordsTotal, seconds, rateAt: rate, planBytes })
    events.append(wordsDone, { type: 'progress', ...progress })
    observer?.progress?.(progress)
  }
  const suspects = suspectsFrom(training.suspicion, order, state.place)
  let blocksDone = state.place
  // A signal that came while the threads were idle would be lost: they begin anew with each epoch.
  const losses = new Float64Array(order.length)
  const job = { epoch: state.epoch, alone: suspects.size > 0, end }
  const running = threads.runEpoch(job, order, state.place, (done) => {
    const block = order[done.place]!
    guard.watchBlock(state.epoch, done)
    addBlock(state.current, losses, done, block)
    meter.add(done)
    blocksDone++
    const work = {
      epoch: state.epoch,
      place: blocksDone,
      blocks: order.length,
      done: state.epoch * order.length + blocksDone,
    }
    observer?.trained?.(totalOf(state, 'words'), work)
    // The last that was under suspicion is done: a checkpoint, and all threads go on.
    if (suspects.delete(block)) {
      training.suspicion.suspects = training.suspicion.suspects.filter((suspect) => suspect !== block)
      if (suspects.size === 0) threads.stop()
    }
    if (meter.isDue(performance.now())) report()
  })
  if (signal?.aborted) threads.stop()
  const place = await running
  const { rounds } = threads
  if (training.model.layout.inLanes)
    events.append(totalOf(state, 'words'), { type: 'walk', epoch: state.epoch, rounds: [...rounds] })
  addLosses(state.current, losses, state.place, place)
  state.current.seconds = epochSecondsBefore + (performance.now() - began) / 1000
  if (state.epoch === config.epochs || signal?.aborted) report()
  return place
}

/** Blocks under suspicion that an epoch has still to come to. */
function suspectsFrom({ suspects }: Suspicion, order: Uint32Array, from: number): Set<number> {
  return new Set([...order.subarray(from)].filter((block) => suspects.includes(block)))
}

/** Holds a finished epoch to what was counted, and begins the next. */
function closeEpoch(training: Training, state: TrainState): void {
  const { config, audits, vocabulary, guard, events, observer } = training
  const { current } = state
  const epochWords = vocabulary.totalCount
  const { quarantined = [] } = current
  const isIn = (_: unknown, block: number) => !quarantined.includes(block)
  const records = audits.records.filter(isIn).reduce((sum, count) => sum + count, 0)
  const hash = addHashes('0', ...audits.hashes.filter(isIn))
  assert(
    current.words === epochWords || quarantined.length > 0,
    `epoch ${state.epoch} trained on ${current.words} words of ${epochWords}`,
  )
  assert(
    current.records === records && current.hash === hash,
    `the audit of epoch ${state.epoch} differs from the count`,
  )
  const loss = current.pairs > 0 ? current.loss / current.pairs : null
  if (loss === null && state.epoch === 1) throw nothingLearned(config, vocabulary)
  const message =
    loss === null
      ? `nothing was learned in epoch ${state.epoch}: no word that was kept had another one beside it`
      : guard.judgeEpoch(state.epoch, current)
  if (message) {
    events.append(totalOf(state, 'words'), { type: 'warning', message })
    observer?.warning?.(message)
  }
  const { seconds } = current
  events.append(totalOf(state, 'words'), { type: 'epoch', epoch: state.epoch, loss, seconds, records, hash })
  state.finished.push(current)
  state.current = noSums()
  state.epoch++
  state.place = 0
}
