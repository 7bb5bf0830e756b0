import { AsyncLocalStorage } from 'node:async_hooks'

/** What user code may know of the worker that it runs in. A worker, to user code, is a lane. */
export interface WorkerInfo<D = any> {
  /** The lane's number, 0 … numWorkers-1. */
  readonly id: number
  /** The number of lanes. */
  readonly numWorkers: number
  /** base seed of the epoch + id, as PyTorch's: 63 bits. The same for all epochs of persistent workers. */
  readonly seed: bigint
  /** This lane's own copy of the dataset. */
  readonly dataset: D
}

/** Where user code of one lane runs; `asked` tells whether it asked who it is. */
export interface LaneContext {
  readonly info: WorkerInfo | null
  asked: boolean
}

interface PerProcess {
  lane: AsyncLocalStorage<LaneContext>
  /** Whether this thread is a loader's worker. */
  isWorker: boolean
}

// One per thread, also where sources and compiled files of this package are both loaded.
const key = Symbol.for('millrace.loader')
const shared = globalThis as unknown as { [key]?: PerProcess }
const perProcess: PerProcess = (shared[key] ??= { lane: new AsyncLocalStorage(), isWorker: false })

/**
 * Who the calling code works for, inside a dataset, `workerInit` or `collate` that runs for a lane; null elsewhere,
 * and where a loader has neither workers nor lanes. As PyTorch's `get_worker_info()`.
 */
export function getWorkerInfo<D = any>(): WorkerInfo<D> | null {
  const context = perProcess.lane.getStore()
  if (!context) return null
  context.asked = true
  return context.info
}

export function runInLane<T>(context: LaneContext, body: () => T): T {
  return perProcess.lane.run(context, body)
}

/** Says that this thread is a loader's worker. */
export function beWorker(): void {
  perProcess.isWorker = true
}

/**
 * Whether what runs now comes of a worker's import of the user's modules, at once or later: whatever a worker runs of
 * the user's otherwise, it runs for a lane.
 */
export function isImported(): boolean {
  return perProcess.isWorker && perProcess.lane.getStore() === undefined
}
