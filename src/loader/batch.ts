import { type InspectOptions, inspect } from 'node:util'
import type { BatchMemory } from './batch-memory.ts'

/** Constructors of the typed arrays, by name. Float16Array is as new as Node 24. */
export const typedArrays = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array: (globalThis as any).Float16Array as Float32ArrayConstructor,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}
export type TypedArrayName = keyof typeof typedArrays
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

/**
 * Texts as UTF-8, one behind the other.
 *
 * Text i is `bytes` from `offsets[i]` to `offsets[i + 1]`. A structured clone (`postMessage`) keeps the two fields and
 * loses the class, as it does for every class; `new TextBatch(clone.bytes, clone.offsets)` brings it back.
 */
export class TextBatch implements Iterable<string> {
  readonly bytes: Uint8Array
  /** One more than there are texts; the first is 0. */
  readonly offsets: Uint32Array
  // Made when the first text is asked for: whoever wants the bytes only does not pay for it.
  #buffer: Buffer | undefined

  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes
    this.offsets = offsets
  }

  /**
   * Encodes texts. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
   *
   * throws  RangeError if the texts are 4 GiB or more
   */
  static from(texts: readonly string[]): TextBatch {
    return encodeTexts(texts, undefined)
  }

  get length(): number {
    return this.offsets.length - 1
  }

  /** What console.log shows. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const shown = Array.from({ length: Math.min(this.length, 4) }, (_, i) => inspect(this.at(i), options))
    if (this.length > shown.length) shown.push('…')
    return `TextBatch(${this.length}) [ ${shown.join(', ')} ]`
  }

  /** throws  RangeError if there is no such text */
  at(index: number): string {
    const begin = this.#check(index)
    const { bytes } = this
    this.#buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#buffer.toString('utf8', begin, this.offsets[index + 1])
  }

  /** The bytes of one text, not copied. */
  bytesAt(index: number): Uint8Array {
    const begin = this.#check(index)
    return this.bytes.subarray(begin, this.offsets[index + 1])
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  toArray(): string[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i))
  }

  /** As `JSON.stringify` shows it: the texts. */
  toJSON(): string[] {
    return this.toArray()
  }

  #check(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return this.offsets[index]!
    throw new RangeError(`there is no text ${index} in a batch of ${this.length}`)
  }
}

/**
 * Numbers of one kind in rows: `data` in row-major order, `shape[0]` rows.
 *
 * A structured clone keeps the fields and loses the class; `new Tensor(clone.data, clone.shape)` brings it back.
 */
export class Tensor<A extends TypedArray = TypedArray> implements Iterable<A> {
  readonly data: A
  readonly shape: readonly number[]

  /** throws  RangeError if the shape does not hold as many numbers as there are */
  constructor(data: A, shape: readonly number[]) {
    let size = 1
    for (const width of shape) size *= width
    if (size !== data.length || shape.length === 0)
      throw new RangeError(`a tensor of ${data.length} numbers cannot have the shape [${shape.join(', ')}]`)
    this.data = data
    this.shape = shape
  }

  /** The number of rows. */
  get length(): number {
    return this.shape[0]!
  }

  /**
   * Row `index`, not copied: all its numbers, whatever its shape.
   *
   * throws  RangeError if there is no such row
   */
  at(index: number): A {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new RangeError(`there is no row ${index} in a tensor of ${this.length}`)
    const width = this.data.length / this.length
    return this.data.subarray(index * width, (index + 1) * width) as A
  }

  *[Symbol.iterator](): IterableIterator<A> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }
}

// A string cannot be longer than 2^29 characters or so: more text than this is encoded piece by piece.
const maxJoined = 2 ** 28
const encoder = new TextEncoder()

/** As `TextBatch.from`, into memory that is used again. */
export function encodeTexts(texts: readonly string[], memory: BatchMemory | undefined): TextBatch {
  const count = texts.length
  let length = 0
  // Of a few short texts this is faster than `join`, and of many it is as fast.
  let joined = ''
  for (let i = 0; i < count; i++) {
    length += texts[i]!.length
    if (length > maxJoined) return encodeEach(texts)
    joined += texts[i]
  }
  const byteLength = Buffer.byteLength(joined)
  // One piece of memory for both: to allocate takes longer than to copy.
  const offsetBytes = 8 * ((count + 2) >> 1)
  const at = memory ? memory.take(offsetBytes + byteLength) : 0
  const buffer = memory ? memory.buffer : new ArrayBuffer(offsetBytes + byteLength)
  const offsets = new Uint32Array(buffer, at, count + 1)
  const bytes = new Uint8Array(buffer, at + offsetBytes, byteLength)
  encoder.encodeInto(joined, bytes)
  // One byte a character is ASCII.
  const isAscii = byteLength === length
  let end = 0
  offsets[0] = 0
  for (let i = 0; i < count; i++)
    offsets[i + 1] = end += isAscii ? texts[i]!.length : Buffer.byteLength(texts[i]!)
  if (end === byteLength) return new TextBatch(bytes, offsets)
  // Two lone surrogates, one at the end of a text and one at the begin of the next, became one character.
  return encodeTexts(
    texts.map((text) => text.toWellFormed()),
    memory,
  )
}

function encodeEach(texts: readonly string[]): TextBatch {
  const offsets = new Uint32Array(texts.length + 1)
  let length = 0
  for (const text of texts) length += Buffer.byteLength(text)
  if (length >= 2 ** 32) throw new RangeError(`a batch of ${length} bytes of text is too large`)
  const bytes = new Uint8Array(length)
  let end = 0
  for (let i = 0; i < texts.length; i++) {
    end += encoder.encodeInto(texts[i]!, bytes.subarray(end)).written
    offsets[i + 1] = end
  }
  return new TextBatch(bytes, offsets)
}
