// Runs loaders, shows their batches as plain values, and sees that they end and leave no thread behind.
import assert from 'node:assert/strict'
import type { Worker } from 'node:worker_threads'
import { type DataLoader, Tensor, TextBatch } from '../../src/loader/index.ts'

/** Batches as arrays, strings and numbers. */
export function plain(batch: unknown): unknown {
  if (batch instanceof TextBatch) return batch.toArray()
  if (batch instanceof Tensor) return [...batch].map((row) => [...(row as Float32Array)])
  if (ArrayBuffer.isView(batch)) return [...(batch as Float64Array)]
  if (Array.isArray(batch)) return batch.map(plain)
  if (typeof batch === 'object' && batch !== null)
    return Object.fromEntries(Object.entries(batch).map(([key, value]) => [key, plain(value)]))
  return batch
}

/** What a loader gives in a pass, each batch looked at while it is there. */
export async function readPass(loader: AsyncIterable<unknown>): Promise<unknown[]> {
  const batches: unknown[] = []
  for await (const batch of loader) batches.push(plain(batch))
  return batches
}

export async function readPasses(loader: DataLoader, count: number): Promise<unknown[][]> {
  const passes: unknown[][] = []
  try {
    while (passes.length < count) passes.push(await readPass(loader))
  } finally {
    await loader.close()
  }
  return passes
}

/** How long something may take that takes a second on a quiet machine: for ever, to a test that would hang. */
const hangMs = 45_000

/** Fails, with its name, what does not end. */
export async function ends<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`this hangs: ${what}`)), hangMs)
  })
  try {
    return await Promise.race([work, hangs])
  } finally {
    clearTimeout(timer)
  }
}

/** The error that ends a piece of work. */
export async function errorOf(work: Promise<unknown>): Promise<any> {
  const error = await ends(
    'an error that is to come',
    work.then(
      () => undefined,
      (reason) => reason,
    ),
  )
  assert.ok(error instanceof Error, `there was no error, but ${error}`)
  return error
}

/** The threads that this process started and that are still there. */
export const threads = new Set<Worker>()
process.on('worker', (worker) => {
  threads.add(worker)
  worker.once('exit', () => threads.delete(worker))
})

/** Runs something, and sees that all threads that it started are gone. */
export async function leavingNoThread<T>(work: () => Promise<T>): Promise<T> {
  const before = new Set(threads)
  const result = await work()
  await new Promise(setImmediate) // a thread makes itself known a moment after its start
  assert.deepEqual(
    [...threads].filter((thread) => !before.has(thread)).map(({ threadId }) => threadId),
    [],
    'threads were left behind',
  )
  return result
}

/** Collects the loader's warnings, by their code, while something runs. */
export async function warningsOf(work: () => Promise<unknown>): Promise<{ code: string; message: string }[]> {
  const warnings: { code: string; message: string }[] = []
  await new Promise(setImmediate) // for what was said before
  const listen = (warning: Error) => warnings.push(warning as Error & { code: string })
  process.on('warning', listen)
  try {
    await work()
    await new Promise(setImmediate)
  } finally {
    process.off('warning', listen)
  }
  return warnings
}
