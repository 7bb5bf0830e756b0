// What scripts/golden-torch.py recorded, and how its samplers are made here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  BatchSampler,
  DistributedSampler,
  RandomSampler,
  type Sampler,
  type SamplerLike,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from '../../src/loader/sampler.ts'

/** The configurations of test/golden/torch-<name>.json. */
export function readGolden<T>(name: string): T[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, `torch-${name}.json`), 'utf8')).configurations
}

/** A sampler with its options; an array stands for itself. */
export type SamplerSpec = { name: string; [option: string]: any } | number[] | number[][]

export function makeSampler(spec: SamplerSpec, length: number): SamplerLike<any> {
  if (Array.isArray(spec)) return spec
  const { name, weights, indices, sampler, setEpoch, ...options } = spec as { name: string; [option: string]: any }
  const source = { length }
  const make: Record<string, () => Sampler<any>> = {
    sequential: () => new SequentialSampler(source),
    random: () => new RandomSampler(source, options),
    subset: () => new SubsetRandomSampler(indices),
    weighted: () => new WeightedRandomSampler(weights, options as { numSamples: number }),
    distributed: () => new DistributedSampler(source, options as { numReplicas: number; rank: number }),
    batch: () => new BatchSampler(makeSampler(sampler, length), options as { batchSize: number }),
  }
  return make[name]!()
}

/** Tells a distributed sampler its epoch where torch was told. */
export function setEpoch(spec: SamplerSpec | undefined, sampler: unknown, epoch: number): void {
  if (spec && 'setEpoch' in spec && spec.setEpoch) (sampler as DistributedSampler).setEpoch(epoch)
}
