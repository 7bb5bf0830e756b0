import { ConfigError } from '../core/errors.ts'
import type { Cursor, OpenOptions, Source, StreamState } from '../stream/contract.ts'

/** What an iterable dataset's `shard` may give: anything that can be passed over. */
export type Shard<T> = Source<T> | Iterable<T> | AsyncIterable<T>

/**
 * A dataset that is read from front to back: subclasses give `[Symbol.iterator]` or `[Symbol.asyncIterator]`.
 *
 * To be read by worker threads the subclass is exported, and names its module: `static module = import.meta.url`.
 * Each lane has its own copy of the instance, made by structured clone of its fields (or by `toWorker` and
 * `fromWorker`, where the fields cannot be cloned). A numeric `length`, if there is one, is what the loader holds
 * the iterator to.
 */
export abstract class IterableDataset<T> {
  /** What lane `lane` of `lanes` reads. Without it, every lane passes over all samples and keeps its own. */
  shard?(lane: number, lanes: number): Shard<T>
  /** A pass from a saved place. With it (as a `Stream` has) nothing is read again on resuming. */
  open?(state?: StreamState, options?: OpenOptions): Cursor<T>
}

/** A dataset that is asked for samples by their index. Made known to worker threads as `IterableDataset` is. */
export abstract class MapDataset<T> {
  /** The number of samples. */
  abstract readonly length: number
  /** Sample `index`, 0 … length-1. Promises of one batch are awaited together. */
  abstract get(index: number): T | Promise<T>
}

/** What a `DataLoader` reads: a dataset, an array, a stream, or a function (of a module) that makes one of them. */
export type Dataset<T> =
  | MapDataset<T>
  | IterableDataset<T>
  | Source<T>
  | Iterable<T>
  | AsyncIterable<T>
  | { readonly length: number; get(index: number): T | Promise<T> }
  | (() => Iterable<T> | AsyncIterable<T> | Source<T>)

/** Samples by index, as the loader reads them. */
export interface Indexed<T> {
  readonly length: number
  get(index: number): T | Promise<T>
}

type Shape = { length?: unknown; get?: unknown; open?: unknown } & Partial<Iterable<unknown>> &
  Partial<AsyncIterable<unknown>>

/** Whether samples are asked for by index ('map'), or come one after the other ('iterable'). */
export function datasetKind(dataset: unknown): 'map' | 'iterable' {
  if (typeof dataset === 'function') return 'iterable'
  if (typeof dataset === 'object' && dataset !== null) {
    const { length, get, open, [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = dataset as Shape
    const isIterable = [open, sync, async].some((method) => typeof method === 'function')
    if (dataset instanceof IterableDataset && isIterable) return 'iterable'
    if (
      typeof get === 'function' &&
      !isIterable &&
      !(Number.isSafeInteger(length) && (length as number) >= 0)
    )
      throw new ConfigError('LOADER_DATASET', {
        what: `the length of the dataset is ${typeof length === 'function' ? 'a function' : String(length)}`,
        why: 'a map dataset says by a number how many samples it has',
        mend:
          typeof length === 'function' ? 'make it a getter: get length()' : 'give it a length of 0 or more',
      })
    if (typeof get === 'function' && typeof length === 'number') return 'map'
    if (Array.isArray(dataset) || (ArrayBuffer.isView(dataset) && typeof length === 'number')) return 'map'
    if (isIterable) return 'iterable'
  }
  throw new ConfigError('LOADER_DATASET', {
    what: `the dataset is ${describe(dataset)}`,
    why: 'a loader reads a MapDataset (`length` and `get`), an IterableDataset ([Symbol.iterator] or [Symbol.asyncIterator]), an array or a stream',
    mend: 'extend one of the two classes',
  })
}

export function indexed<T>(dataset: unknown): Indexed<T> {
  const given = dataset as Indexed<T> & ArrayLike<T>
  if (typeof given.get === 'function') return given
  return {
    length: given.length,
    get(index) {
      if (index in given) return given[index]!
      throw new RangeError(`index ${index} is not in the dataset, which has ${given.length} samples`)
    },
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  const name = value.constructor?.name
  return name && name !== 'Object' ? `a ${name}` : 'an object'
}
