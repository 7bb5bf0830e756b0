// Batches as bytes: how they come from a worker to the consumer, through shared memory.
//
// Any value that structured clone can copy, less what it would silently lose. It is laid out in multiples of 8 bytes,
// each value behind a head of two words of 4 bytes: its tag, and a count. Typed arrays lie aligned, so that the
// consumer can look at them where they are.
//
// Encoding goes in two steps, since the room needed must be known before it can be reserved: `encode` walks over
// the value once and notes its parts, `writeTo` writes them down.
import { types } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { assert, InputError } from '../core/errors.ts'
import { isTypedArray, Tensor, TextBatch, type TypedArray, typedArrays } from './batch.ts'
import { nameOf } from './collate.ts'

/** What stands at the begin of a value. The meaning of the count that follows is in brackets. */
const Tag = {
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
  /** The bytes and the offsets follow. */
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
type Tag = (typeof Tag)[keyof typeof Tag]

const maxCount = 2 ** 32 - 1
// Below this, containers are left to `v8.serialize`, so that the stack lasts.
const maxDepth = 500

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
  const views = viewsOf(buffer)
  const reader = (views.reader ??= new Reader(views))
  return reader.read(byteOffset, byteLength, copy)
}

/** A buffer seen as each kind of element, made once. */
class Views {
  readonly buffer: SharedArrayBuffer
  readonly bytes: Buffer
  readonly words: Uint32Array
  readonly floats: Float64Array
  reader: Reader | undefined

  constructor(buffer: SharedArrayBuffer) {
    const eighths = Math.floor(buffer.byteLength / 8)
    this.buffer = buffer
    this.bytes = Buffer.from(buffer, 0, eighths * 8)
    this.words = new Uint32Array(buffer, 0, eighths * 2)
    this.floats = new Float64Array(buffer, 0, eighths)
  }
}

const viewsOfBuffer = new WeakMap<SharedArrayBuffer, Views>()

function viewsOf(buffer: SharedArrayBuffer): Views {
  let views = viewsOfBuffer.get(buffer)
  if (!views) viewsOfBuffer.set(buffer, (views = new Views(buffer)))
  return views
}

type Fields = Record<string, unknown>

class Uncloneable extends Error {
  readonly value: unknown

  constructor(value: unknown, cause?: unknown) {
    super('uncloneable', { cause })
    this.value = value
  }
}

/** One walk over a value: its parts, three entries each (tag, count, what is to be written), and their size. */
class Walk {
  readonly parts: unknown[] = []
  byteLength = 0
  /** Containers by their number, once there are two. */
  #numbers: Map<object, number> | undefined
  #first: object | undefined
  #shapes: string[][] = []

  add(value: unknown, depth: number): undefined {
    switch (typeof value) {
      case 'number':
        return this.#part(Tag.number, 0, value, 8)
      case 'string':
        return this.#addString(value)
      case 'boolean':
        return this.#part(value ? Tag.true : Tag.false, 0, undefined, 0)
      case 'undefined':
        return this.#part(Tag.undefined, 0, undefined, 0)
      case 'bigint': {
        const digits = value.toString()
        return this.#part(Tag.bigint, digits.length, digits, digits.length)
      }
      case 'object':
        if (value === null) return this.#part(Tag.null, 0, undefined, 0)
        if (isTypedArray(value)) return this.#addTyped(value)
        return this.#addObject(value, depth)
      default:
        throw new Uncloneable(value)
    }
  }

