import type { BatchMemory } from './batch-memory.ts'
import { collateInto, type Dtype, defaultCollate, defaultConvert } from './collate.ts'
import type { Collate, LaneOptions } from './lane.ts'

/** What every lane of a loader runs, with the user's functions found. */
export interface LaneProgram {
  options: LaneOptions
  lanes: number
  /** Whether user code sees a worker: not where there are neither workers nor lanes. */
  hasInfo: boolean
  dtype: Dtype | undefined
  /** Where each batch is collated, if it is written away before the next. */
  memory: BatchMemory | undefined
  collate: ((samples: any) => unknown) | undefined
  workerInit: ((lane: number) => unknown) | undefined
  /** The lanes whose `workerInit` has been run, where it is run once for all passes. */
  initialised: Set<number> | undefined
}

/** From the samples of a batch to the batch. Without batches (`batchSize: null`) from the sample, as PyTorch does. */
export function collateFor({ options, collate, dtype, memory }: LaneProgram): Collate {
  if (options.batchSize === null) {
    const convert = collate ?? defaultConvert
    return ([sample]) => convert(sample)
  }
  if (collate) return collate
  return memory
    ? (samples) => collateInto(memory, samples, { dtype })
    : (samples) => defaultCollate(samples, { dtype })
}
