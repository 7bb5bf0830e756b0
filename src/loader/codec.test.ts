import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputError } from '../core/errors.ts'
import { Tensor, TextBatch, typedArrays } from './batch.ts'
import { decode, encode } from './codec.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const byteOffset = 24

/** What arrives of a value, in each of the two ways; the bytes around it stay as they are. */
function arrivals(value: unknown): unknown[] {
  const encoded = encode(value)
  expect(encoded.byteLength % 8).toBe(0)
  return [true, false].map((copy) => {
    const buffer = new SharedArrayBuffer(byteOffset + encoded.byteLength + 16)
    const bytes = new Uint8Array(buffer).fill(0xaa)
    encoded.writeTo({ buffer, bytes }, byteOffset)
    const around = [...bytes.subarray(0, byteOffset), ...bytes.subarray(byteOffset + encoded.byteLength)]
    expect(around.every((byte) => byte === 0xaa)).toBe(true)
    const arrived = decode(buffer, byteOffset, encoded.byteLength, { copy })
    // What was copied has no part in the ring any more.
    if (copy) bytes.fill(0x55)
    return arrived
  })
}

function expectArrival(value: unknown, expected = structuredClone(value)): void {
  for (const arrived of arrivals(value)) deepStrictEqual(arrived, expected)
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
)
const anyTyped = fc
  .tuple(fc.constantFrom(...Object.values(typedArrays)), fc.uint8Array({ maxLength: 40 }), fc.boolean())
  .map(([kind, bytes, shared]) => {
    // Odd bytes at the end are left out, and the array does not begin where its buffer does.
    const buffer = shared ? new SharedArrayBuffer(8 + bytes.length) : new ArrayBuffer(8 + bytes.length)
    new Uint8Array(buffer, 8).set(bytes)
    return new kind(buffer as ArrayBuffer, 8, Math.floor(bytes.length / kind.BYTES_PER_ELEMENT))
  })
const anyValue = fc.anything({
  key: fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', '0', '10', 'length')),
  values: [anyText, anyTyped, fc.boolean(), fc.integer(), fc.double(), fc.bigInt(), fc.constant(undefined)],
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
})

test('whatever structured clone copies arrives as its copy', () => {
  fc.assert(
    fc.property(anyValue, (value) => expectArrival(value)),
    { seed, numRuns: 1000 },
  )
})

test('an object with one key arrives, whatever the key', () => {
  for (const json of [
    '{"__proto__":1}',
    '{"__proto__":{"a":1},"b":2}',
    '{"":0}',
    '{"\\ud800":[]}',
    '{"ü":{}}',
  ])
    expectArrival(JSON.parse(json))
})

test('single values arrive unchanged', () => {
  for (const value of [undefined, null, true, false, 0, -0, Number.NaN, Infinity, 2 ** 53, 5e-324, '', 'a'])
    expectArrival(value)
  for (const value of ['ü', '한국어', '😀', '\ud83d', '\ude00a', 'x'.repeat(100_000), '\0', '\ufeff'])
    expectArrival(value)
  for (const value of [0n, -1n, 2n ** 64n, -(2n ** 1000n)]) expectArrival(value)
  for (const value of [[], {}, [[]], [{}], [undefined], [null], [-0, 1], new Map(), new Set()])
    expectArrival(value)
  for (const value of [/a+/giu, new Date(Number.NaN), new Float32Array(0), [new Float64Array(0), 1]])
    expectArrival(value)
  expectArrival(new Uint8Array([1, 2, 3]).buffer)
  expectArrival(new DataView(new Uint8Array([1, 2, 3]).buffer, 1))
  expectArrival('one two'.match(/(?<first>\w+) /))
})

test('an error arrives with its message and cause', () => {
  for (const arrived of arrivals({ error: new RangeError('too far', { cause: { at: 3 } }) })) {
    const { error } = arrived as { error: RangeError }
    expect(error).toBeInstanceOf(RangeError)
    expect([error.message, error.cause]).toEqual(['too far', { at: 3 }])
  }
})

test('batches and buffers arrive as what they were', () => {
  const text = TextBatch.from(['one', '', 'zwölf'])
  const tensor = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2])
  for (const arrived of arrivals({ text, tensor, list: [tensor, text], raw: Buffer.from('raw') })) {
    const batch = arrived as any
    expect(batch.text).toBeInstanceOf(TextBatch)
    expect(batch.text.toArray()).toEqual(['one', '', 'zwölf'])
    expect(batch.tensor).toStrictEqual(tensor)
    expect([...batch.tensor.at(2)]).toEqual([5, 6])
    expect(batch.list[0]).toStrictEqual(tensor)
    expect(batch.list[1].at(2)).toBe('zwölf')
    expect(Buffer.isBuffer(batch.raw)).toBe(true)
    expect(batch.raw.toString()).toBe('raw')
  }
  expectArrival(TextBatch.from([]), TextBatch.from([]))
})

