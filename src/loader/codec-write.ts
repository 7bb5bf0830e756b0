import { types } from 'node:util'
import { serialize } from 'node:v8'
import { assert } from '../core/errors.ts'
import { isTypedArray, Tensor, TextBatch, type TypedArray } from './batch.ts'
import { roundUp, Tag, type Views } from './codec-layout.ts'

const maxCount = 2 ** 32 - 1
// Below this, containers are left to `v8.serialize`, so that the stack lasts.
const maxDepth = 500

type Fields = Record<string, unknown>

export class Uncloneable extends Error {
  readonly value: unknown

  constructor(value: unknown, cause?: unknown) {
    super('uncloneable', { cause })
    this.value = value
  }
}

/** One walk over a value: its parts, three entries each (tag, count, what is to be written), and their size. */
export class Walk {
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
      this.#part(Tag.textBatch, value.offsets.length, undefined, 0)
      this.#addTyped(value.offsets)
      return this.#addTyped(value.bytes)
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

export function writeParts(parts: readonly unknown[], views: Views, byteOffset: number): number {
  const { bytes, words, floats } = views
  let at = byteOffset
  for (let i = 0; i < parts.length; i += 3) {
    const tag = parts[i] as number
    const count = parts[i + 1] as number
    const payload = parts[i + 2]
    words[at / 4] = tag
    words[at / 4 + 1] = count
    at += 8
    if (tag >= Tag.int8) at = writeTyped(payload as TypedArray, tag, count, views, at)
    else
      switch (tag) {
        case Tag.number:
          floats[at / 8] = payload as number
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
          for (let n = 0; n < count; n++) floats[at / 8 + n] = (payload as number[])[n]!
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
  tag: number,
  count: number,
  { arrays, bytes }: Views,
  at: number,
): number {
  assert(array.length === count, 'a typed array keeps its length while its batch is on the way')
  // Most batches are bytes of text, and it is faster to know that.
  if (tag === Tag.uint8) bytes.set(array as Uint8Array, at)
  else arrays[tag - Tag.int8]!.set(array as any, at / array.BYTES_PER_ELEMENT)
  return at + roundUp(array.byteLength)
}

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
