import type { Tensor, TextBatch, TypedArray } from './batch.ts'

/**
 * What `defaultCollate` makes of samples of type T. Numbers come as Float64Array unless `dtype` says otherwise; then
 * name the type of batch: `new DataLoader<number, Float32Array>(…)`.
 */
export type Collated<T> = unknown extends T
  ? any
  : T extends number
    ? Float64Array
    : T extends bigint
      ? BigInt64Array
      : T extends boolean
        ? Uint8Array
        : T extends string
          ? TextBatch
          : T extends TypedArray
            ? Tensor<T>
            : T extends Tensor<infer A>
              ? Tensor<A>
              : T extends readonly unknown[]
                ? { -readonly [K in keyof T]: Collated<T[K]> }
                : T extends object
                  ? { [K in keyof T]: Collated<T[K]> }
                  : never