test("copied arrays are the user's own, of their size; others are views", () => {
  const batch = {
    x: Float64Array.of(1, 2),
    y: Int8Array.of(1),
    raw: Buffer.from('abc'),
    text: TextBatch.from(['a']),
  }
  const [copied, viewed] = arrivals(batch) as (typeof batch)[]
  for (const array of [copied!.x, copied!.y, copied!.raw, copied!.text.bytes, copied!.text.offsets])
    expect(array.buffer).toBeInstanceOf(ArrayBuffer)
  expect([copied!.x.buffer.byteLength, copied!.y.buffer.byteLength]).toEqual([16, 1])
  for (const array of [viewed!.x, viewed!.y, viewed!.raw, viewed!.text.bytes, viewed!.text.offsets])
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer)
})

test('what occurs twice, or in itself, arrives so', () => {
  const shared = { n: 1 }
  const list: unknown[] = [1, 2]
  const value: Record<string, unknown> = {
    a: shared,
    b: [shared, shared],
    numbers: [list, list],
    again: null,
  }
  value.again = value
  value.map = new Map<unknown, unknown>([['self', value]])
  for (const arrived of arrivals(value)) {
    const got = arrived as any
    expect(got.again).toBe(got)
    expect(got.b[0]).toBe(got.a)
    expect(got.b[1]).toBe(got.a)
    expect(got.numbers[0]).toEqual([1, 2])
    expect(got.numbers[1]).toBe(got.numbers[0])
    expect(got.map.get('self')).toBe(got)
  }
  // A doubling at every level would take for ever if each were written out.
  let deep: unknown[] = []
  for (let i = 0; i < 100; i++) deep = [deep, deep]
  expect(encode(deep).byteLength).toBeLessThan(10_000)
})

test('what is nested deep arrives, or is refused', () => {
  const nest = (depth: number) => {
    let value: unknown = 'end'
    for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { value }
    return value
  }
  expectArrival(nest(1000))
  expect(() => encode(nest(1_000_000))).toThrow(InputError)
})

test('arrays with holes are not walked over', () => {
  const sparse = new Array(2 ** 32 - 1)
  sparse[7] = 'x'
  for (const arrived of arrivals({ sparse }) as { sparse: unknown[] }[]) {
    expect(arrived.sparse.length).toBe(2 ** 32 - 1)
    expect(Object.keys(arrived.sparse)).toEqual(['7'])
  }
})

class Plain {
  label = 'a'
  size = 2
}
class Shape {
  width = 2
  get area() {
    return this.width ** 2
  }
}
class Square extends Shape {
  name = 'square'
}

test('an instance of a class without methods arrives as its fields', () => {
  expectArrival([new Plain()], [{ label: 'a', size: 2 }])
})

test.each([
  ['a function', () => 1, 'a function'],
  ['a symbol', Symbol('x'), 'a symbol'],
  ['an instance with methods', new Shape(), 'a Shape'],
  ['one that inherits them', new Square(), 'a Square'],
  ['a promise', Promise.resolve(), 'a Promise'],
  ['a WeakMap', new WeakMap(), 'a WeakMap'],
  ['a URL', new URL('file:///'), 'a URL'],
  ['a SharedArrayBuffer', new SharedArrayBuffer(8), 'a SharedArrayBuffer'],
])('%s cannot travel, and its place is told', (_, value, name) => {
  expect(fault(value)).toContain(`\`collate\` returned what cannot leave its worker: it is ${name}\n`)
  expect(fault({ rows: [1, { f: value }] })).toContain(`field "rows", element 1, field "f" is ${name}\n`)
  expect(fault(new Map([[1, value]]))).toContain(`an entry of a Map is ${name}\n`)
  expect(fault([value], 'the dataset')).toContain('the dataset returned')
})

test('what a fault hides in is told, if not where', () => {
  const error = new Error('x', { cause: () => 1 })
  expect(fault({ error })).toMatch(/field "error" is an Error\n.*could not be cloned/)
})

test('two batches may be on the way at once', () => {
  const batches = [{ a: 1, t: 'x' }, { t: 'y', a: 2 }, { a: 3, t: 'z' }, { b: [{ a: 4, t: 'w' }] }]
  const encoded = batches.map((batch) => encode(batch))
  const buffer = new SharedArrayBuffer(1024)
  const ring = { buffer, bytes: new Uint8Array(buffer) }
  for (const [i, one] of [...encoded.entries()].reverse()) one.writeTo(ring, 256 * i)
  const arrived = encoded.map((one, i) => decode(buffer, 256 * i, one.byteLength, { copy: true }))
  expect(arrived.map((batch) => JSON.stringify(batch))).toEqual(batches.map((batch) => JSON.stringify(batch)))
})

test('an array that shrinks on the way is not written past its room', () => {
  const array = new Float64Array(new ArrayBuffer(32, { maxByteLength: 64 }))
  const encoded = encode({ array })
  array.buffer.resize(64)
  const buffer = new SharedArrayBuffer(256)
  expect(() => encoded.writeTo({ buffer, bytes: new Uint8Array(buffer) }, 0)).toThrow(/keeps its length/)
})

function fault(value: unknown, source?: string): string {
  try {
    encode(value, source)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('it was encoded')
}
