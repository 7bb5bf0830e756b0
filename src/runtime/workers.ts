import { type Transferable, Worker } from 'node:worker_threads'
import { ResourceError } from '../core/errors.ts'

/**
 * Refuses a Node in which `import.meta.main` is unknown: a script that guards its main part with it would do nothing.
 *
 * throws  ResourceError
 */
export function requireNode(version = process.versions.node): void {
  const [major, minor] = version.split('.').map(Number) as [number, number]
  if (major > 24 || (major === 24 && minor >= 2)) return
  throw new ResourceError('NODE_VERSION', {
    what: `this is Node ${version}; millrace/loader needs 24.2 or later`,
    why: 'import.meta.main, with which a script tells its main part from what workers import, is not there before',
    mend: 'in the repository, npx node is the Node that npm installed with it',
  })
}

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
