// Reads ten million texts, and prints the resident memory, in MiB, after each million: node loader-flat.ts [--borrow]
import { DataLoader, getWorkerInfo, IterableDataset } from '../../src/loader/index.ts'

export class Texts extends IterableDataset<string> {
  static module = import.meta.url
  readonly length = 10_000_000;

  *[Symbol.iterator]() {
    const { id, numWorkers } = getWorkerInfo()!
    for (let i = id; i < this.length; i += numWorkers) yield `sample ${i} and some text behind it`
  }
}

if (import.meta.main) {
  const borrow = process.argv.includes('--borrow')
  const rss: number[] = []
  let samples = 0
  for await (const batch of new DataLoader(new Texts(), { batchSize: 250, numWorkers: 2, borrow })) {
    samples += batch.length
    if (samples % 1_000_000 === 0) rss.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
  }
  console.log(JSON.stringify({ samples, rss }))
}
