import { Readable } from 'node:stream'
import { requireCount } from './checks.ts'

/**
 * A stream, a loader or any other async iterable as a `ReadableStream` of the web. An element is pulled when one is
 * read; cancelling it closes the pass.
 */
export function toReadableStream<T>(iterable: AsyncIterable<T>): ReadableStream<T> {
  return ReadableStream.from(iterable)
}

/**
 * A stream, a loader or any other async iterable as a `Readable` of Node's, in object mode. At most `ahead` elements
 * are pulled before they are read, so a loader whose batches are borrowed must not be given; destroying it closes the
 * pass.
 */
export function toReadable<T>(iterable: AsyncIterable<T>, { ahead = 1 }: { ahead?: number } = {}): Readable {
  requireCount('toReadable.ahead', ahead, 1)
  return Readable.from(iterable, { objectMode: true, highWaterMark: ahead })
}
