import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentDisk, diskError, makeFolder, writeAll } from '../core/disk.ts'
import { InputError, MillraceError, ResourceError } from '../core/errors.ts'
import type { RunFolder } from './folder.ts'

export interface Lock {
  release(): void
}

/** A lock that says nothing for so long was left by a process that died before it had written who it is. */
const patienceMs = 1000

/** A trainer whose supervisor has died saves and ends: so long that may take. */
const savingMs = 120_000

/**
 * Takes a run folder for this process. A lock left by a process that is gone is not in the way.
 *
 * supervisor  process id of who watches over this one, if anybody does
 * throws  InputError if a living process holds it; ResourceError if the folder cannot be written
 */
export function acquireLock(folder: RunFolder, supervisor?: number): Lock {
  const path = folder.lock
  const own = JSON.stringify({
    ...identityOf(process.pid),
    ...(supervisor !== undefined && { supervisor: identityOf(supervisor) }),
  } satisfies Holder)
  try {
    makeFolder(folder.path)
    for (let attempt = 1; ; attempt++) {
      if (create(path, own)) return { release: () => release(path, own) }
      const found = readLock(path)
      const holder = found === undefined ? undefined : parseHolder(found)
      if (attempt > 10 || (holder && isAlive(holder))) throw locked(folder, holder)
      if (found !== undefined) removeDead(path, found)
    }
  } catch (error) {
    throw cannotTake(error, folder)
  }
}

/**
 * Takes a run folder as `acquireLock` does; if it is held by a trainer whose supervisor has died, waits until that one has
 * saved and ended.
 *
 * onWait  told once, with its process id, if there is such a wait
 */
export async function acquireLockBehindOrphan(
  folder: RunFolder,
  {
    supervisor,
    onWait,
    signal,
  }: { supervisor?: number; onWait?: (pid: number) => void; signal?: AbortSignal },
): Promise<Lock> {
  const giveUpMs = performance.now() + savingMs
  for (let waited = false; ; waited = true) {
    try {
      return acquireLock(folder, supervisor)
    } catch (error) {
      const orphan = isLocked(error) ? orphanIn(folder) : undefined
      const isFree = isLocked(error) && holderOf(folder) === undefined
      if ((orphan === undefined && !isFree) || performance.now() > giveUpMs || signal?.aborted) throw error
      if (orphan !== undefined && !waited) onWait?.(orphan)
    }
    await sleep(50)
  }
}

/** Whether a living process trains in a run folder. The number of one that is gone, or of another machine's, is no process. */
export function isHeld(folder: RunFolder): boolean {
  const holder = holderOf(folder)
  return holder !== undefined && isAlive(holder)
}

/** Whether one does, or would again: its trainer has died, and who watches over it lives and starts the next. */
export function isAwaited(folder: RunFolder): boolean {
  const holder = holderOf(folder)
  return [holder, holder?.supervisor].some((one) => one !== undefined && isAlive(one))
}

function isLocked(error: unknown): boolean {
  return error instanceof InputError && error.code === 'RUN_LOCKED'
}

/** The living holder of a run folder whose supervisor has died. */
function orphanIn(folder: RunFolder): number | undefined {
  const holder = holderOf(folder)
  const isOrphan = holder?.supervisor && isAlive(holder) && !isAlive(holder.supervisor)
  return isOrphan ? holder!.pid : undefined
}

function holderOf(folder: RunFolder): Holder | undefined {
  try {
    return parseHolder(readFileSync(folder.lock, 'utf8'))
  } catch {
    return undefined
  }
}

/** A lock that the disk does not let go of is in nobody's way once this process is gone. */
function release(path: string, own: string): void {
  try {
    removeIf(path, own)
  } catch {
    // The run is over, and how it ended is what counts.
  }
}

/** Creates the file or finds that it is there: of two processes, one wins. */
function create(path: string, content: string): boolean {
  const disk = currentDisk()
  let fd: number
  try {
    fd = disk.openSync(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeAll(fd, Buffer.from(content), disk)
    return true
  } catch (error) {
    disk.rmSync(path, { force: true })
    throw error
  } finally {
    disk.closeSync(fd)
  }
}

/** What a lock says; waits a while for one that was created and not yet written. Undefined if it is gone. */
function readLock(path: string): string | undefined {
  for (let waitedMs = 0; ; waitedMs += 20) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    if (parseHolder(text) || waitedMs >= patienceMs) return text
    pause()
  }
}

/**
 * Removes a lock that says `content`, whose holder is dead. Of all processes that have read it only one may: who makes
 * the file that is named after the content. It looks again, since the lock may have been removed and taken anew before;
 * if it has not, it stays as it is until that one removes it. Who dies in between leaves a lock of that right, to be
 * removed in the same way.
 */
function removeDead(path: string, content: string): void {
  const disk = currentDisk()
  const right = `${path}.${BigInt(`0x${createHash('sha256').update(content).digest('hex').slice(0, 15)}`)}`
  if (create(right, JSON.stringify(identityOf(process.pid)))) {
    try {
      removeIf(path, content)
    } finally {
      disk.rmSync(right, { force: true })
    }
    return
  }
  const found = readLock(right)
  const holder = found === undefined ? undefined : parseHolder(found)
  if (found !== undefined && !(holder && isAlive(holder))) removeDead(right, found)
  else pause()
}

/** Removes a lock if it says `content`, looked at as `readLock` does. To be called by who alone may. */
function removeIf(path: string, content: string): void {
  if (readLock(path) === content) currentDisk().rmSync(path, { force: true })
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
}

interface Identity {
  pid: number
  born: string | null
}

interface Holder extends Identity {
  supervisor?: Identity
}

function identityOf(pid: number): Identity {
  return { pid, born: processBirth(pid) }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text)
    return Number.isInteger(holder?.pid) && holder.pid > 0 ? holder : undefined
  } catch {
    return undefined
  }
}

function isAlive({ pid, born }: Identity): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // The same number may have been given to another process since: compare the time of birth, where known.
  return born === processBirth(pid)
}

/** When a living process started, in clock ticks since boot; null where /proc does not tell. */
function processBirth(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields are counted after the command's closing bracket, since a command may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie is dead, though its parent has not asked for its exit code yet.
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

function locked(folder: RunFolder, holder: Holder | undefined): InputError {
  return new InputError('RUN_LOCKED', {
    what: `another process${holder ? ` (${holder.pid})` : ''} is training in ${folder.path}`,
    why: 'two trainers on one run folder would overwrite each other',
    mend: 'wait for it, stop it with Ctrl-C or SIGTERM, or use another --out',
  })
}

function cannotTake(error: unknown, folder: RunFolder): unknown {
  const told = diskError(error, folder.path)
  if (told instanceof MillraceError) return told
  return new ResourceError('OUT_FOLDER', {
    what: `cannot make the run folder ${folder.path}`,
    why: (error as Error).message,
    mend: 'choose another --out',
    cause: error,
  })
}
