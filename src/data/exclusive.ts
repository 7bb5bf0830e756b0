import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { diskError, isDiskError, makeFolder } from '../core/disk.ts'
import { MillraceError, ResourceError, StoppedError } from '../core/errors.ts'

/**
 * Does something that no other process does at the same time, such as writing one file of the cache.
 *
 * The lock is one of the system on an empty file, by way of SQLite: it goes with the process that holds it, however
 * that ends.
 *
 * onWait  told once, if another process is at it
 * throws  what `body` throws, or `signal` aborts with; ResourceError, naming MILLRACE_CACHE, if the disk refuses
 */
export async function exclusively<T>(
  path: string,
  cache: string,
  body: () => Promise<T>,
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: (() => void) | undefined } = {},
): Promise<T> {
  const folder = join(cache, 'locks')
  let lock: DatabaseSync | undefined
  try {
    makeFolder(folder)
    lock = new DatabaseSync(join(folder, nameOf(path)), { timeout: 0 })
    for (let waits = 0; !take(lock); waits++) {
      if (waits === 0) onWait?.()
      await sleep(50, undefined, signal ? { signal } : {})
    }
    return await body()
  } catch (error) {
    throw cacheError(lock ? error : diskError(error, folder), folder)
  } finally {
    lock?.close()
  }
}

function nameOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}

/** If it is the disk that refused, an error that says how to have the cache elsewhere. */
function cacheError(error: unknown, folder: string): unknown {
  const told = isSqliteError(error)
    ? new ResourceError('DISK_LOCK', { what: `cannot write ${folder}`, why: error.message, cause: error })
    : error
  if (!isDiskError(told)) return told
  const { what, why, mend, cause } = told.parts
  return new ResourceError(told.code, {
    what,
    ...(why !== undefined && { why }),
    mend: [mend, 'MILLRACE_CACHE=FOLDER puts the cache elsewhere'].filter(Boolean).join('; '),
    cause: cause ?? told,
  })
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
    if (isSqliteError(error) && error.errcode === busy) return false
    throw error
  }
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return (error as { code?: string }).code === 'ERR_SQLITE_ERROR'
}
