import { TimeSlice } from '../runtime/event-loop.ts'
import { type BatchOptions, batch } from './batch.ts'
import { concat } from './concat.ts'
import { type Cursor, end, type OpenOptions, type Source, type StreamState } from './contract.ts'
import { filter } from './filter.ts'
import { type FlatMapFunction, flatMap } from './flat-map.ts'
import { interleave } from './interleave.ts'
import { iterate } from './iterate.ts'
import { map } from './map.ts'
import { openPass } from './pass.ts'
import { prefetch } from './prefetch.ts'
import { repeat } from './repeat.ts'
import { type ShuffleOptions, shuffle } from './shuffle.ts'
import { skip } from './skip.ts'
import { guarded, type Streamable, sourceOf } from './source-of.ts'
import { take } from './take.ts'
import { tap } from './tap.ts'
import { type WindowOptions, window } from './window.ts'
import { zip } from './zip.ts'

/**
 * A description of elements in order: nothing runs until a pass is opened, by `open()`, `for await` or `toArray()`,
 * and any number of passes can be. What each stage holds, and how it resumes, stands in its own file.
 */
export class Stream<T> implements Source<T>, AsyncIterable<T> {
  readonly [guarded]: Source<T>

  /** For `from` and the like. A pass over `source` is guarded; see `openPass`. */
  constructor(source: Source<T>) {
    this[guarded] = source
  }

  /** Starts a pass, from its beginning or from where `state` was told. */
  open(state?: StreamState, options?: OpenOptions): Cursor<T> {
    return openPass(this[guarded], state, options)
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return iterate(this.open())
  }

  /** The stream for `for await`, with an abort signal, or as a pass of another number. */
  iterate(options: OpenOptions): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => iterate(this.open(undefined, options)) }
  }

  /** All elements of a pass, in memory. */
  async toArray(options?: OpenOptions): Promise<T[]> {
    const cursor = this.open(undefined, options)
    const items: T[] = []
    const slice = new TimeSlice()
    try {
      for (;;) {
        if (items.length % 1024 === 1023 && slice.isOver) await slice.renew()
        const pulled = cursor.next()
        const item = pulled instanceof Promise ? await pulled : pulled
        if (item === end) return items
        items.push(item)
      }
    } finally {
      cursor.close()
    }
  }

  /** Makes another element of each: `map.ts`. */
  map<U>(fn: (item: T) => U | PromiseLike<U>): Stream<U> {
    return new Stream(map(this[guarded], fn))
  }

  /** Keeps the elements that `keep` says yes to: `filter.ts`. */
  filter<S extends T>(keep: (item: T) => item is S): Stream<S>
  filter(keep: (item: T) => unknown): Stream<T>
  filter(keep: (item: T) => unknown): Stream<T> {
    return new Stream(filter(this[guarded], keep))
  }

  /** Puts several elements, or none, in the place of each: `flat-map.ts`. */
  flatMap<U>(fn: FlatMapFunction<T, U>): Stream<U> {
    return new Stream(flatMap(this[guarded], fn))
  }

  /** The first `count` elements: `take.ts`. */
  take(count: number): Stream<T> {
    return new Stream(take(this[guarded], count))
  }

  /** All but the first `count` elements: `skip.ts`. */
  skip(count: number): Stream<T> {
    return new Stream(skip(this[guarded], count))
  }

  /** Groups of `size` elements: `batch.ts`. */
  batch(size: number, options?: BatchOptions): Stream<T[]> {
    return new Stream(batch(this[guarded], size, options))
  }

  /** Windows of `size` elements that slide over the stream: `window.ts`. */
  window(size: number, options?: WindowOptions): Stream<T[]> {
    return new Stream(window(this[guarded], size, options))
  }

  /** Another order within windows of the stream, drawn from a seed: `shuffle.ts`. */
  shuffle(options?: ShuffleOptions): Stream<T> {
    return new Stream(shuffle(this[guarded], options))
  }

  /** One element of this and of each other stream in turn: `interleave.ts`. */
  interleave<U = T>(...others: Streamable<U>[]): Stream<T | U> {
    return new Stream(interleave<T | U>([this[guarded], ...sources('interleave', others)]))
  }

  /** Rows of an element of this and of each other stream, until the shortest ends: `zip.ts`. */
  zip<U extends unknown[]>(...others: { [K in keyof U]: Streamable<U[K]> }): Stream<[T, ...U]> {
    return new Stream(zip<any>([this[guarded], ...sources('zip', others)])) as Stream<any>
  }

  /** This stream, then the others: `concat.ts`. */
  concat<U = T>(...others: Streamable<U>[]): Stream<T | U> {
    return new Stream(concat<T | U>([this[guarded], ...sources('concat', others)]))
  }

  /** The whole stream `count` times, or without end: `repeat.ts`. */
  repeat(count?: number): Stream<T> {
    return new Stream(repeat(this[guarded], count))
  }

  /** Up to `count` elements ahead of the one asked for: `prefetch.ts`. */
  prefetch(count: number): Stream<T> {
    return new Stream(prefetch(this[guarded], count))
  }

  /** Shows each element to `look`: `tap.ts`. */
  tap(look: (item: T) => unknown): Stream<T> {
    return new Stream(tap(this[guarded], look))
  }
}

/** The sources that the arguments of a stage stand for. */
export function sources<T>(stage: string, given: readonly Streamable<T>[]): Source<T>[] {
  return given.map((given, index) => sourceOf(`argument ${index + 1} of ${stage}`, given))
}