  /** `bytes` of what follows the head. */
  #part(tag: Tag, count: number, payload: unknown, bytes: number): undefined {
    if (count > maxCount) throw new Uncloneable(payload, new RangeError('it is too large'))
    this.parts.push(tag, count, payload)
    this.byteLength += 8 + roundUp(bytes)
  }

  #addString(text: string): undefined {
    const bytes = Buffer.byteLength(text)
    if (bytes === text.length) this.#part(Tag.ascii, bytes, text, bytes)
    else if (text.isWellFormed()) this.#part(Tag.utf8, bytes, text, bytes)
    else this.#part(Tag.utf16, 2 * text.length, text, 2 * text.length)
  }

  #addTyped(array: TypedArray): undefined {
    this.#part(tagOf(array), array.length, array, array.byteLength)
  }

  #addObject(value: object, depth: number): undefined {
    if (value instanceof TextBatch) {
      this.#part(Tag.textBatch, 0, undefined, 0)
      this.#addTyped(value.bytes)
      return this.#addTyped(value.offsets)
    }
    if (value instanceof Tensor) {
      this.#part(Tag.tensor, value.shape.length, value.shape, 8 * value.shape.length)
      return this.#addTyped(value.data)
    }
    if (depth > maxDepth) return this.#addOther(value)
    if (Array.isArray(value)) return this.#addArray(value, depth)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.#addFields(value as Fields, depth)
    if (types.isMap(value)) return this.#addEntries(Tag.map, value, [...value].flat(), depth)
    if (types.isSet(value)) return this.#addEntries(Tag.set, value, [...value], depth)
    if (isLeaf(value)) return this.#addOther(value)
    if (hasMethods(prototype)) throw new Uncloneable(value)
    this.#addFields(value as Fields, depth)
  }

  #addEntries(tag: Tag, container: { size: number } & object, entries: unknown[], depth: number): undefined {
    if (this.#hasCome(container)) return
    this.#part(tag, container.size, undefined, 0)
    for (const entry of entries) this.add(entry, depth + 1)
  }

  #addArray(array: unknown[], depth: number): undefined {
    const { length } = array
    let numbers = length > 0
    for (let i = 0; i < length; i++) {
      if (typeof array[i] === 'number') continue
      numbers = false
      // A hole: an array that may be sparse is not walked over.
      if (array[i] === undefined && !Object.hasOwn(array, i)) return this.#addOther(array)
    }
    // Named properties, such as those of a match of a regular expression.
    if (Object.keys(array).length !== length) return this.#addOther(array)
    if (this.#hasCome(array)) return
    if (numbers) return this.#part(Tag.numbers, length, array, 8 * length)
    this.#part(Tag.array, length, undefined, 0)
    for (let i = 0; i < length; i++) this.add(array[i], depth + 1)
  }

  #addFields(value: Fields, depth: number): undefined {
    if (this.#hasCome(value)) return
    const keys = Object.keys(value)
    const known = this.#shapeOf(keys)
    if (known >= 0) this.#part(Tag.objectAgain, known, undefined, 0)
    else {
      const blob = blobOf(keys)
      this.#part(Tag.object, blob.length, blob, blob.length)
    }
    for (let i = 0; i < keys.length; i++) this.add(value[keys[i]!], depth + 1)
  }

  /** The number of the object with new keys that had these, or -1 for a new one. */
  #shapeOf(keys: string[]): number {
    const shapes = this.#shapes
    // Objects of one kind come one after the other, or a few kinds in turn.
    for (let i = shapes.length - 1; i >= 0 && i >= shapes.length - 8; i--)
      if (sameKeys(shapes[i]!, keys)) return i
    shapes.push(keys)
    return -1
  }

  /** Whether a container has come before, in which case a reference to it is noted. */
  #hasCome(container: object): boolean {
    if (!this.#numbers) {
      if (this.#first === undefined) {
        this.#first = container
        return false
      }
      this.#numbers = new Map([[this.#first, 0]])
    }
    const number = this.#numbers.get(container)
    if (number === undefined) {
      this.#numbers.set(container, this.#numbers.size)
      return false
    }
    this.#part(Tag.reference, number, undefined, 0)
    return true
  }

  #addOther(value: object): undefined {
    let bytes: Buffer
    try {
      bytes = serialize(value)
    } catch (error) {
      throw new Uncloneable(value, error)
    }
    this.#part(Tag.other, bytes.length, bytes, bytes.length)
  }
}

function writeParts(parts: readonly unknown[], { bytes, words, floats }: Views, byteOffset: number): number {
  let at = byteOffset
  for (let i = 0; i < parts.length; i += 3) {
    const tag = parts[i] as number
    const count = parts[i + 1] as number
    const payload = parts[i + 2]
    words[at >> 2] = tag
    words[(at >> 2) + 1] = count
    at += 8
    if (tag >= Tag.int8) at = writeTyped(payload as TypedArray, count, bytes, floats, at)
    else
      switch (tag) {
        case Tag.number:
          floats[at >> 3] = payload as number
          at += 8
          break
        case Tag.ascii:
        case Tag.bigint:
          bytes.write(payload as string, at, count, 'latin1')
          at += roundUp(count)
          break
        case Tag.utf8:
          bytes.write(payload as string, at, count, 'utf8')
          at += roundUp(count)
          break
        case Tag.utf16:
          bytes.write(payload as string, at, count, 'utf16le')
          at += roundUp(count)
          break
        case Tag.numbers:
        case Tag.tensor:
          for (let n = 0; n < count; n++) floats[(at >> 3) + n] = (payload as number[])[n]!
          at += 8 * count
          break
        case Tag.object:
        case Tag.other:
          bytes.set(payload as Uint8Array, at)
          at += roundUp((payload as Uint8Array).length)
          break
      }
  }
  return at
}

