import { formatBytes } from '../core/bytes.ts'
import { PlanError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { paddingBytes, searchBytes } from '../corpus/blocks.ts'
import { growthFactor } from '../corpus/tokenizer.ts'
import type { Vocabulary } from '../corpus/vocabulary.ts'
import type { MemoryLimit } from '../runtime/memory-limit.ts'
import { VectorTable } from '../vectors/index.ts'
import { memoryLimit } from './far-layout.ts'
import { type ModelShape, planLayout } from './layout.ts'
import { shapeOf } from './model.ts'

/** The memory of a run in bytes, before any of it is taken. */
export interface MemoryPlan {
  bytes: number
  parts: Record<string, number>
}

// Measured on Linux x64, Node 26: a trainer with a tiny model, and what each thread adds.
const runtimeBytes = 103 * 2 ** 20
export const threadRuntimeBytes = 10 * 2 ** 20

// Measured with the 19,544 analogies of questions-words and three sets of pairs.
const questionBytes = 8 * 2 ** 20

/** Less than this is not worth proposing. */
const leastDim = 8
const leastWords = 1000

/**
 * What a model of this shape takes, with the engine that runs it: the most at any moment, so the vectors' export is in
 * it. `plan.test.ts` holds it to within 5 % of what processes had.
 */
export function planMemory(shape: ModelShape): MemoryPlan {
  const { bytes, parts } = planLayout(shape)
  const own = ownWordBytes(shape)
  const runtime = runtimeBytes + shape.threads * threadRuntimeBytes
  const idle = idleBytes(shape)
  const buffers = parts['thread buffers']! - idle
  const evaluation = evaluationBytes(shape)
  return {
    bytes: bytes - idle + own + evaluation + runtime,
    parts: {
      ...parts,
      'thread buffers': buffers,
      words: own,
      // Only where vectors are scored while they are trained.
      ...(evaluation > 0 && { evaluation }),
      // Checkpoints are written from the model itself while nothing is at work on it.
      'checkpoint copy': 0,
      runtime,
    },
  }
}

/**
 * Of the threads' buffers for a block, what stays untouched, and so is no memory yet: there is room for a block of
 * words of one byte, and for one that grows threefold when it is made ready. A text fills each of the three buffers
 * with about as many bytes as it has.
 */
export function idleBytes({ threads, blockBytes }: ModelShape): number {
  const rawBytes = blockBytes + searchBytes + paddingBytes
  return threads * ((1 + 4 + growthFactor) * rawBytes - 3 * blockBytes)
}

/**
 * What the main thread holds outside the model: counts, offsets and bytes of the words (12 bytes and the word), once
 * more as they came or as they are written, and 20 a word for building tables; 18 more for a Huffman tree.
 */
function ownWordBytes({ config, vocabulary, wordBytes }: ModelShape): number {
  const tree = config.loss === 'hs' ? 18 : 0
  return 2 * (12 * vocabulary + wordBytes) + (20 + tree) * vocabulary
}

/** Vectors and words as they can be asked, and what questions and their answers take. */
function evaluationBytes({ config, vocabulary, wordBytes }: ModelShape): number {
  if (config.evaluateEvery === undefined) return 0
  return VectorTable.bytesOf(vocabulary, config.dim, wordBytes) + questionBytes
}

/** A plan that fits, and what it fits into. */
export interface FittingPlan extends MemoryPlan {
  limit: MemoryLimit
}

/**
 * Refuses a plan that does not fit, with settings that would.
 *
 * vocabulary  of the run, if another width or minimal count may be proposed: nothing is trained yet
 * throws      PlanError
 */
export function requireFit(shape: ModelShape, limit: MemoryLimit, vocabulary?: Vocabulary): FittingPlan {
  const plan = planMemory(shape)
  if (fits(shape, limit)) return { ...plan, limit }
  const why = hasRoom(shape)
    ? `the limit is ${formatBytes(limit.bytes)} (${limit.of})`
    : `the vocabulary, or what threads work with, is more than the ${formatBytes(memoryLimit)} of one WASM memory`
  throw new PlanError('MEMORY_PLAN', {
    what: `${formatCount(shape.vocabulary)} words × ${shape.config.dim} dimensions need ${formatBytes(plan.bytes)}`,
    why,
    mend: fittingSettings(shape, limit, vocabulary) ?? moreMemory(plan, limit),
  })
}

/**
 * Refuses, before a text is counted, what no model could be trained in: less than the engine itself takes.
 *
 * throws  PlanError
 */
export function requireEngine(threads: number, limit: MemoryLimit): void {
  const runtime = runtimeBytes + threads * threadRuntimeBytes
  if (runtime <= limit.bytes) return
  const size = `${Math.ceil((runtime * 1.1) / 2 ** 20)}M`
  const fewer = threads > 1 && runtimeBytes + threadRuntimeBytes <= limit.bytes ? '--threads 1, or ' : ''
  throw new PlanError('MEMORY_PLAN', {
    what: `the engine alone takes ${formatBytes(runtime)} with ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    why: `the limit is ${formatBytes(limit.bytes)} (${limit.of})`,
    mend:
      limit.of === '--memory' ? `use ${fewer}--memory ${size} or more` : `use ${fewer}a machine with more`,
  })
}

function moreMemory({ bytes, parts }: MemoryPlan, limit: MemoryLimit): string {
  const size = `${Math.ceil(bytes / 2 ** 20)}M`
  const how = limit.of === '--memory' ? `use --memory ${size}` : `let ${limit.of} have ${size}`
  return `${how}: the engine alone takes ${formatBytes(parts.runtime!)}`
}

function fits(shape: ModelShape, limit: MemoryLimit): boolean {
  return planMemory(shape).bytes <= limit.bytes && hasRoom(shape)
}

/** Whether each of the memories is one that WASM can have. */
function hasRoom(shape: ModelShape): boolean {
  return planLayout(shape).memories.every((bytes) => bytes <= memoryLimit)
}

/** Changes each of which is enough, held to the same plan; undefined if there is none. */
function fittingSettings(
  shape: ModelShape,
  limit: MemoryLimit,
  vocabulary: Vocabulary | undefined,
): string | undefined {
  const threads = largest(shape.threads, (threads) => fits({ ...shape, threads }, limit))
  const single = [...(threads > 0 ? [`--threads ${threads}`] : []), ...smaller(shape, limit, vocabulary)]
  // Where no one change is enough, two may be.
  const alone = smaller({ ...shape, threads: 1 }, limit, vocabulary).map((change) => `--threads 1 ${change}`)
  const changes = single.length > 0 ? single : alone
  return changes.length > 0 ? `use ${changes.join(', or ')}` : undefined
}

/** What makes a model smaller: fewer dimensions, fewer words. */
function smaller(shape: ModelShape, limit: MemoryLimit, vocabulary: Vocabulary | undefined): string[] {
  if (!vocabulary) return []
  const { config } = shape
  const changes: string[] = []
  // Vectors to begin with are as wide as they are.
  const dim =
    config.init === undefined
      ? largest(config.dim, (dim) => fits({ ...shape, config: { ...config, dim } }, limit))
      : 0
  if (dim >= leastDim) changes.push(`--dim ${dim}`)
  const fewer = minCountFor(shape, limit, vocabulary)
  if (fewer && fewer.words >= leastWords)
    changes.push(`--min-count ${fewer.minCount}, which leaves ${formatCount(fewer.words)} words`)
  return changes
}

/** The least minimal count with which a model fits, and how many words it leaves. */
function minCountFor(
  shape: ModelShape,
  limit: MemoryLimit,
  vocabulary: Vocabulary,
): { minCount: number; words: number } | undefined {
  const { config, threads, blocks: length, blockBytes } = shape
  const fitsWith = (words: number) => {
    const changed = shapeOf(vocabulary.first(words), { length, blockBytes }, config, threads)
    return fits({ ...shape, ...changed }, limit)
  }
  const most = largest(vocabulary.length, fitsWith)
  // Words that are equally frequent stay or go together, and the next one must go.
  const minCount = vocabulary.counts[most]! + 1
  const words = largest(most + 1, (rank) => vocabulary.counts[rank - 1]! >= minCount)
  return words > 0 && fitsWith(words) ? { minCount, words } : undefined
}

/** The largest number below `from` that passes a test which small numbers pass; 0 if none does. */
function largest(from: number, passes: (value: number) => boolean): number {
  let low = 0
  let high = from
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (passes(middle)) low = middle
    else high = middle
  }
  return low
}
