export { Tensor, TextBatch } from './batch.ts'
export { type CollateOptions, type Dtype, defaultCollate, defaultConvert } from './collate.ts'
export type { Collated } from './collated.ts'
export { ChainDataset, ConcatDataset, randomSplit, Subset, TensorDataset } from './combine.ts'
export { type Dataset, IterableDataset, MapDataset, type Shard } from './dataset.ts'
export { LoaderError } from './failure.ts'
export type { Place, Sharding } from './lane.ts'
export type { LoaderState } from './loader-state.ts'
export type { DataLoaderOptions, OnError } from './options.ts'
export {
  BatchSampler,
  DistributedSampler,
  RandomSampler,
  type Sampler,
  type SamplerLike,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.ts'
export { TorchRandom } from './torch-random.ts'
export { fromModule } from './travel.ts'
export { DataLoader } from './typed-loader.ts'
export { getWorkerInfo, type WorkerInfo } from './worker-info.ts'
