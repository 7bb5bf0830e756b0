import { expect, test } from 'vitest'
import { InputError } from '../../src/core/errors.ts'
import { Tensor, TextBatch } from '../../src/loader/batch.ts'
import { defaultCollate } from '../../src/loader/collate.ts'
import { readGolden } from './torch-golden.ts'

// What torch's default_collate makes of samples: see scripts/golden-torch.py. A batch of numbers is a typed array
// here and a tensor of one dimension there; numbers are float64 whatever they are, as JavaScript's all are.

type Json = any
interface Collated {
  samples: Json[]
  result?: Json
  raises?: string
}

/** Where torch loses a value or mixes kinds without a word, these are refused. */
const refused = [
  [{ a: 1 }, { a: 2, b: 3 }],
  ['a', 1],
]

for (const { samples, result, raises } of readGolden<Collated>('collate')) {
  const given = samples.map(toSample)
  const title = JSON.stringify(samples)
  if (raises || refused.some((one) => JSON.stringify(one) === title))
    test(`${title}: refused`, () => {
      expect(() => defaultCollate(given)).toThrow(InputError)
    })
  else
    test(`${title}: as torch`, () => {
      expect(describe(defaultCollate(given))).toEqual(withoutNumberKinds(result, samples))
    })
}

/** `{ array, dtype }` stands for a typed array. */
function toSample(value: Json): unknown {
  if (Array.isArray(value)) return value.map(toSample)
  if (typeof value !== 'object' || value === null) return value
  if (!('array' in value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toSample(item)]))
  if (value.dtype === 'int64') return BigInt64Array.from(value.array.map(BigInt))
  const kinds: Record<string, any> = {
    Float32Array,
    Float64Array,
    Int8Array,
    Uint8Array,
    Int16Array,
    Int32Array,
  }
  const kind = `${value.dtype[0].toUpperCase()}${value.dtype.slice(1)}Array`
  return kinds[kind].from(value.array)
}

/** A batch as the golden file tells it. */
function describe(batch: unknown): Json {
  if (batch instanceof TextBatch) return [...batch]
  if (batch instanceof Tensor)
    return { tensor: numbers(batch.data), shape: [...batch.shape], dtype: dtypeOf(batch.data) }
  if (ArrayBuffer.isView(batch))
    return { tensor: numbers(batch), shape: [(batch as Float64Array).length], dtype: dtypeOf(batch) }
  if (Array.isArray(batch)) return batch.map(describe)
  if (typeof batch !== 'object' || batch === null) return batch
  return Object.fromEntries(Object.entries(batch).map(([key, item]) => [key, describe(item)]))
}

function numbers(array: ArrayBufferView): number[] {
  return Array.from(array as unknown as ArrayLike<number | bigint>, Number)
}

function dtypeOf(array: ArrayBufferView): string {
  return (array as Float64Array)[Symbol.toStringTag].toLowerCase().replace('array', '').replace('big', '')
}

/** torch's result, where numbers (not arrays) became float64, and booleans bytes. */
function withoutNumberKinds(result: Json, samples: Json[]): Json {
  if (Array.isArray(result))
    return result.map((item, i) =>
      withoutNumberKinds(
        item,
        samples.map((sample) => sample[i]),
      ),
    )
  if (typeof result !== 'object' || result === null) return result
  if (!('tensor' in result))
    return Object.fromEntries(
      Object.entries(result).map(([key, item]) => [
        key,
        withoutNumberKinds(
          item,
          samples.map((sample) => sample[key]),
        ),
      ]),
    )
  if (typeof samples[0] === 'number') return { ...result, dtype: 'float64' }
  if (typeof samples[0] === 'boolean') return { ...result, tensor: result.tensor.map(Number), dtype: 'uint8' }
  return result
}
