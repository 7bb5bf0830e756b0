import { concat as concatSources } from './concat.ts'
import { interleave as interleaveSources } from './interleave.ts'
import type { Streamable } from './source-of.ts'
import { Stream, sources } from './stream.ts'
import { zip as zipSources } from './zip.ts'

/** One element of each in turn, until all have ended: `interleave.ts`. */
export function interleave<T>(...given: Streamable<T>[]): Stream<T> {
  return new Stream(interleaveSources(sources('interleave', given)))
}

/** Rows of one element of each, until the shortest ends: `zip.ts`. */
export function zip<T extends unknown[]>(...given: { [K in keyof T]: Streamable<T[K]> }): Stream<T> {
  return new Stream(zipSources<any>(sources('zip', given))) as Stream<any>
}

/** One after the other: `concat.ts`. */
export function concat<T>(...given: Streamable<T>[]): Stream<T> {
  return new Stream(concatSources(sources('concat', given)))
}
