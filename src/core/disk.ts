import * as fs from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { ResourceError } from './errors.ts'

/**
 * The calls by which Millrace changes a disk, so that a test can make the N-th of them fail. Those that may take long
 * are there twice: the second kind returns promises, and waits in another thread.
 */
export interface Disk
  extends Pick<
    typeof fs,
    'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync' | 'mkdirSync' | 'rmSync'
  > {
  fsync(fd: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: fs.RmOptions): Promise<void>
}

const { openSync, writeSync, fsyncSync, closeSync, renameSync, mkdirSync, rmSync } = fs
const fsync = promisify(fs.fsync)
export const realDisk: Disk = {
  openSync,
  writeSync,
  fsyncSync,
  closeSync,
  renameSync,
  mkdirSync,
  rmSync,
  fsync,
  rename,
  rm,
}

let current = realDisk

/** The disk that is used where none is given: the real one, but within `withDisk`. */
export function currentDisk(): Disk {
  return current
}

/** For tests: until `body` is done, all that this thread changes on a disk goes by way of another one. */
export async function withDisk<T>(disk: Disk, body: () => Promise<T>): Promise<T> {
  current = disk
  try {
    return await body()
  } finally {
    current = realDisk
  }
}

/** Writes a part of a file; called as often as the content needs. */
export type Write = (bytes: Uint8Array) => void

/**
 * Writes a file so that a reader finds the old content or the new, and never a part:
 * written beside, fsynced, renamed, and the folder fsynced so that the new name survives a power cut.
 *
 * throws  ResourceError if the disk refuses; the old file is untouched and nothing is left beside it
 */
export function writeFileAtomically(
  path: string,
  fill: (write: Write) => void,
  disk: Disk = currentDisk(),
): void {
  const beside = `${path}.${process.pid}.tmp`
  try {
    makeFolder(dirname(path), disk)
    writeAndSync(beside, fill, disk)
    disk.renameSync(beside, path)
    syncFolder(dirname(path), disk)
  } catch (error) {
    removeQuietly(beside, disk)
    throw diskError(error, path)
  }
}

/** Writes a file and waits until the disk has it. For files in a folder that is renamed as a whole. */
export function writeAndSync(path: string, fill: (write: Write) => void, disk: Disk = currentDisk()): void {
  const fd = disk.openSync(path, 'w')
  try {
    fill((bytes) => writeAll(fd, bytes, disk))
    disk.fsyncSync(fd)
  } finally {
    disk.closeSync(fd)
  }
}

/** Waits until the names in a folder are on the disk. */
export function syncFolder(path: string, disk: Disk = currentDisk()): void {
  const fd = disk.openSync(path, 'r')
  try {
    disk.fsyncSync(fd)
  } finally {
    disk.closeSync(fd)
  }
}

/** As `syncFolder`, without holding this thread up. */
export async function syncFolderLater(path: string, disk: Disk = currentDisk()): Promise<void> {
  const fd = disk.openSync(path, 'r')
  try {
    await disk.fsync(fd)
  } finally {
    disk.closeSync(fd)
  }
}

/**
 * Makes a folder and those above it. (`mkdirSync` with `recursive` never returns where the system refuses with
 * ENOENT, as in /proc.)
 */
export function makeFolder(path: string, disk: Disk = currentDisk()): void {
  if (isFolder(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path), disk)
  try {
    disk.mkdirSync(path)
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(path)) throw error
  }
}

function isFolder(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Turns an error of the file system into one that says what to do. Others pass through. */
export function diskError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const { code, syscall } = error as NodeJS.ErrnoException
  const known = diskErrors[String(code)]
  if (!known && syscall === undefined) return error
  return new ResourceError(`DISK_${code}`, {
    what: `cannot write ${path}`,
    why: known?.why ?? error.message,
    mend: known?.mend ?? 'check the disk; what was saved before is intact',
    cause: error,
  })
}

/** Whether it is the disk that refused, so that a later try may succeed. */
export function isDiskError(error: unknown): error is ResourceError {
  return error instanceof ResourceError && error.code.startsWith('DISK_')
}

const diskErrors: Record<string, { why: string; mend: string } | undefined> = {
  ENOSPC: {
    why: 'the disk is full',
    mend: 'free some space, or choose another disk; what was saved before is intact',
  },
  EDQUOT: { why: 'the disk quota is used up', mend: 'free some space, or choose another disk' },
  EACCES: { why: 'permission denied', mend: 'choose a folder you may write to' },
  EPERM: { why: 'the operation is not permitted there', mend: 'choose a folder you may write to' },
  EROFS: { why: 'the file system is read-only', mend: 'choose a folder on a disk you may write to' },
  EIO: {
    why: 'the disk reports an input/output error',
    mend: 'check the disk; what was saved before is intact',
  },
  ENOTDIR: { why: 'a part of the path is a file, not a folder', mend: 'choose another path' },
  ENOENT: { why: 'a folder of the path is not there and cannot be made', mend: 'choose another path' },
  ENAMETOOLONG: { why: 'the name is too long', mend: 'choose a shorter one' },
  EFBIG: {
    why: 'the file would be larger than the disk or a limit allows',
    mend: 'choose another disk, or raise the limit',
  },
  EISDIR: { why: 'it is a folder', mend: 'choose a file name' },
  EEXIST: { why: 'a file of that name is in the way', mend: 'choose another path' },
}

/** Writes all of it: the system may take a part at a time. */
export function writeAll(fd: number, bytes: Uint8Array, disk: Disk = currentDisk()): void {
  for (let done = 0; done < bytes.length; ) {
    // One call of the kernel writes 2 GiB at most.
    done += disk.writeSync(fd, bytes, done, Math.min(bytes.length - done, 2 ** 30))
  }
}

/** Removes what may be there. If the disk refuses, it stays. */
export function removeQuietly(path: string, disk: Disk = currentDisk()): void {
  try {
    disk.rmSync(path, { force: true, recursive: true })
  } catch {
    // The first error is the one to tell.
  }
}
