// A dataset whose worker dies at a given use of the ring's memory: just before its n-th atomic operation.
import { isMainThread } from 'node:worker_threads'
import { IterableDataset } from '../../src/loader/index.ts'

const operations = ['add', 'load', 'store', 'notify', 'waitAsync'] as const

export class DiesAtAtomic extends IterableDataset<number> {
  static module = import.meta.url
  count: number
  /** The operations that are left to this worker, and to those after it. */
  left: SharedArrayBuffer

  constructor(count: number, left: SharedArrayBuffer) {
    super()
    this.count = count
    this.left = left
  }

  *[Symbol.iterator](): Generator<number, void> {
    if (!isMainThread) dieAfter(new Int32Array(this.left))
    for (let id = 0; id < this.count; id++) yield id
  }
}

const { sub } = Atomics

function dieAfter(left: Int32Array<SharedArrayBuffer>): void {
  for (const name of operations) {
    const real = Atomics[name] as (...args: any[]) => unknown
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (sub(left, 0, 1) === 1) process.exit(1)
        return real(...args)
      },
    })
  }
}
