// The types of batches, which depend on the options; a class's constructor cannot say so.
import type { Dtype } from './collate.ts'
import type { Collated } from './collated.ts'
import { DataLoader as Class } from './data-loader.ts'
import type { Dataset } from './dataset.ts'
import type { DataLoaderOptions } from './options.ts'

type Single<T, B> = Omit<DataLoaderOptions<T, B>, 'batchSize' | 'collate'> & { batchSize: null }

interface Make {
  /** `batchSize: null` with `collate`: what that makes of each sample. */
  new <T, B>(
    dataset: Dataset<T>,
    options: Single<T, B> & { collate: (sample: T) => B | Promise<B> },
  ): Class<T, Awaited<B>>
  /** `batchSize: null`: the samples. */
  new <T>(dataset: Dataset<T>, options: Single<T, T>): Class<T, T>
  /** `dtype`: numbers in arrays of that kind. */
  new <T, D extends Dtype>(
    dataset: Dataset<T>,
    options: Omit<DataLoaderOptions<T>, 'dtype' | 'collate'> & { dtype: D },
  ): Class<T, Collated<T, D>>
  new <T = any, B = Collated<T>>(dataset: Dataset<T>, options?: DataLoaderOptions<T, B>): Class<T, B>
  resume: typeof Class.resume
  readonly prototype: Class
}

export const DataLoader = Class as unknown as Make
export type DataLoader<T = any, B = Collated<T>> = Class<T, B>
