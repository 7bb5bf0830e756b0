import { deserialize } from 'node:v8'
import { assert } from '../core/errors.ts'
import { Tensor, TextBatch, type TypedArray } from './batch.ts'
import { arrayOfTag, roundUp, Tag, type Views } from './codec-layout.ts'

/** Reads batches from one buffer. */
export class Reader {
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
    const tag = words[this.#at / 4]!
    const count = words[this.#at / 4 + 1]!
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
        return this.#views.floats[this.#pass(8) / 8]
      case Tag.bigint:
        return BigInt(this.#text(count, 'latin1'))
      case Tag.ascii:
        return this.#text(count, 'latin1')
      case Tag.utf8:
        return this.#text(count, 'utf8')
      case Tag.utf16:
        return this.#text(count, 'utf16le')
      case Tag.numbers: {
        const from = this.#pass(8 * count) / 8
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
        return this.#textBatch()
      case Tag.tensor: {
        const from = this.#pass(8 * count) / 8
        const shape: number[] = []
        for (let i = 0; i < count; i++) shape.push(this.#views.floats[from + i]!)
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
    const keys = this.#keysAt(this.#pass(bytes) / 4, bytes / 4)
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

  #textBatch(): TextBatch {
    const { buffer, words, arrays } = this.#views
    const offsetsAt = this.#at + 8
    const count = words[offsetsAt / 4 - 1]!
    const bytesAt = offsetsAt + roundUp(4 * count) + 8
    const length = words[bytesAt / 4 - 1]!
    this.#at = bytesAt + roundUp(length)
    if (!this.#copy)
      return new TextBatch(new Uint8Array(buffer, bytesAt, length), new Uint32Array(buffer, offsetsAt, count))
    // One piece of memory for both: to allocate takes longer than to copy.
    const own = arrays[Tag.uint8 - Tag.int8]!.slice(offsetsAt, this.#at).buffer
    return new TextBatch(new Uint8Array(own, bytesAt - offsetsAt, length), new Uint32Array(own, 0, count))
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
