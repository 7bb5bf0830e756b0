import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { InputError } from '../core/errors.ts'

const chunkBytes = 1 << 20

/** Reads a file from front to back in bounded memory, however large the file is. */
export class ByteReader {
  readonly path: string
  /** Length of the file in bytes. */
  readonly size: number
  readonly #fd: number
  #chunk = new Uint8Array(chunkBytes)
  /** The part of the chunk that is read from the file and not yet taken. */
  #begin = 0
  #end = 0
  /** Where in the file the chunk's end is. */
  #filePosition = 0

  /** throws  InputError if there is no such file, or it cannot be read */
  constructor(path: string) {
    this.path = path
    try {
      this.#fd = openSync(path, 'r')
    } catch (cause) {
      throw cannotRead(path, cause)
    }
    const stat = fstatSync(this.#fd)
    this.size = stat.size
    if (!stat.isFile()) {
      this.close()
      throw new InputError('VECTORS_NOT_A_FILE', {
        what: `cannot read vectors from ${path}`,
        why: 'it is not a file',
        mend: 'give a file of vectors, or a run folder',
      })
    }
  }

  /** Byte offset in the file of what is taken next. */
  get position(): number {
    return this.#filePosition - (this.#end - this.#begin)
  }

  seek(position: number): void {
    this.#filePosition = position
    this.#begin = this.#end = 0
  }

  /** The next bytes, up to `count`, which stay to be taken. Valid until the next call. */
  peek(count: number): Uint8Array {
    this.#fill(count)
    return this.#chunk.subarray(this.#begin, Math.min(this.#end, this.#begin + count))
  }

  /** Takes `count` bytes; null if the file ends before. Valid until the next call. */
  take(count: number): Uint8Array | null {
    const bytes = this.peek(count)
    if (bytes.length < count) return null
    this.#begin += count
    return bytes
  }

  /**
   * Takes all up to `stop`, which is taken too and not returned. At the end of the file, what is left;
   * null if that is nothing, or if no `stop` comes within `limit` bytes. Valid until the next call.
   */
  takeUntil(stop: number, limit: number): Uint8Array | null {
    for (let seen = 0; ; ) {
      const at = this.#chunk.subarray(0, this.#end).indexOf(stop, this.#begin + seen)
      if (at >= 0) {
        const bytes = this.#chunk.subarray(this.#begin, at)
        if (bytes.length > limit) return null
        this.#begin = at + 1
        return bytes
      }
      seen = this.#end - this.#begin
      if (seen > limit) return null
      this.#fill(seen + 1)
      if (this.#end - this.#begin === seen) return seen === 0 ? null : this.take(seen)
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Sees to it that `count` bytes are in the chunk, if the file has them. */
  #fill(count: number): void {
    if (this.#end - this.#begin >= count) return
    if (this.#begin + count > this.#chunk.length) this.#moveToFront(count)
    while (this.#end - this.#begin < count) {
      const room = Math.min(this.#chunk.length - this.#end, 2 ** 30)
      const got = readSync(this.#fd, this.#chunk, this.#end, room, this.#filePosition)
      if (got === 0) return
      this.#end += got
      this.#filePosition += got
    }
  }

  #moveToFront(count: number): void {
    const rest = this.#chunk.subarray(this.#begin, this.#end)
    if (count > this.#chunk.length) {
      const larger = new Uint8Array(Math.max(count, this.#chunk.length * 2))
      larger.set(rest)
      this.#chunk = larger
    } else this.#chunk.copyWithin(0, this.#begin, this.#end)
    this.#end = rest.length
    this.#begin = 0
  }
}

function cannotRead(path: string, cause: unknown): InputError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return new InputError(missing ? 'VECTORS_MISSING' : 'VECTORS_UNREADABLE', {
    what: `cannot read vectors from ${path}`,
    why: missing ? 'there is no such file or folder' : (cause as Error).message,
    mend: 'give a file of vectors, or the folder that `millrace train --out` wrote',
    cause,
  })
}
