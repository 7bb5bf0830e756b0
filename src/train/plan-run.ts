import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { PlanError } from '../core/errors.ts'
import { deriveSeed, permutation } from '../core/random.ts'
import {
  type BlockAudits,
  BlockTable,
  type CorpusFile,
  type CountingPlan,
  type CountOptions,
  chooseBlockBytes,
  countCorpus,
  countingDiskBytes,
  countSample,
  findCorpusFiles,
  requireCounting,
  type Vocabulary,
} from '../corpus/index.ts'
import { RunFolder } from '../run/index.ts'
import {
  availableMemory,
  type MemoryLimit,
  type MemoryPlan,
  planMemory,
  requireFit,
  shapeOf,
  type TrainConfig,
  type TrainConfigInput,
} from '../word2vec/index.ts'
import { loadCounted } from './corpus-file.ts'
import { type DiskPlan, type FreeBytes, planDisk, requireDisk } from './disk-plan.ts'
import { findInit, type Init } from './init.ts'
import { measureSpeed } from './measure.ts'
import { countOptions, trainingThreads } from './request.ts'
import { goesOn, resolveConfig } from './resolve-config.ts'
import { requireSense } from './sense.ts'

export interface PlanRequest {
  corpus: string[]
  /** The run folder that training would have. Nothing is written there. */
  out: string
  config: TrainConfigInput
  /** A larger corpus is not counted whole: so much of it is. 64 MiB. */
  sampleBytes?: number
  /** How long speed is measured; 1500. With 0 it is not. */
  measureMs?: number
  /** For tests. */
  freeBytes?: FreeBytes
}

/** What a run would take, before anything of it runs. */
export interface RunPlan {
  corpus: { files: number; bytes: number; blocks: number }
  config: TrainConfig
  threads: number
  vocabulary: {
    /** In the vocabulary. */
    words: number
    /** Occurrences of these in the corpus. */
    corpusWords: number
    /** What is known of it: the run's own record, the whole text, or an estimate from a sample of the text. */
    source: 'run' | 'corpus' | 'sample'
    /** Bytes of the text that were counted for this plan. */
    countedBytes: number
  }
  limit: MemoryLimit
  /** Of the vocabulary pass; null where it is done. */
  counting: CountingPlan | null
  memory: MemoryPlan
  disk: DiskPlan
  /** Estimates from what was measured here and now; null where that was not possible. */
  time: { countSeconds: number; wordsPerSecond: number | null; trainSeconds: number | null }
  warnings: string[]
  /** Why the run would not begin; empty if it would. */
  refusals: PlanError[]
}

/** A corpus as far as it is known. */
interface KnownText {
  blocks: BlockTable
  audits: BlockAudits
  vocabulary: Vocabulary
  source: RunPlan['vocabulary']['source']
  countedBytes: number
  /** That counting takes, or would. */
  seconds: number
  /** Of blocks that are audited; as many as there are blocks. */
  order: Uint32Array
}

/**
 * Plans a run: memory, disk and time. A corpus of up to `sampleBytes` is counted whole, and the plan is then the one
 * that training has; of a larger one a sample is, unless the run folder has its vocabulary.
 *
 * throws  as `runTraining` for what it would refuse before it plans; what does not fit is in the plan
 */
export async function planRun(request: PlanRequest): Promise<RunPlan> {
  const { measureMs = 1500 } = request
  const folder = new RunFolder(request.out)
  const before = folder.exists() ? folder.read() : undefined
  const init = findInit(request.config, before, folder)
  const config = resolveConfig(request.config, before, folder, init)
  const files = findCorpusFiles(request.corpus)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const blocks = new BlockTable(files, chooseBlockBytes(bytes))
  const limit = availableMemory(config.memory)
  const options = countOptions({}, config)
  const loaded = await loadCounted(folder, files, config)
  const counting = loaded ? null : requireCounting(bytes, options.threads, limit.bytes)
  const text: KnownText = loaded
    ? { ...loaded.corpus, source: 'run', countedBytes: 0, seconds: 0, order: shuffled(blocks.length) }
    : await knowText(files, bytes, options, request.sampleBytes)
  const { vocabulary, source, countedBytes } = text
  const corpusWords = vocabulary.totalCount
  const warnings = requireSense(config, vocabulary)

  const threads = trainingThreads({}, config, blocks.length)
  const shape = shapeOf(vocabulary, blocks, config, threads)
  const spillBytes =
    counting && counting.bytes > limit.bytes ? countingDiskBytes(bytes, threads, limit.bytes) : 0
  const more = { spillBytes, initBytes: bytesOf(init) }
  const disk = planDisk(folder, config, vocabulary, more, request.freeBytes)
  // What goes on from its work is what it was, and may hope for its disk.
  const isNew = !before || !goesOn(before, folder)
  const warn = isNew ? undefined : (message: string) => void warnings.push(message)
  const tooLarge = refusalOf(() => requireFit(shape, limit, isNew ? vocabulary : undefined))
  const refusals = [tooLarge, refusalOf(() => requireDisk(folder, disk, warn))]

  const measured = shapeOf(vocabulary, text.blocks, config, threads)
  const wordsPerSecond =
    !tooLarge && measureMs > 0 ? await measureSpeed(measured, text, config, text.order, measureMs) : null
  const trainSeconds = wordsPerSecond && (config.epochs * corpusWords) / wordsPerSecond
  return {
    corpus: { files: files.length, bytes, blocks: blocks.length },
    config,
    threads,
    vocabulary: { words: vocabulary.length, corpusWords, source, countedBytes },
    limit,
    counting,
    memory: planMemory(shape),
    disk,
    time: { countSeconds: text.seconds, wordsPerSecond, trainSeconds },
    warnings,
    refusals: refusals.filter((refusal) => refusal !== undefined),
  }
}

/** Counts a corpus, or a sample of a large one. */
async function knowText(
  files: CorpusFile[],
  bytes: number,
  options: CountOptions,
  sampleBytes = 2 ** 26,
): Promise<KnownText> {
  if (bytes <= sampleBytes) {
    const began = performance.now()
    const counted = await countCorpus(files, options)
    const seconds = (performance.now() - began) / 1000
    return {
      ...counted,
      source: 'corpus',
      countedBytes: bytes,
      seconds,
      order: shuffled(counted.blocks.length),
    }
  }
  const sample = countSample(files, { ...options, sampleBytes })
  const atOnce = Math.min(options.threads, availableParallelism())
  return {
    ...sample,
    source: 'sample',
    countedBytes: sample.bytes,
    seconds: (sample.seconds * bytes) / sample.bytes / atOnce,
    order: repeated(sample.chosen, sample.blocks.length),
  }
}

/** Of the copy that a run makes of what it begins with, and of the words that its vectors then have besides, at most. */
function bytesOf(init: Init | undefined): number {
  const { vectors, tensors } = init?.source ?? {}
  return [vectors, tensors, vectors].reduce((sum, path) => sum + (path ? statSync(path).size : 0), 0)
}

function refusalOf(require: () => void): PlanError | undefined {
  try {
    require()
    return undefined
  } catch (error) {
    if (error instanceof PlanError) return error
    throw error
  }
}

function shuffled(count: number): Uint32Array {
  return permutation(count, deriveSeed(1))
}

function repeated(blocks: Uint32Array, length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => blocks[i % blocks.length]!)
}