function writeTyped(
  array: TypedArray,
  count: number,
  bytes: Buffer,
  floats: Float64Array,
  at: number,
): number {
  if (array.length !== count)
    throw new Error('a typed array changed its length while its batch was on the way')
  if (array instanceof Float64Array) floats.set(array, at >> 3)
  else if (array instanceof Uint8Array) bytes.set(array, at)
  else bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
  return at + roundUp(array.byteLength)
}

class Reader {
  readonly #views: Views
  #at = 0
  #copy = false
  #containers: object[] = []
  #shapes: string[][] = []
  readonly #lateKeys: { keys: string[]; words: Uint32Array }[] = []

  constructor(views: Views) {
    this.#views = views
  }

  read(byteOffset: number, byteLength: number, copy: boolean): unknown {
    this.#at = byteOffset
    this.#copy = copy
    if (this.#shapes.length > 0) this.#shapes = []
    const value = this.#value()
    assert(this.#at === byteOffset + byteLength, 'a batch is read to its end')
    if (this.#containers.length > 0) this.#containers = []
    return value
  }

  #value(): unknown {
    const { words } = this.#views
    const tag = words[this.#at >> 2]!
    const count = words[(this.#at >> 2) + 1]!
    this.#at += 8
    if (tag >= Tag.int8) return this.#typed(tag, count)
    switch (tag) {
      case Tag.undefined:
        return undefined
      case Tag.null:
        return null
      case Tag.false:
        return false
      case Tag.true:
        return true
      case Tag.number:
        return this.#views.floats[this.#pass(8) >> 3]
      case Tag.bigint:
        return BigInt(this.#text(count, 'latin1'))
      case Tag.ascii:
        return this.#text(count, 'latin1')
      case Tag.utf8:
        return this.#text(count, 'utf8')
      case Tag.utf16:
        return this.#text(count, 'utf16le')
      case Tag.numbers: {
        const from = this.#pass(8 * count) >> 3
        const { floats } = this.#views
        const array = this.#container<number[]>([])
        for (let i = 0; i < count; i++) array.push(floats[from + i]!)
        return array
      }
      case Tag.array: {
        const array = this.#container<unknown[]>([])
        for (let i = 0; i < count; i++) array.push(this.#value())
        return array
      }
      case Tag.object:
      case Tag.objectAgain:
        return this.#object(tag === Tag.object ? this.#newShape(count) : this.#shapes[count]!)
      case Tag.map: {
        const map = this.#container(new Map())
        for (let i = 0; i < count; i++) map.set(this.#value(), this.#value())
        return map
      }
      case Tag.set: {
        const set = this.#container(new Set())
        for (let i = 0; i < count; i++) set.add(this.#value())
        return set
      }
      case Tag.reference:
        return this.#containers[count]
      case Tag.textBatch:
        return new TextBatch(this.#value() as Uint8Array, this.#value() as Uint32Array)
      case Tag.tensor: {
        const from = this.#pass(8 * count) >> 3
        const shape = Array.from(this.#views.floats.subarray(from, from + count))
        return new Tensor(this.#value() as TypedArray, shape)
      }
      case Tag.other: {
        const from = this.#pass(count)
        return deserialize(Buffer.copyBytesFrom(this.#views.bytes, from, count))
      }
      default:
        throw new Error(`broken invariant: a batch holds the tag ${tag}`)
    }
  }

  /** Moves on behind so many bytes, and gives where they begin. */
  #pass(bytes: number): number {
    const from = this.#at
    this.#at = from + roundUp(bytes)
    return from
  }

  #text(bytes: number, encoding: BufferEncoding): string {
    const from = this.#pass(bytes)
    return this.#views.bytes.toString(encoding, from, from + bytes)
  }

  #container<T extends object>(container: T): T {
    this.#containers.push(container)
    return container
  }

  #object(keys: string[]): object {
    const object: Record<string, unknown> = this.#container({})
    for (const key of keys) {
      const value = this.#value()
      if (key !== '__proto__') object[key] = value
      else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return object
  }

  #newShape(bytes: number): string[] {
    const keys = this.#keysAt(this.#pass(bytes) >> 2, bytes >> 2)
    this.#shapes.push(keys)
    return keys
  }

  /** Those of late are known by their bytes. */
  #keysAt(from: number, length: number): string[] {
    const { words, bytes } = this.#views
    for (const known of this.#lateKeys) {
      if (known.words.length !== length) continue
      let i = 0
      while (i < length && known.words[i] === words[from + i]) i++
      if (i === length) return known.keys
    }
    const keys = JSON.parse(bytes.toString('utf8', 4 * from, 4 * (from + length))) as string[]
    if (this.#lateKeys.length === 8) this.#lateKeys.pop()
    this.#lateKeys.unshift({ keys, words: words.slice(from, from + length) })
    return keys
  }

  #typed(tag: number, count: number): TypedArray {
    const { buffer } = this.#views
    switch (tag) {
      case Tag.float64:
        return this.#own(new Float64Array(buffer, this.#pass(8 * count), count))
      case Tag.uint8:
        return this.#own(new Uint8Array(buffer, this.#pass(count), count))
      case Tag.uint32:
        return this.#own(new Uint32Array(buffer, this.#pass(4 * count), count))
      case Tag.buffer: {
        const from = this.#pass(count)
        return this.#copy
          ? Buffer.copyBytesFrom(this.#views.bytes, from, count)
          : Buffer.from(buffer, from, count)
      }
    }
    const array = arrayOfTag[tag - Tag.int8]!
    return this.#own(new array(buffer, this.#pass(array.BYTES_PER_ELEMENT * count), count))
  }

  #own<A extends TypedArray>(view: A): A {
    return this.#copy ? (view.slice() as A) : view
  }
}

const arrayOfTag = [
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
] as unknown as (new (
  buffer: SharedArrayBuffer,
  byteOffset: number,
  length: number,
) => TypedArray)[] &
  { BYTES_PER_ELEMENT: number }[]

function tagOf(array: TypedArray): Tag {
  switch (array[Symbol.toStringTag]) {
    case 'Float64Array':
      return Tag.float64
    case 'Uint8Array':
      return Buffer.isBuffer(array) ? Tag.buffer : Tag.uint8
    case 'Uint32Array':
      return Tag.uint32
    case 'Float32Array':
      return Tag.float32
    case 'Int32Array':
      return Tag.int32
    case 'BigInt64Array':
      return Tag.bigInt64
    case 'BigUint64Array':
      return Tag.bigUint64
    case 'Int16Array':
      return Tag.int16
    case 'Uint16Array':
      return Tag.uint16
    case 'Int8Array':
      return Tag.int8
    case 'Uint8ClampedArray':
      return Tag.uint8Clamped
    default:
      return Tag.float16
  }
}

/** Keys as JSON, filled up with spaces to a multiple of 8 bytes; those of late are kept, as batches have the same. */
function blobOf(keys: string[]): Buffer {
  for (const known of lateKeys) if (sameKeys(known.keys, keys)) return known.blob
  const json = JSON.stringify(keys)
  const blob = Buffer.from(json + ' '.repeat(roundUp(Buffer.byteLength(json)) - Buffer.byteLength(json)))
  if (lateKeys.length === 8) lateKeys.pop()
  lateKeys.unshift({ keys, blob })
  return blob
}
const lateKeys: { keys: string[]; blob: Buffer }[] = []

function sameKeys(a: string[], b: string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** What holds no other values, or none worth more than structured clone's way. */
function isLeaf(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  )
}

/** Whether a class gives its instances anything besides `constructor`. */
function hasMethods(prototype: object): boolean {
  for (let at = prototype; Object.getPrototypeOf(at) !== null; at = Object.getPrototypeOf(at))
    if (Reflect.ownKeys(at).some((key) => key !== 'constructor')) return true
  return false
}

function roundUp(bytes: number): number {
  return (bytes + 7) & ~7
}

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
