// Batches as bytes: how they come from a worker to the consumer, through shared memory.
//
// Encoding goes in two steps, since the room needed must be known before it can be reserved: `encode` walks over
// the value once and notes its parts, `writeTo` writes them down.
import { assert, InputError } from '../core/errors.ts'
import { viewsOf } from './codec-layout.ts'
import { Reader } from './codec-read.ts'
import { Uncloneable, Walk, writeParts } from './codec-write.ts'
import { nameOf } from './collate.ts'

/** Where a ring's bytes are. */
export interface RingBytes {
  readonly bytes: Uint8Array
  readonly buffer: SharedArrayBuffer
}

/** A value that waits to be written. Holds on to the arrays in it, and writes them as they are by then. */
export class Encoded {
  /** A multiple of 8. */
  readonly byteLength: number
  readonly #parts: readonly unknown[]

  constructor(parts: readonly unknown[], byteLength: number) {
    this.#parts = parts
    this.byteLength = byteLength
  }

  /** Writes the value's `byteLength` bytes at `byteOffset`, a multiple of 8. */
  writeTo(ring: RingBytes, byteOffset: number): void {
    const end = writeParts(this.#parts, viewsOf(ring.buffer), byteOffset)
    assert(end === byteOffset + this.byteLength, 'a batch has the size it was said to have')
  }
}

/**
 * Makes a value ready to be written.
 *
 * What arrives is equal to what was given: typed arrays, TextBatch, Tensor and Buffer as such, plain objects, arrays,
 * Map, Set, Date, RegExp, Error and what else structured clone copies. Each typed array arrives over memory of its
 * own, even if several were views of one buffer. An instance of a class arrives as a plain object with its fields, if
 * its class has no methods that would be missed.
 *
 * source  who returned the value, for errors
 * throws  InputError for functions, symbols, instances of a class with methods, and what else cannot be copied
 */
export function encode(value: unknown, source = '`collate`'): Encoded {
  const walk = new Walk()
  try {
    walk.add(value, 0)
  } catch (error) {
    if (error instanceof Uncloneable) throw cannotTravel(value, error, source)
    throw error
  }
  return new Encoded(walk.parts, walk.byteLength)
}

/**
 * Reads a value back.
 *
 * copy  true: the arrays are the user's own; false: typed arrays are views of the ring, good until it is overwritten
 */
export function decode(
  buffer: SharedArrayBuffer,
  byteOffset: number,
  byteLength: number,
  { copy }: { copy: boolean },
): unknown {
  let reader = readers.get(buffer)
  if (!reader) readers.set(buffer, (reader = new Reader(viewsOf(buffer))))
  return reader.read(byteOffset, byteLength, copy)
}

const readers = new WeakMap<SharedArrayBuffer, Reader>()

function cannotTravel(root: unknown, { value, cause }: Uncloneable, source: string): InputError {
  const path = pathTo(root, value, new Set())
  const place = path === null || path === '' ? 'it' : path.slice(2)
  const isInstance = typeof value === 'object' && cause === undefined
  return new InputError('BATCH_CLONE', {
    what: `${source} returned what cannot leave its worker: ${place} is ${nameOf(value)}`,
    why: isInstance
      ? 'a batch leaves its worker as bytes, and the methods of its class would be lost'
      : `a batch leaves its worker as bytes${cause instanceof Error ? `: ${cause.message}` : ''}`,
    mend: 'return numbers, strings, typed arrays, and plain objects, arrays, Maps and Sets of them; or use `numWorkers: 0`',
    ...(cause !== undefined && { cause }),
  })
}

/** Where in `root` a value stands: `, field "a", element 1`. */
function pathTo(root: unknown, value: unknown, seen: Set<unknown>): string | null {
  if (root === value) return ''
  if (typeof root !== 'object' || root === null || seen.has(root) || ArrayBuffer.isView(root)) return null
  seen.add(root)
  const steps: [string, unknown][] = Array.isArray(root)
    ? root.map((item, i) => [`element ${i}`, item])
    : root instanceof Map || root instanceof Set
      ? [...root].flat().map((item) => [`an entry of a ${root.constructor.name}`, item])
      : Object.entries(root).map(([key, item]) => [`field ${JSON.stringify(key)}`, item])
  for (const [step, item] of steps) {
    const rest = pathTo(item, value, seen)
    if (rest !== null) return `, ${step}${rest}`
  }
  return null
}
