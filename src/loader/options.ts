import { parseBytes } from '../core/bytes.ts'
import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import type { Dtype } from './collate.ts'
import { dtypes } from './collate.ts'
import type { LoaderError } from './failure.ts'
import type { Sharding } from './lane.ts'
import type { SamplerLike } from './sampler.ts'

/** What to do with a sample that fails, or kills its worker: end the pass with its error, or leave the sample out. */
export type OnError = 'throw' | 'skip' | ((error: LoaderError) => 'throw' | 'skip')

/** All may be left out. Names and defaults are PyTorch's, where it has them. */
export interface DataLoaderOptions<T = any, B = any> {
  /** Samples in a batch: 1. `null` gives the samples themselves. */
  batchSize?: number | null | undefined
  /** Threads that make batches: 0, all in the thread that iterates. */
  numWorkers?: number | undefined
  /** The streams that batches are formed from, and what user code takes for workers: `max(1, numWorkers)`. */
  lanes?: number | undefined
  /**
   * How an iterable dataset is shared between lanes. `auto`: by its `shard`, by its user (who gives `workerInit`, or
   * whose iterator asks for `getWorkerInfo()`), or else sample i goes to lane i modulo the lanes. `user`: by its user.
   * `none`: every lane gives all of it.
   */
  sharding?: Sharding | undefined
  /** Whether a map dataset's samples come in random order, a new one each pass: false. */
  shuffle?: boolean | undefined
  /** The indices to take, in order, instead of `shuffle`. */
  sampler?: SamplerLike<number> | undefined
  /** Whole batches of indices, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: SamplerLike<ArrayLike<number>> | undefined
  /** From samples to a batch: `defaultCollate`. With `batchSize: null` from the sample. */
  collate?: ((samples: T[]) => B | Promise<B>) | undefined
  /** The kind of array that `defaultCollate` puts numbers in: float64. */
  dtype?: Dtype | undefined
  /** Whether the last batch of a lane is left out if it is short: false. */
  dropLast?: boolean | undefined
  /** How many batches a lane may be ahead. Without it as many as its share of the ring holds, up to 256. */
  prefetchFactor?: number | undefined
  /** Whether workers, and their copies of the dataset, stay for the next pass: false. */
  persistentWorkers?: boolean | undefined
  /** Run for each lane before it is opened, with `getWorkerInfo()` set, where there are workers or lanes. */
  workerInit?: ((lane: number) => unknown) | undefined
  /** How long to wait for a worker's batch before it is replaced, in milliseconds: ten minutes. 0 waits for ever. */
  timeoutMs?: number | undefined
  /** What random numbers are drawn from, as torch's `generator=torch.Generator().manual_seed(seed)`. */
  seed?: number | bigint | undefined
  /** The memory of the workers' rings, all together, in bytes or as `64MiB`: 256 MiB. Only what is needed is touched. */
  memoryLimit?: number | string | undefined
  /** Whether batches are views of the ring, good until the next is asked for, instead of the user's own: false. */
  borrow?: boolean | undefined
  /** `throw`, `skip`, or a function that decides. */
  onError?: OnError | undefined
}

/** The options with their defaults. What is undefined has a meaning of its own. */
export interface ResolvedOptions {
  kind: 'map' | 'iterable'
  batchSize: number | null
  numWorkers: number
  lanes: number
  /** Whether user code sees workers. */
  hasInfo: boolean
  sharding: Sharding
  shuffle: boolean
  sampler: SamplerLike<number> | undefined
  batchSampler: SamplerLike<ArrayLike<number>> | undefined
  collate: ((samples: any) => unknown) | undefined
  dtype: Dtype | undefined
  dropLast: boolean
  prefetchFactor: number | undefined
  persistentWorkers: boolean
  workerInit: ((lane: number) => unknown) | undefined
  timeoutMs: number
  seed: number | bigint | undefined
  memoryLimit: number
  borrow: boolean
  onError: OnError
}

const names: Record<keyof DataLoaderOptions, true> = {
  batchSize: true,
  numWorkers: true,
  lanes: true,
  sharding: true,
  shuffle: true,
  sampler: true,
  batchSampler: true,
  collate: true,
  dtype: true,
  dropLast: true,
  prefetchFactor: true,
  persistentWorkers: true,
  workerInit: true,
  timeoutMs: true,
  seed: true,
  memoryLimit: true,
  borrow: true,
  onError: true,
}

