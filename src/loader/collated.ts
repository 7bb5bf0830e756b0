import type { Tensor, TextBatch, TypedArray } from './batch.ts'
import type { Dtype } from './collate.ts'

interface ArrayOf {
  float64: Float64Array
  float32: Float32Array
  int32: Int32Array
  int16: Int16Array
  int8: Int8Array
  uint32: Uint32Array
  uint16: Uint16Array
  uint8: Uint8Array
  int64: BigInt64Array
  uint64: BigUint64Array
}

/** What `defaultCollate` makes of samples of type T, with numbers in arrays of the kind D. */
export type Collated<T, D extends Dtype = 'float64'> = unknown extends T
  ? any
  : T extends number
    ? ArrayOf[D]
    : T extends bigint
      ? D extends 'uint64'
        ? BigUint64Array
        : BigInt64Array
      : [T] extends [boolean]
        ? Uint8Array
        : T extends string
          ? TextBatch
          : T extends TypedArray
            ? Tensor<T>
            : T extends Tensor<infer A>
              ? Tensor<A>
              : T extends readonly unknown[]
                ? { -readonly [K in keyof T]: Collated<T[K], D> }
                : T extends object
                  ? { [K in keyof T]: Collated<T[K], D> }
                  : never
