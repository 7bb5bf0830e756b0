import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  currentDisk,
  type Disk,
  diskError,
  makeFolder,
  removeQuietly,
  syncFolder,
  writeAll,
} from '../core/disk.ts'

/**
 * Writes a file of pieces that come one after the other, so that a reader finds all of it or nothing. No other process
 * may do so at the same time: what a dead one has left beside goes.
 *
 * onPiece  called before a piece is written
 * check    called before the file gets its name; what it throws, it does not get it
 * throws   ResourceError if the disk refuses; what the pieces or `check` throw
 */
export async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  onPiece: (piece: Uint8Array) => void,
  check: () => void = () => {},
): Promise<void> {
  const disk = currentDisk()
  const beside = `${path}.${process.pid}.tmp`
  try {
    makeFolder(dirname(path), disk)
    removeLeft(path, disk)
    const fd = disk.openSync(beside, 'w')
    try {
      for await (const piece of pieces) {
        onPiece(piece)
        writeAll(fd, piece, disk)
      }
      await disk.fsync(fd)
    } finally {
      disk.closeSync(fd)
    }
    check()
    disk.renameSync(beside, path)
    syncFolder(dirname(path), disk)
  } catch (error) {
    removeQuietly(beside, disk)
    throw diskError(error, path)
  }
}

function removeLeft(path: string, disk: Disk): void {
  const name = `${basename(path)}.`
  for (const beside of readdirSync(dirname(path))) {
    if (beside.startsWith(name) && /^\d+\.tmp$/.test(beside.slice(name.length)))
      removeQuietly(join(dirname(path), beside), disk)
  }
}
