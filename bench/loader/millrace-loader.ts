// One job with Millrace's loader: node millrace-loader.ts '{"samples": "integers", …, "borrow": true}'
import { DataLoader, type TextBatch } from '../../src/loader/index.ts'
import { Integers, Lines } from './datasets.ts'
import type { Job, Outcome } from './job.ts'
import { peakBytes } from './memory.ts'
import { sumBytes, sumNumbers } from './sums.ts'

type Batch = Float64Array | TextBatch

async function measure(job: Job & { borrow: boolean }): Promise<Outcome> {
  const { samples, batchSize, workers, borrow } = job
  const dataset =
    samples === 'integers' ? new Integers(job.integers) : new Lines(job.path, job.bytes, job.repeats)
  const loader = new DataLoader<any, Batch>(dataset, {
    batchSize,
    numWorkers: workers,
    persistentWorkers: workers > 0,
    borrow,
  })
  // Starts the workers, which stay, and gets the code compiled.
  await pass(loader)
  const began = performance.now()
  const result = await pass(loader)
  return { ...result, seconds: (performance.now() - began) / 1000, peakBytes: peakBytes() }
}

async function pass(loader: AsyncIterable<Batch>) {
  let batches = 0
  let samples = 0
  let sum = 0
  for await (const batch of loader) {
    batches++
    samples += batch.length
    sum += batch instanceof Float64Array ? sumNumbers(batch) : sumBytes(batch.bytes)
  }
  return { batches, samples, sum }
}

if (import.meta.main) {
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]!))))
  process.exit(0)
}
