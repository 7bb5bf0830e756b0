import { types } from 'node:util'
import { InputError } from '../core/errors.ts'
import {
  encodeTexts,
  isTypedArray,
  Tensor,
  type TextBatch,
  type TypedArray,
  type TypedArrayName,
  typedArrays,
} from './batch.ts'
import type { BatchMemory } from './batch-memory.ts'

/** What numbers are collated to, by `dtype`. */
const arrayOfDtype = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
}
export type Dtype = keyof typeof arrayOfDtype
export const dtypes = Object.keys(arrayOfDtype) as readonly Dtype[]

export interface CollateOptions {
  /** The kind of array that numbers go to: `float64`. Whole kinds refuse what they cannot hold. */
  dtype?: Dtype | undefined
}

/**
 * Makes one batch of samples, by the rules of torch's `default_collate`.
 *
 * | samples | batch |
 * |---|---|
 * | numbers | Float64Array, or what `dtype` says |
 * | bigints | BigInt64Array; BigUint64Array for `dtype: 'uint64'` |
 * | booleans | Uint8Array of 0 and 1 |
 * | strings | TextBatch |
 * | typed arrays of one kind and length | Tensor, one row a sample |
 * | Tensors of one kind and shape | Tensor with one more dimension |
 * | arrays of one length | array: its first elements collated, its second, … |
 * | plain objects with the same keys | object: each key's values collated |
 *
 * throws  InputError naming the sample and the place in it, for everything else, and where samples differ
 */
export function defaultCollate(samples: readonly unknown[], options: CollateOptions = {}): unknown {
  return collateInto(undefined, samples, options)
}

/** The same, into memory that is used again: the batch is good until the next call. */
export function collateInto(
  memory: BatchMemory | undefined,
  samples: readonly unknown[],
  { dtype }: CollateOptions,
): unknown {
  memory?.reset()
  if (samples.length === 0)
    throw new InputError('COLLATE_EMPTY', {
      what: 'there is no sample to make a batch of',
      why: 'what a batch looks like is read off its first sample',
      mend: 'let no batch of the batch sampler be empty',
    })
  return collateColumn(samples, { dtype: dtype ?? 'float64', memory }, '')
}

interface Target {
  dtype: Dtype
  memory: BatchMemory | undefined
}

/** What `batchSize: null` does: the sample itself. */
export function defaultConvert<T>(sample: T): T {
  return sample
}

/** `path` is where in each sample the values stood, as an error tells it. */
function collateColumn(values: readonly unknown[], target: Target, path: string): unknown {
  const first = values[0]
  switch (typeof first) {
    case 'number':
      return collateNumbers(values, target, path)
    case 'string':
      return collateTexts(values, target, path)
    case 'boolean':
      return collateBooleans(values, target, path)
    case 'bigint':
      return collateBigints(values, target, path)
  }
  if (isTypedArray(first)) return collateArrays(values, first, target, path)
  if (first instanceof Tensor) return collateTensors(values, first, target, path)
  if (Array.isArray(first)) return collateSequences(values, first, target, path)
  if (isPlain(first)) return collateObjects(values, first, target, path)
  throw cannotCollate(first, 0, path)
}

function collateNumbers(values: readonly unknown[], target: Target, path: string): TypedArray {
  const { dtype } = target
  if (dtype === 'int64' || dtype === 'uint64') return collateWide(values, 'number', dtype, target, path)
  const array = allocate(arrayOfDtype[dtype] as Float64ArrayConstructor, values.length, target)
  const exact = dtype !== 'float64' && dtype !== 'float32'
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number') throw differs(values, i, path)
    array[i] = value
    if (exact && array[i] !== value) throw cannotHold(value, i, dtype, path)
  }
  return array
}

function collateBigints(values: readonly unknown[], target: Target, path: string): TypedArray {
  return collateWide(values, 'bigint', target.dtype === 'uint64' ? 'uint64' : 'int64', target, path)
}

function collateWide(
  values: readonly unknown[],
  type: 'number' | 'bigint',
  dtype: 'int64' | 'uint64',
  target: Target,
  path: string,
): TypedArray {
  const array = allocate(arrayOfDtype[dtype] as BigInt64ArrayConstructor, values.length, target)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint
    if (typeof value !== type) throw differs(values, i, path)
    if (typeof value === 'number' && !Number.isInteger(value)) throw cannotHold(value, i, dtype, path)
    const wide = BigInt(value)
    array[i] = wide
    if (array[i] !== wide) throw cannotHold(value, i, dtype, path)
  }
  return array
}

function collateBooleans(values: readonly unknown[], target: Target, path: string): TypedArray {
  const array = allocate(Uint8Array, values.length, target)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'boolean') throw differs(values, i, path)
    array[i] = value ? 1 : 0
  }
  return array
}

function collateTexts(values: readonly unknown[], { memory }: Target, path: string): TextBatch {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== 'string') throw differs(values, i, path)
  try {
    return encodeTexts(values as string[], memory)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new InputError('COLLATE_TEXT_SIZE', {
      what: `the texts of a batch${path} are 4 GiB or more`,
      mend: 'use a smaller `batchSize`, or give `collate`',
      cause,
    })
  }
}

function collateArrays(values: readonly unknown[], first: TypedArray, target: Target, path: string): Tensor {
  const kind = kindOf(first)
  const width = first.length
  const data = allocate(typedArrays[kind] as Kind<TypedArray>, values.length * width, target)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!isTypedArray(value) || kindOf(value) !== kind) throw differs(values, i, path)
    if (value.length !== width) throw unequal(`${width} numbers`, `${value.length}`, i, path)
    data.set(value as any, i * width)
  }
  return new Tensor(data, [values.length, width])
}

