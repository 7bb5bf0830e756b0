// Random loaders, and a plain model of what they give.
import type { Random } from '../../src/core/random.ts'
import { DataLoader, type DataLoaderOptions } from '../../src/loader/index.ts'
import {
  ByInfo,
  type Contents,
  generated,
  Indexed,
  Plain,
  rangeOf,
  Seekable,
  type Shape,
  Sharded,
  Slow,
  sampleOf,
  shapes,
  shuffledStream,
  takeRange,
} from './loader-datasets.ts'
import type { Trouble } from './loader-troubles.ts'
import { pick } from './seeds.ts'

export const iterableKinds = [
  'plain',
  'slow',
  'shard',
  'info',
  'init',
  'seekable',
  'none',
  'function',
] as const
export const mapKinds = ['map', 'async map', 'sampler', 'batch sampler'] as const
/** Those whose order is drawn. */
export const randomKinds = ['stream', 'shuffle'] as const
export const kinds = [...iterableKinds, ...mapKinds, ...randomKinds]
export type Kind = (typeof kinds)[number]

export interface LoaderCase {
  kind: Kind
  shape: Shape
  count: number
  lanes: number
  batchSize: number | null
  dropLast: boolean
  borrow: boolean
  isPersistent: boolean
  prefetchFactor: number | undefined
  seed: number
  /** How many of its largest batches a worker's ring holds. */
  room: number
  trouble?: Trouble | undefined
  tally?: SharedArrayBuffer | undefined
}

export function makeCase(random: Random, kind: Kind): LoaderCase {
  const isNumbers = kind === 'stream' || kind === 'function'
  const batchSize = kind !== 'batch sampler' && random.below(6) === 0 ? null : 1 + random.below(6)
  return {
    kind,
    shape: isNumbers ? 'number' : pick(random, shapes),
    count:
      kind === 'stream' ? 97 : kind === 'function' ? 41 : random.below(90) + (kind === 'shuffle' ? 1 : 0),
    lanes: 1 + random.below(5),
    batchSize,
    dropLast: kind !== 'batch sampler' && batchSize !== null && random.below(2) === 0,
    borrow: random.below(2) === 0,
    isPersistent: random.below(2) === 0,
    prefetchFactor: pick(random, [undefined, 1, 2, 5]),
    seed: random.below(1000),
    room: 2 + random.below(4),
  }
}

/** The case without its datasets' memory, for messages. */
export function describeCase({ trouble, tally: _, ...rest }: LoaderCase): string {
  return JSON.stringify({ ...rest, ...(trouble && { trouble: [trouble.kind, trouble.doing, trouble.at] }) })
}

export function makeLoader(config: LoaderCase, numWorkers: number, more: DataLoaderOptions = {}): DataLoader {
  return new DataLoader(makeDataset(config), { ...makeOptions(config, numWorkers), ...more })
}

export function makeDataset(config: LoaderCase): any {
  const contents: Contents = config
  switch (config.kind) {
    case 'slow':
      return new Slow(contentsOf(contents))
    case 'shard':
      return new Sharded(contents)
    case 'info':
      return new ByInfo(contents)
    case 'seekable':
      return new Seekable(contentsOf(contents))
    case 'stream':
      return shuffledStream
    case 'function':
      return generated
    case 'plain':
    case 'init':
    case 'none':
      return new Plain(contents)
    default:
      return new Indexed(contents, config.kind === 'async map')
  }
}

function contentsOf({ shape, count, trouble, tally }: Contents): Contents {
  return { shape, count, trouble, tally }
}

export function makeOptions(config: LoaderCase, numWorkers: number): DataLoaderOptions {
  const { kind, lanes, batchSize, dropLast, borrow, isPersistent, prefetchFactor, seed } = config
  // The largest batch: 40 bytes a sample, 97 × 6 of text, its headers.
  const largest = 400 + 640 * (batchSize ?? 1)
  const threads = Math.max(1, Math.min(numWorkers, lanes))
  return {
    lanes,
    seed,
    borrow,
    numWorkers,
    memoryLimit: Math.max(4096, threads * largest * config.room),
    ...(kind !== 'batch sampler' && { batchSize, dropLast }),
    ...(numWorkers > 0 && { persistentWorkers: isPersistent, prefetchFactor }),
    ...(kind === 'init' && { workerInit: takeRange }),
    ...(kind === 'none' && { sharding: 'none' as const }),
    ...(kind === 'shuffle' && { shuffle: true }),
    ...(kind === 'sampler' && { sampler: idsOf(config) }),
    ...(kind === 'batch sampler' && { batchSampler: modelIds(config) }),
  }
}

/** All ids of a map case, in the order in which they come. */
function idsOf({ kind, count }: LoaderCase): number[] {
  const ids = Array.from({ length: count }, (_, id) => id)
  return kind === 'sampler' ? ids.filter((id) => id % 3 !== 0).reverse() : ids
}

/** The ids that a lane of an iterable case gives. */
function laneIds({ kind, count, lanes }: LoaderCase, lane: number): number[] {
  const ids = Array.from({ length: count }, (_, id) => id)
  if (kind === 'none') return ids
  if (kind === 'shard' || kind === 'info' || kind === 'init') return ids.slice(...rangeOf(count, lane, lanes))
  return ids.filter((id) => id % lanes === lane)
}

/** The ids of the batches of a pass, by the rules of PyTorch. */
export function modelIds(config: LoaderCase): number[][] {
  const { kind, lanes, batchSize, dropLast } = config
  const size = batchSize ?? 1
  const batchesOf = (ids: number[]) => {
    const batches: number[][] = []
    for (let at = 0; at < ids.length; at += size) batches.push(ids.slice(at, at + size))
    return batches.filter((batch) => !dropLast || batch.length === size)
  }
  if ((mapKinds as readonly string[]).includes(kind)) return batchesOf(idsOf(config))
  const byLane = Array.from({ length: lanes }, (_, lane) => batchesOf(laneIds(config, lane)))
  const most = Math.max(...byLane.map(({ length }) => length))
  return Array.from({ length: most }, (_, turn) =>
    byLane.flatMap((batches) => batches.slice(turn, turn + 1)),
  ).flat()
}

/** The batches of a pass as `plain` shows them. */
export function model(config: LoaderCase): unknown[] {
  return modelIds(config).map((ids) => modelBatch(config, ids))
}

export function modelBatch({ shape, batchSize }: LoaderCase, ids: number[]): unknown {
  const samples = ids.map((id) => sampleOf(shape, id)) as any[]
  if (batchSize === null) return shape === 'vector' ? [...samples[0]] : samples[0]
  if (shape === 'record') return { id: samples.map(({ id }) => id), text: samples.map(({ text }) => text) }
  return shape === 'vector' ? samples.map((row) => [...row]) : samples
}

/** The ids in a batch that `plain` has shown. */
export function idsIn({ shape }: LoaderCase, batch: any): number[] {
  if (shape === 'number') return [batch].flat()
  if (shape === 'text') return [batch].flat().map((text) => Number.parseInt(text, 10))
  if (shape === 'record') return [batch.id].flat()
  return Array.isArray(batch[0]) ? batch.map((row: number[]) => row[0]) : [batch[0]]
}
