// Sharding by hand, as code written for PyTorch does it: workerInit gives each worker its part of the data.
//   npx node examples/worker-init.ts
import { DataLoader, getWorkerInfo, IterableDataset } from 'millrace/loader'

interface Sample {
  values: number
  workers: number
}

/** The numbers below `count`, and who read them. */
export class Numbers extends IterableDataset<Sample> {
  static module = import.meta.url
  data: number[]
  worker = 0

  constructor(count: number) {
    super()
    this.data = Array.from({ length: count }, (_, i) => i)
  }

  *[Symbol.iterator]() {
    for (const value of this.data) yield { values: value, workers: this.worker }
  }
}

/** Leaves each worker its half of its own copy of the dataset. */
export function splitData(id: number) {
  const { numWorkers, dataset } = getWorkerInfo<Numbers>()!
  const share = Math.ceil(dataset.data.length / numWorkers)
  dataset.data = dataset.data.slice(id * share, (id + 1) * share)
  dataset.worker = id
}

if (import.meta.main)
  for await (const batch of new DataLoader(new Numbers(16), {
    batchSize: 4,
    numWorkers: 2,
    workerInit: splitData,
  }))
    console.log([...batch.values], [...batch.workers])