function collateTensors(values: readonly unknown[], first: Tensor, target: Target, path: string): Tensor {
  const kind = kindOf(first.data)
  const shape = first.shape.join(', ')
  const data = allocate(typedArrays[kind] as Kind<TypedArray>, values.length * first.data.length, target)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!(value instanceof Tensor) || kindOf(value.data) !== kind) throw differs(values, i, path)
    if (value.shape.join(', ') !== shape)
      throw unequal(`the shape [${shape}]`, `[${value.shape.join(', ')}]`, i, path)
    data.set(value.data as any, i * first.data.length)
  }
  return new Tensor(data, [values.length, ...first.shape])
}

function collateSequences(values: readonly unknown[], first: unknown[], target: Target, path: string) {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Array.isArray(value)) throw differs(values, i, path)
    if (value.length !== first.length) throw unequal(`${first.length} elements`, `${value.length}`, i, path)
  }
  return Array.from(first, (_, place) => {
    const column = values.map((value) => (value as unknown[])[place])
    return collateColumn(column, target, `${path}, element ${place}`)
  })
}

function collateObjects(values: readonly unknown[], first: object, target: Target, path: string) {
  const keys = Object.keys(first)
  for (let i = 1; i < values.length; i++) {
    const value = values[i]
    if (!isPlain(value)) throw differs(values, i, path)
    if (Object.keys(value).length !== keys.length) throw keysDiffer(values, i, path)
  }
  const batch = {}
  for (const key of keys) {
    const column = new Array<unknown>(values.length)
    const isInherited = key in Object.prototype
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Record<string, unknown>
      const item = value[key]
      if ((item === undefined || isInherited) && !Object.hasOwn(value, key)) throw keysDiffer(values, i, path)
      column[i] = item
    }
    const collated = collateColumn(column, target, `${path}, field ${JSON.stringify(key)}`)
    if (key === '__proto__')
      Object.defineProperty(batch, key, {
        value: collated,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    else (batch as any)[key] = collated
  }
  return batch
}

interface Kind<A> {
  new (length: number): A
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A
  BYTES_PER_ELEMENT: number
}

function allocate<A extends TypedArray>(kind: Kind<A>, length: number, { memory }: Target): A {
  if (!memory) return new kind(length)
  const at = memory.take(length * kind.BYTES_PER_ELEMENT)
  return new kind(memory.buffer, at, length)
}

function kindOf(array: TypedArray): TypedArrayName {
  return array[Symbol.toStringTag]
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function cannotCollate(value: unknown, index: number, path: string): InputError {
  return new InputError('COLLATE_TYPE', {
    what: `sample ${index}${path} is ${nameOf(value)}, which makes no batch`,
    why: 'numbers, bigints, booleans, strings, typed arrays, tensors, and arrays and plain objects of them do',
    mend: 'give `collate`, a function that makes a batch of an array of samples, or let the dataset yield something else',
  })
}

/** Sample `index` is of another kind than the first; or of none that makes a batch. */
function differs(values: readonly unknown[], index: number, path: string): InputError {
  const value = values[index]
  if (value === null || value === undefined) return cannotCollate(value, index, path)
  return new InputError('COLLATE_MIXED', {
    what: `sample ${index}${path} is ${nameOf(value)}, but sample 0 has ${nameOf(values[0])} there`,
    why: 'the samples of a batch go to one array, which holds values of one kind',
    mend: 'let the dataset yield one kind, or give `collate`',
  })
}

function unequal(expected: string, found: string, index: number, path: string): InputError {
  return new InputError('COLLATE_SIZE', {
    what: `sample ${index}${path} has ${found}, but sample 0 has ${expected} there`,
    why: 'each element in list of batch should be of equal size',
    mend: 'cut or fill the samples to one size, or give `collate`',
  })
}

function keysDiffer(values: readonly unknown[], index: number, path: string): InputError {
  const [first, other] = [values[0], values[index]] as object[]
  const missing = Object.keys(first!).find((key) => !Object.hasOwn(other!, key))
  const [without, key, with_] =
    missing === undefined
      ? [0, Object.keys(other!).find((key) => !Object.hasOwn(first!, key)), index]
      : [index, missing, 0]
  return new InputError('COLLATE_KEYS', {
    what: `sample ${without}${path} has no field ${JSON.stringify(key)}, but sample ${with_} has one`,
    why: 'the samples of a batch are merged field by field',
    mend: 'let every sample have the same fields, or give `collate`',
  })
}

function cannotHold(value: number | bigint, index: number, dtype: Dtype, path: string): InputError {
  return new InputError('COLLATE_DTYPE', {
    what: `sample ${index}${path} is ${value}, which \`dtype: '${dtype}'\` cannot hold`,
    why:
      typeof value === 'number' && !Number.isInteger(value)
        ? 'it is no whole number'
        : 'it is out of that range',
    mend:
      typeof value === 'bigint'
        ? "use `dtype: 'uint64'` for what is not negative and below 2^64, or give `collate`"
        : 'use a `dtype` that can, such as float64',
  })
}

/** What a value is, as a sentence names it. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  if (Array.isArray(value)) return 'an array'
  if (types.isProxy(value)) return 'a Proxy'
  const name = isPlain(value) ? '' : value.constructor?.name
  if (!name) return 'an object'
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}
