// What can go wrong at a sample in a worker: met so many times by all threads together, counted in shared memory.
import { isMainThread } from 'node:worker_threads'

export const troubleKinds = [
  'throw',
  'exit',
  'exit 0',
  'timer error',
  'rejection',
  'microtask error',
  'spin',
] as const
export type TroubleKind = (typeof troubleKinds)[number]

export interface Trouble {
  doing: 'opening' | 'next' | 'get' | 'collate' | 'workerInit'
  /** The samples at which it is met. */
  at: number[]
  kind: TroubleKind
  /** How often it is still to be met: an Int32. */
  left: SharedArrayBuffer
}

export function trouble(
  kind: TroubleKind,
  doing: Trouble['doing'],
  at: number | number[],
  times = Number.POSITIVE_INFINITY,
): Trouble {
  const left = new SharedArrayBuffer(4)
  new Int32Array(left)[0] = Math.min(times, 1e9)
  return { kind, doing, at: [at].flat(), left }
}

/** Meets the trouble, if this is its place. What ends a thread does so in threads only. */
export function meet(trouble: Trouble | undefined, doing: Trouble['doing'], sample: number): void {
  if (!trouble || trouble.doing !== doing || !trouble.at.includes(sample)) return
  if (trouble.kind !== 'throw' && isMainThread) return
  if (Atomics.sub(new Int32Array(trouble.left), 0, 1) <= 0) return
  switch (trouble.kind) {
    case 'throw':
      throw new RangeError(`no sample ${sample}`)
    case 'exit':
      process.exit(7)
      break
    case 'exit 0':
      process.exit(0)
      break
    case 'timer error':
      setTimeout(() => {
        throw new Error('in a timer')
      }, 0)
      break
    case 'rejection':
      void Promise.reject(new Error('of nobody'))
      break
    case 'spin':
      for (;;);
    case 'microtask error':
      queueMicrotask(() => {
        throw new Error('in a microtask')
      })
  }
}
