import { expect, test } from 'vitest'
import { InputError } from '../core/errors.ts'
import { Tensor, TextBatch } from './batch.ts'
import { type Dtype, defaultCollate, defaultConvert, dtypes } from './collate.ts'

test('numbers become float64, whatever they are', () => {
  expect(defaultCollate([1, 2.5])).toEqual(Float64Array.of(1, 2.5))
  const odd = defaultCollate([-0, Number.NaN, Infinity, 2 ** 53]) as Float64Array
  expect(Object.is(odd[0], -0)).toBe(true)
  expect([...odd]).toEqual([-0, Number.NaN, Infinity, 2 ** 53])
})

test('`dtype` says what numbers become', () => {
  const kinds = dtypes.map((dtype) => (defaultCollate([1, 2], { dtype }) as any)[Symbol.toStringTag])
  expect(kinds).toEqual([
    ...['Float64Array', 'Float32Array', 'Int32Array', 'Int16Array', 'Int8Array'],
    ...['Uint32Array', 'Uint16Array', 'Uint8Array', 'BigInt64Array', 'BigUint64Array'],
  ])
  expect(defaultCollate([0.1], { dtype: 'float32' })).toEqual(Float32Array.of(0.1))
  expect(defaultCollate([2 ** 60, -1], { dtype: 'int64' })).toEqual(BigInt64Array.of(2n ** 60n, -1n))
  expect(defaultCollate([{ a: 1, b: 'x' }], { dtype: 'uint8' })).toEqual({
    a: Uint8Array.of(1),
    b: TextBatch.from(['x']),
  })
})

