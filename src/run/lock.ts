import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { diskError } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import type { RunFolder } from './folder.ts'

export interface Lock {
  release(): void
}

/**
 * Takes a run folder for this process. A lock left by a process that is gone is not in the way.
 *
 * throws  InputError if a living process holds it; ResourceError if the folder cannot be written
 */
export function acquireLock(folder: RunFolder): Lock {
  try {
    mkdirSync(folder.path, { recursive: true })
  } catch (error) {
    throw diskError(error, folder.path)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      // 'wx' creates the file or fails: of two processes, one wins.
      const fd = openSync(folder.lock, 'wx')
      writeSync(fd, JSON.stringify({ pid: process.pid, born: processBirth(process.pid) }))
      closeSync(fd)
      return { release: () => rmSync(folder.lock, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(error, folder.lock)
      const holder = readHolder(folder.lock)
      if (attempt > 3 || (holder && isAlive(holder))) {
        throw new InputError('RUN_LOCKED', {
          what: `another process${holder ? ` (${holder.pid})` : ''} is training in ${folder.path}`,
          why: 'two trainers on one run folder would overwrite each other',
          mend: 'wait for it, stop it with Ctrl-C or SIGTERM, or use another --out',
        })
      }
      rmSync(folder.lock, { force: true })
    }
  }
}

interface Holder {
  pid: number
  born: string | null
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // The same number may have been given to another process since: compare the time of birth, where known.
  return born === processBirth(pid)
}

/** When a process started, in clock ticks since boot; null where /proc does not tell. */
function processBirth(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields are counted after the command's closing bracket, since a command may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
