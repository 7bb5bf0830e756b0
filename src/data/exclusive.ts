import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskError, makeFolder } from '../core/disk.ts'
import { MillraceError, StoppedError } from '../core/errors.ts'

/**
 * Does something that no other process does at the same time, such as writing one file of the cache.
 *
 * The lock is one of the system on an empty file, by way of SQLite: it goes with the process that holds it, however
 * that ends.
 *
 * onWait  told once, if another process is at it
 * throws  what `body` throws, or `signal` aborts with
 */
export async function exclusively<T>(
  path: string,
  cache: string,
  body: () => Promise<T>,
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: (() => void) | undefined } = {},
): Promise<T> {
  const folder = join(cache, 'locks')
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  let lock: DatabaseSync
  try {
    makeFolder(folder)
    lock = new DatabaseSync(join(folder, name), { timeout: 0 })
  } catch (error) {
    throw diskError(error, folder)
  }
  try {
    for (let waits = 0; !take(lock); waits++) {
      if (waits === 0) onWait?.()
      await sleep(50, undefined, signal ? { signal } : {})
    }
    return await body()
  } finally {
    lock.close()
  }
}

/** Turns an abort within `body` into an error that is told to the user as it is. */
export async function stoppable<T>(signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (cause) {
    if (!signal?.aborted || cause instanceof MillraceError) throw cause
    throw new StoppedError('DATA_STOPPED', {
      what: 'stopped',
      mend: 'call it again: what was downloaded is kept',
      cause,
    })
  }
}

const busy = 5

function take(lock: DatabaseSync): boolean {
  try {
    // Without a journal of its own nothing but the empty file is on the disk.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false
    throw error
  }
}
