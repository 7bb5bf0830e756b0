import { expectTypeOf, test } from 'vitest'
import {
  DataLoader,
  IterableDataset,
  MapDataset,
  type Tensor,
  type TextBatch,
} from '../../src/loader/index.ts'

// tsc checks this file; run, it only sees that the loaders can be made.

class Pairs extends MapDataset<[number, string]> {
  readonly length = 2
  get(index: number): [number, string] {
    return [index, `${index}`]
  }
}

interface Sample {
  x: Float32Array
  label: string
  good: boolean
}

class Vectors extends IterableDataset<Sample> {
  *[Symbol.iterator](): Generator<Sample> {
    yield { x: Float32Array.of(1), label: 'a', good: true }
  }
}

type Batch<L> = L extends AsyncIterable<infer B> ? B : never
const batchOf = <L>(_: L) => expectTypeOf<Batch<L>>()

test('the type of a batch follows from the samples and the options', () => {
  batchOf(new DataLoader([1, 2])).toEqualTypeOf<Float64Array>()
  batchOf(new DataLoader(['a'], { batchSize: 2 })).toEqualTypeOf<TextBatch>()
  batchOf(new DataLoader(new Pairs(), { batchSize: 2 })).toEqualTypeOf<[Float64Array, TextBatch]>()
  const vectors = new DataLoader(new Vectors(), { borrow: true })
  expectTypeOf<Batch<typeof vectors>['x']>().toEqualTypeOf<Tensor<Float32Array>>()
  expectTypeOf<Batch<typeof vectors>['label']>().toEqualTypeOf<TextBatch>()
  expectTypeOf<Batch<typeof vectors>['good']>().toEqualTypeOf<Uint8Array>()
  batchOf(new DataLoader([1, 2], { dtype: 'float32', batchSize: 2 })).toEqualTypeOf<Float32Array>()
  batchOf(new DataLoader([1, 2], { batchSize: null })).toEqualTypeOf<number>()
  batchOf(new DataLoader(new Pairs(), { batchSize: null })).toEqualTypeOf<[number, string]>()
  batchOf(new DataLoader([1, 2], { batchSize: null, collate: (n) => `${n}` })).toEqualTypeOf<string>()
  batchOf(new DataLoader([1, 2], { collate: (samples) => samples.length })).toEqualTypeOf<number>()
  batchOf(new DataLoader<number, Int8Array>([1], { dtype: 'int8' })).toEqualTypeOf<Int8Array>()
  const loader: DataLoader<number> = new DataLoader([1])
  batchOf(DataLoader.resume([1], {}, loader.state())).toEqualTypeOf<Float64Array>()
})