/** Checks options by PyTorch's rules. Throws ConfigError that names the option at fault. */
export function resolveOptions(kind: 'map' | 'iterable', given: DataLoaderOptions): ResolvedOptions {
  checkTypes(given)
  const { numWorkers = 0, batchSize, batchSampler, sampler, shuffle, dropLast } = given
  if (kind === 'iterable') {
    const why = 'an iterable dataset gives its samples in its own order'
    if (shuffle)
      refuse('shuffle', 'is for map datasets', why, 'shuffle in the dataset, as with stream.shuffle()')
    if (sampler !== undefined) refuse('sampler', 'is for map datasets', why, 'leave it out')
    if (batchSampler !== undefined) refuse('batchSampler', 'is for map datasets', why, 'leave it out')
  } else if (given.sharding !== undefined)
    refuse(
      'sharding',
      'is for iterable datasets',
      'batches of a map dataset are dealt to the lanes',
      'leave it out',
    )
  if (sampler !== undefined && shuffle)
    refuse('sampler', 'cannot go with shuffle', 'both say in which order samples come', 'give one of them')
  if (batchSampler !== undefined) {
    const with_ = Object.entries({ batchSize, shuffle, sampler, dropLast }).find(
      ([, value]) => value !== undefined && value !== false,
    )
    if (with_ && !(with_[0] === 'batchSize' && batchSize === 1))
      refuse(
        'batchSampler',
        `cannot go with ${with_[0]}`,
        'it says by itself what a batch is',
        `leave ${with_[0]} out`,
      )
  }
  if (batchSize === null && dropLast)
    refuse('dropLast', 'cannot go with batchSize: null', 'there are no batches', 'leave it out')
  if (numWorkers === 0) {
    const why = 'there are no workers (numWorkers: 0)'
    // torch cannot tell its default, 2, from a 2 that was given.
    if (given.prefetchFactor !== undefined && given.prefetchFactor !== 2)
      refuse('prefetchFactor', 'is for workers', why, 'leave it out, or set numWorkers')
    if (given.persistentWorkers)
      refuse('persistentWorkers', 'is for workers', why, 'leave it out, or set numWorkers')
  }
  return {
    kind,
    batchSize: batchSize === undefined ? 1 : batchSize,
    numWorkers,
    lanes: given.lanes ?? Math.max(1, numWorkers),
    hasInfo: numWorkers > 0 || given.lanes !== undefined,
    sharding: given.sharding ?? 'auto',
    shuffle: shuffle ?? false,
    sampler,
    batchSampler,
    collate: given.collate,
    dtype: given.dtype,
    dropLast: dropLast ?? false,
    prefetchFactor: given.prefetchFactor,
    persistentWorkers: given.persistentWorkers ?? false,
    workerInit: given.workerInit,
    timeoutMs: given.timeoutMs ?? 600_000,
    seed: given.seed,
    memoryLimit: bytesOf(given.memoryLimit ?? 256 * 2 ** 20),
    borrow: given.borrow ?? false,
    onError: given.onError ?? 'throw',
  }
}

function checkTypes(given: DataLoaderOptions): void {
  if (typeof given !== 'object' || given === null)
    refuse('options', 'are no object', '', 'write { batchSize: 64 }')
  for (const key of Object.keys(given)) {
    if (key in names) continue
    const near = nearestName(key, Object.keys(names))
    refuse(
      key,
      'is no option of DataLoader',
      '',
      near ? `did you mean ${near}?` : `there are ${Object.keys(names).join(', ')}`,
    )
  }
  const count = (
    key: 'batchSize' | 'numWorkers' | 'lanes' | 'prefetchFactor' | 'timeoutMs',
    least: number,
  ) => {
    const value = given[key]
    if (value === undefined || (key === 'batchSize' && value === null)) return
    if (!Number.isSafeInteger(value) || value! < least)
      refuse(key, `is ${show(value)}`, `it must be a whole number of at least ${least}`, '')
  }
  count('batchSize', 1)
  count('numWorkers', 0)
  count('lanes', 1)
  count('prefetchFactor', 1)
  count('timeoutMs', 0)
  for (const key of ['shuffle', 'dropLast', 'persistentWorkers', 'borrow'] as const)
    if (given[key] !== undefined && typeof given[key] !== 'boolean')
      refuse(key, `is ${show(given[key])}`, 'it must be true or false', '')
  for (const key of ['collate', 'workerInit'] as const)
    if (given[key] !== undefined && typeof given[key] !== 'function')
      refuse(key, `is ${show(given[key])}`, 'it must be a function', '')
  if (given.dtype !== undefined) oneOf('dtype', given.dtype, dtypes)
  if (given.sharding !== undefined) oneOf('sharding', given.sharding, ['auto', 'user', 'none'])
  if (given.onError !== undefined && typeof given.onError !== 'function')
    oneOf('onError', given.onError, ['throw', 'skip'], ', or a function')
  const { seed } = given
  if (seed !== undefined && typeof seed !== 'bigint' && !Number.isSafeInteger(seed))
    refuse('seed', `is ${show(seed)}`, 'it must be a whole number', '')
}

function oneOf(option: string, value: string, all: readonly string[], also = ''): void {
  if (!all.includes(value))
    refuse(option, `is ${show(value)}`, `it must be one of ${all.join(', ')}${also}`, '')
}

function bytesOf(limit: number | string): number {
  const bytes = typeof limit === 'string' ? parseBytes(limit, 'memoryLimit') : limit
  if (!Number.isSafeInteger(bytes) || bytes < 4096)
    refuse(
      'memoryLimit',
      `is ${show(limit)}`,
      'it must be a size of at least 4096 bytes',
      "write memoryLimit: '64MiB'",
    )
  return bytes
}

function show(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'function'
      ? 'a function'
      : String(value)
}

function refuse(option: string, what: string, why: string, mend: string): never {
  throw new ConfigError('LOADER_OPTION', {
    what: `${option} ${what}`,
    ...(why && { why }),
    ...(mend && { mend }),
  })
}
