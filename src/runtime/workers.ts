import { type Transferable, Worker } from 'node:worker_threads'

/**
 * The URL of a sibling module, whether the caller runs from TypeScript sources or from compiled JavaScript.
 * (`tsc` rewrites the extensions of imports, but not those of URLs.)
 */
export function siblingModule(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./${name}.${extension}`, importMetaUrl)
}

/** Starts a thread on a module. Its heap is small: what is large lives in shared memory. */
export function startWorker(module: URL, workerData: unknown, transferList: Transferable[] = []): Worker {
  // A thread is a module of its own, however this process was given its program.
  const execArgv = process.execArgv.filter((arg) => !arg.startsWith('--input-type'))
  return new Worker(module, {
    workerData,
    transferList,
    execArgv,
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
}
