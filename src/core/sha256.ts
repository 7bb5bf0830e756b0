import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/**
 * SHA-256 of files' bytes, one after the other, hexadecimal. Reads a MiB at a time.
 *
 * throws  the file system's error if one cannot be read
 */
export function sha256OfFiles(paths: readonly string[]): string {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(2 ** 20)
  for (const path of paths) {
    const fd = openSync(path, 'r')
    try {
      for (let count = -1; count !== 0; ) {
        count = readSync(fd, buffer, 0, buffer.length, null)
        hash.update(buffer.subarray(0, count))
      }
    } finally {
      closeSync(fd)
    }
  }
  return hash.digest('hex')
}
