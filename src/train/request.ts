import { availableParallelism } from 'node:os'
import {
  BlockTable,
  type CorpusFile,
  type CountingPlan,
  type CountOptions,
  chooseBlockBytes,
} from '../corpus/index.ts'
import type { Progress, RunFolder, ScoredPoint, TrainResult } from '../run/index.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import {
  availableMemory,
  type FittingPlan,
  type TrainConfig,
  type TrainConfigInput,
} from '../word2vec/index.ts'
import type { CountedCorpus } from './corpus-file.ts'
import type { FreeBytes } from './disk-plan.ts'
import type { TrainState } from './state.ts'
import type { TeamMode } from './team.ts'
import type { Work } from './train.ts'
import type { WarmStartFigures } from './warm-start.ts'

/** What somebody asks for: a corpus, a place, and what differs from the defaults (or from the run there is). */
export interface TrainRequest {
  corpus: string[]
  out: string
  config: TrainConfigInput
  observer?: TrainObserver
  /** What vectors are scored with while they are trained, as often as `evaluateEvery` in the config says. */
  evaluation?: Evaluation
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

/** What vectors are worth, told while they are trained. */
export interface Evaluation {
  /**
   * Scores by name, the higher the better; null, or what is no finite number, where there is none. It must move nothing:
   * the vectors are the run's own, and others once it has returned. Training waits for it.
   *
   * wanted  names of scores that must be among them: of the one that early stopping goes by
   */
  score(
    vectors: KeyedVectors,
    wanted: readonly string[],
  ): Record<string, number | null> | Promise<Record<string, number | null>>
  /** Of all its scores, if that is known before: a run that is to stop early on another is refused at once. */
  names?: readonly string[]
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
  scored?(point: ScoredPoint): void
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

/** Threads that share lanes wait for one another: more of them than cores would be in each other's way. */
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

/** How many blocks a text has, before it is read. */
export function blocksIn(files: CorpusFile[]): number {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return new BlockTable(files, chooseBlockBytes(bytes)).length
}

function threadsOf({ threads }: TrainConfig): number {
  return threads ?? Math.min(16, availableParallelism())
}
