// A program whose dataset fills its worker's heap, once or always. Prints what came of it as JSON.
import { DataLoader, MapDataset } from '../../src/loader/index.ts'
import { plain } from './loader-harness.ts'

export class Greedy extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 12
  left: SharedArrayBuffer

  constructor(times: number) {
    super()
    this.left = new SharedArrayBuffer(4)
    new Int32Array(this.left)[0] = times
  }

  get(index: number): number {
    if (index === 5 && Atomics.sub(new Int32Array(this.left), 0, 1) > 0) {
      const kept: number[][] = []
      for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => i + 0.5))
    }
    return index
  }
}

if (import.meta.main) {
  const [times, onError] = process.argv.slice(2)
  const loader = new DataLoader(new Greedy(Number(times)), {
    batchSize: 2,
    numWorkers: 2,
    onError: onError as 'throw' | 'skip',
  })
  const batches: unknown[] = []
  try {
    for await (const batch of loader) batches.push(plain(batch))
    console.log(JSON.stringify({ batches }))
  } catch (error) {
    console.log(JSON.stringify({ batches, code: (error as any).code, message: (error as Error).message }))
  }
}