test.each<[Dtype, number | bigint]>([
  ['int32', 0.5],
  ['int32', 2 ** 31],
  ['int16', -(2 ** 15) - 1],
  ['int8', 128],
  ['uint8', 256],
  ['uint8', -1],
  ['uint16', Number.NaN],
  ['uint32', Infinity],
  ['int64', 2 ** 63],
  ['int64', 1.5],
  ['uint64', -1],
  ['uint64', 2n ** 64n],
  ['float64', 2n ** 63n],
])('%s refuses %s', (dtype, value) => {
  const samples = [1, value].map((item) => (typeof value === 'bigint' ? BigInt(item) : item))
  const error = fault(() => defaultCollate(samples, { dtype }))
  expect(error.code).toBe('COLLATE_DTYPE')
  expect(error.message).toMatch(/^sample 1 is .*`dtype: '(int|uint)/)
})

test('bigints become 64-bit numbers', () => {
  expect(defaultCollate([1n, -(2n ** 63n)])).toEqual(BigInt64Array.of(1n, -(2n ** 63n)))
  expect(defaultCollate([2n ** 64n - 1n], { dtype: 'uint64' })).toEqual(BigUint64Array.of(2n ** 64n - 1n))
  expect(defaultCollate([1n], { dtype: 'int8' })).toEqual(BigInt64Array.of(1n))
})

test('booleans become bytes, strings text', () => {
  expect(defaultCollate([true, false])).toEqual(Uint8Array.of(1, 0))
  expect(defaultCollate(['a', '', 'ü'])).toEqual(TextBatch.from(['a', '', 'ü']))
})

test('typed arrays of one kind and length become a tensor', () => {
  const batch = defaultCollate([Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)])
  expect(batch).toEqual(new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]))
  expect(defaultCollate([Buffer.from('ab')])).toEqual(new Tensor(Uint8Array.of(97, 98), [1, 2]))
  expect(defaultCollate([new Int8Array(0), new Int8Array(0)])).toEqual(new Tensor(new Int8Array(0), [2, 0]))
  expect(code([new Float32Array(1), new Float64Array(1)])).toBe('COLLATE_MIXED')
  expect(code([new Float32Array(1), new Float32Array(2)])).toBe('COLLATE_SIZE')
})

test('tensors of one shape get one more dimension', () => {
  const rows = (start: number) => new Tensor(Int32Array.of(start, start + 1), [1, 2])
  expect(defaultCollate([rows(1), rows(3)])).toEqual(new Tensor(Int32Array.of(1, 2, 3, 4), [2, 1, 2]))
  expect(code([rows(1), new Tensor(new Int32Array(2), [2, 1])])).toBe('COLLATE_SIZE')
})

test('arrays are collated by place, objects by field, all the way down', () => {
  expect(
    defaultCollate([
      [1, 'a'],
      [2, 'b'],
    ]),
  ).toEqual([Float64Array.of(1, 2), TextBatch.from(['a', 'b'])])
  expect(defaultCollate([[], []])).toEqual([])
  const samples = [1, 2].map((n) => ({ pair: [n, [n > 1]], inner: { ['__proto__']: n } }))
  const batch: any = defaultCollate(samples)
  expect(batch.pair).toEqual([Float64Array.of(1, 2), [Uint8Array.of(0, 1)]])
  expect(Object.entries(batch.inner)).toEqual([['__proto__', Float64Array.of(1, 2)]])
  expect(Object.getPrototypeOf(batch.inner)).toBe(Object.prototype)
})

test('ragged arrays are refused as torch refuses them', () => {
  const { message } = fault(() => defaultCollate([{ ids: [1, 2] }, { ids: [3] }]))
  expect(message).toContain('each element in list of batch should be of equal size')
  expect(message).toMatch(/^sample 1, field "ids" has 1, but sample 0 has 2 elements there/)
})

test('a field that only some samples have is named', () => {
  expect(fault(() => defaultCollate([{ a: 1, b: 1 }, { a: 2 }])).message).toMatch(
    /^sample 1 has no field "b", but sample 0 has one/,
  )
  expect(fault(() => defaultCollate([{ a: 1 }, { a: 2, b: 1 }])).message).toMatch(
    /^sample 0 has no field "b", but sample 1 has one/,
  )
  expect(fault(() => defaultCollate([{ a: 1 }, { b: 2 }])).message).toMatch(/^sample 1 has no field "a"/)
})

class Example {
  label = 1
}

test.each([
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
  ['a Date', new Date(), 'a Date'],
  ['a Map', new Map(), 'a Map'],
  ['an ArrayBuffer', new ArrayBuffer(1), 'an ArrayBuffer'],
  ['a function', () => 1, 'a function'],
  ['a symbol', Symbol('x'), 'a symbol'],
  ['an instance', new Example(), 'an Example'],
  ['a text batch', TextBatch.from(['a']), 'a TextBatch'],
])('%s makes no batch, and its place is told', (_, value, name) => {
  for (const [samples, place] of [
    [[value, value], 'sample 0'],
    [[{ label: value }], 'sample 0, field "label"'],
    [[[1, { x: value }]], 'sample 0, element 1, field "x"'],
  ] as const) {
    const { message } = fault(() => defaultCollate(samples))
    expect(message).toContain(`${place} is ${name}, which makes no batch`)
    expect(message).toContain('give `collate`')
  }
})

test('a value of another kind than the first is told with its place', () => {
  const mixtures: [unknown, unknown][] = [
    [1, 'a'],
    ['a', 1],
    [1n, 1],
    [1, 1n],
    [true, 1],
    [[1], 1],
    [{}, [1]],
    [new Int8Array(1), [1]],
    [new Tensor(new Int8Array(1), [1]), new Int8Array(1)],
  ]
  for (const [first, other] of mixtures) {
    const error = fault(() => defaultCollate([{ x: first }, { x: first }, { x: other }]))
    expect([error.code, error.message]).toEqual([
      'COLLATE_MIXED',
      expect.stringMatching(/^sample 2, field "x" is an? .*, but sample 0 has an? .* there/),
    ])
  }
  expect(fault(() => defaultCollate([1, 2, null])).message).toMatch(/^sample 2 is null/)
  // biome-ignore lint/suspicious/noSparseArray: a hole is no number either.
  expect(fault(() => defaultCollate([1, , 2])).message).toMatch(/^sample 1 is undefined/)
})

test('no samples make no batch', () => {
  expect(code([])).toBe('COLLATE_EMPTY')
})

test('without batches, a sample is given as it is', () => {
  const sample = { when: new Date() }
  expect(defaultConvert(sample)).toBe(sample)
})

function fault(collate: () => unknown): InputError {
  try {
    collate()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('it was collated')
}

function code(samples: unknown[]): string {
  return fault(() => defaultCollate(samples)).code
}
