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
  return new Worker(module, {
    workerData,
    transferList,
    ...execArgv(),
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
}

/**
 * A thread takes over the flags of the process, V8's among them, unless it is told others, and then V8's are refused. It
 * is told others only where the program came as text (`--input-type`): a thread is a module of its own.
 */
function execArgv(): { execArgv?: string[] } {
  if (!process.execArgv.some((arg) => arg.startsWith('--input-type'))) return {}
  return {
    execArgv: process.execArgv.filter((arg) => /^--(conditions=|import=|enable-source-maps)/.test(arg)),
  }
}
