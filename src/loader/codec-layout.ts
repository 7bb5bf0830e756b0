// How a batch lies in memory. In multiples of 8 bytes, each value behind a head of two words of 4 bytes: its tag, and
// a count. Typed arrays lie aligned, so that the consumer can look at them where they are.
import { type TypedArray, typedArrays } from './batch.ts'

/** What stands at the begin of a value. The meaning of the count that follows is in brackets. */
export const Tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  /** A float64 follows. */
  number: 4,
  /** [bytes] Decimal digits follow. */
  bigint: 5,
  /** [bytes] */
  ascii: 6,
  /** [bytes] */
  utf8: 7,
  /** [bytes] For lone surrogates, which UTF-8 cannot hold. */
  utf16: 8,
  /** [elements] Float64s follow: an array of numbers only. */
  numbers: 9,
  /** [elements] The elements follow. */
  array: 10,
  /** [bytes] The keys as JSON follow, then the values. */
  object: 11,
  /** [number of the object of this message that had the same keys] The values follow. */
  objectAgain: 12,
  /** [entries] Keys and values follow in turn. */
  map: 13,
  /** [elements] */
  set: 14,
  /** [number of the container in this message] One that has come before. */
  reference: 15,
  /** The offsets follow, and the bytes. */
  textBatch: 16,
  /** [dimensions] The dimensions as float64s and the data follow. */
  tensor: 17,
  /** [bytes] What `v8.serialize` makes of everything else. */
  other: 18,
  int8: 32,
  uint8: 33,
  uint8Clamped: 34,
  int16: 35,
  uint16: 36,
  int32: 37,
  uint32: 38,
  float16: 39,
  float32: 40,
  float64: 41,
  bigInt64: 42,
  bigUint64: 43,
  /** Node's own kind of Uint8Array. */
  buffer: 44,
} as const
export type Tag = (typeof Tag)[keyof typeof Tag]

/** The constructors behind the tags from `int8` on. */
export const arrayOfTag = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  typedArrays.Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as unknown as {
  new (buffer: SharedArrayBuffer, byteOffset: number, length: number): TypedArray
  BYTES_PER_ELEMENT: number
}[]

/** A buffer seen as each kind of element, made once. */
export class Views {
  readonly buffer: SharedArrayBuffer
  readonly bytes: Buffer
  readonly words: Uint32Array
  readonly floats: Float64Array
  /** As `arrayOfTag`, and a Uint8Array for Node's buffers. */
  readonly arrays: TypedArray[]

  constructor(buffer: SharedArrayBuffer) {
    const eighths = Math.floor(buffer.byteLength / 8)
    this.buffer = buffer
    this.bytes = Buffer.from(buffer, 0, eighths * 8)
    this.words = new Uint32Array(buffer, 0, eighths * 2)
    this.floats = new Float64Array(buffer, 0, eighths)
    this.arrays = arrayOfTag.map((array) => new array(buffer, 0, (eighths * 8) / array.BYTES_PER_ELEMENT))
    this.arrays.push(new Uint8Array(buffer, 0, eighths * 8))
  }
}

const viewsOfBuffer = new WeakMap<SharedArrayBuffer, Views>()

export function viewsOf(buffer: SharedArrayBuffer): Views {
  let views = viewsOfBuffer.get(buffer)
  if (!views) viewsOfBuffer.set(buffer, (views = new Views(buffer)))
  return views
}

export function roundUp(bytes: number): number {
  return bytes + (-bytes & 7)
}
