import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { ResourceError } from '../core/errors.ts'
import { paddingBytes, searchBytes } from '../corpus/blocks.ts'
import { growthFactor } from '../corpus/tokenizer.ts'
import { type ModelShape, memoryLimit, planLayout } from './layout.ts'

/** The memory of a run in bytes, before any of it is taken. */
export interface MemoryPlan {
  bytes: number
  parts: Record<string, number>
}

// Measured on Linux x64, Node 26: a trainer with a tiny model, and what each thread adds.
const runtimeBytes = 99 * 2 ** 20
const threadRuntimeBytes = 10 * 2 ** 20

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
  return {
    bytes: bytes - idle + own + runtime,
    parts: { ...parts, 'thread buffers': buffers, words: own, runtime },
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

/** The memory that a run may use: the least of the machine's and the control group's, in bytes. */
export function availableMemory(): number {
  const limits = [totalmem()]
  for (const path of ['/sys/fs/cgroup/memory/memory.limit_in_bytes', ...groupLimits()]) {
    const limit = Number(readOrEmpty(path))
    if (limit > 0) limits.push(limit)
  }
  return Math.min(...limits)
}

/** Where the limits of this process's control group stand, and of those that hold it. */
function groupLimits(): string[] {
  let group = /^0::(.*)$/m.exec(readOrEmpty('/proc/self/cgroup'))?.[1] ?? '/'
  const paths = ['/sys/fs/cgroup/memory.max']
  for (; group.length > 1; group = dirname(group)) paths.push(join('/sys/fs/cgroup', group, 'memory.max'))
  return paths
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/**
 * Refuses a plan that does not fit, with settings that would.
 *
 * limit   bytes
 * throws  ResourceError
 */
export function requireFit(shape: ModelShape, limit: number): MemoryPlan {
  const plan = planMemory(shape)
  if (plan.bytes <= limit && hasRoom(shape)) return plan
  const why = hasRoom(shape)
    ? `the limit is ${formatBytes(limit)}`
    : `a quarter of the vectors, or the vocabulary, is more than the ${formatBytes(memoryLimit)} of one WASM memory`
  throw new ResourceError('MEMORY_PLAN', {
    what: `${shape.vocabulary.toLocaleString('en-US')} words × ${shape.config.dim} dimensions need ${formatBytes(plan.bytes)}`,
    why,
    mend:
      fittingSettings(shape, limit) ??
      `allow it ${formatBytes(plan.bytes)}: the engine alone takes ${formatBytes(plan.parts.runtime!)}`,
  })
}

/** Whether each of the memories is one that WASM can have. */
function hasRoom(shape: ModelShape): boolean {
  return planLayout(shape).memories.every((bytes) => bytes <= memoryLimit)
}

function fittingSettings(shape: ModelShape, limit: number): string | undefined {
  const fits = (changed: Partial<ModelShape>) => {
    const tried = { ...shape, ...changed }
    return planMemory(tried).bytes <= limit && hasRoom(tried)
  }
  const suggestions: string[] = []
  if (shape.threads > 1 && fits({ threads: 1 })) suggestions.push('--threads 1')
  const dim = largest(shape.config.dim, (dim) => fits({ config: { ...shape.config, dim } }))
  if (dim >= 8) suggestions.push(`--dim ${dim}`)
  const vocabulary = largest(shape.vocabulary, (vocabulary) => fits({ vocabulary }))
  if (vocabulary >= 1000)
    suggestions.push(`a --min-count that leaves ${vocabulary.toLocaleString('en-US')} words`)
  return suggestions.length > 0 ? `use ${suggestions.join(', or ')}` : undefined
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
