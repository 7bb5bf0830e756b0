import { dirname } from 'node:path'
import { currentDisk, diskError, makeFolder, removeQuietly, syncFolder, writeAll } from '../core/disk.ts'

/**
 * Writes a file of pieces that come one after the other, so that a reader finds all of it or nothing.
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
