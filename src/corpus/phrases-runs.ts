import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, diskError, realDisk, writeAll } from '../core/disk.ts'
import { ResourceError } from '../core/errors.ts'
import type { PairTable } from './phrases-pairs.ts'

/** A pair in a run: its key and its count, float64 each, as they lie in this machine's memory. */
const pairBytes = 16

/** Runs that are merged at a time, so that no more files are open than that on each level. */
const fanIn = 16

/** The buffers of a reader and of the writer, in bytes: few calls for large ones. */
const smallestBuffer = 64 * pairBytes
const largestBuffer = 2 ** 20

interface Run {
  path: string
  bytes: number
}

/**
 * Counts of pairs that memory has no room for: runs on the disk, each in the order of its keys. Sixteen runs of a
 * level are merged into one of the next, so that each pair is written a few times at most, however many runs there are.
 *
 * memory  `bufferBytes` together, but 1 KiB for each of 16 runs a level at least
 * disk    16 bytes for each distinct pair of a run; while runs are merged, those and the merged one
 */
export class PairRuns {
  readonly #folder: string
  readonly #bufferBytes: number
  readonly #disk: Disk
  readonly #levels: Run[][] = []
  #written = 0
  #bytes = 0
  #peakBytes = 0

  constructor(folder: string, bufferBytes: number, disk: Disk = realDisk) {
    this.#folder = folder
    this.#bufferBytes = bufferBytes
    this.#disk = disk
  }

  /** The most bytes that the runs have taken on the disk. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /**
   * Writes a table's pairs and clears it.
   *
   * throws  ResourceError if the disk refuses
   */
  spill(table: PairTable): void {
    this.#keep(
      0,
      this.#write((put) => table.forEachInOrder(put)),
    )
    table.clear()
    for (let level = 0; this.#levels[level]!.length === fanIn; level++) {
      const runs = this.#levels[level]!
      const merged = this.#write((put) => this.#merge(runs, put))
      this.#levels[level] = []
      for (const { path, bytes } of runs) {
        rmSync(path)
        this.#bytes -= bytes
      }
      this.#keep(level + 1, merged)
    }
  }

  /** Calls back with each pair that was spilled and the sum of its counts, in the order of the keys. */
  forEach(visit: (key: number, count: number) => void): void {
    this.#merge(this.#levels.flat(), visit)
  }

  #keep(level: number, run: Run): void {
    while (this.#levels.length <= level) this.#levels.push([])
    this.#levels[level]!.push(run)
  }

  #write(fill: (put: (key: number, count: number) => void) => void): Run {
    const path = join(this.#folder, `pairs-${this.#written++}`)
    const buffer = new Float64Array(this.#bufferFor(fanIn) / 8)
    let length = 0
    let bytes = 0
    try {
      const fd = this.#disk.openSync(path, 'w')
      const flush = () => {
        writeAll(fd, new Uint8Array(buffer.buffer, 0, length * 8), this.#disk)
        bytes += length * 8
        length = 0
      }
      try {
        fill((key, count) => {
          if (length === buffer.length) flush()
          buffer[length++] = key
          buffer[length++] = count
        })
        flush()
      } finally {
        this.#disk.closeSync(fd)
      }
    } catch (error) {
      throw diskError(error, path)
    }
    this.#bytes += bytes
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes)
    return { path, bytes }
  }

  #merge(runs: Run[], visit: (key: number, count: number) => void): void {
    const bufferBytes = this.#bufferFor(runs.length)
    const readers: RunReader[] = []
    try {
      for (const { path } of runs) readers.push(new RunReader(path, bufferBytes))
      let left = readers.filter((reader) => reader.next())
      while (left.length > 0) {
        let key = Number.POSITIVE_INFINITY
        for (const reader of left) if (reader.key < key) key = reader.key
        let count = 0
        let isOver = false
        for (const reader of left) {
          if (reader.key !== key) continue
          count += reader.count
          if (!reader.next()) isOver = true
        }
        if (isOver) left = left.filter((reader) => !reader.isOver)
        visit(key, count)
      }
    } finally {
      for (const reader of readers) reader.close()
    }
  }

  /** The buffer for one of so many readers, the writer with them. */
  #bufferFor(readers: number): number {
    const share = Math.floor(this.#bufferBytes / (readers + 1) / pairBytes) * pairBytes
    return Math.max(smallestBuffer, Math.min(largestBuffer, share))
  }
}

/** Reads a run from its beginning. */
class RunReader {
  key = 0
  count = 0
  isOver = false
  readonly #path: string
  readonly #fd: number
  readonly #buffer: Float64Array
  #at = 0
  #length = 0

  constructor(path: string, bufferBytes: number) {
    this.#path = path
    this.#buffer = new Float64Array(bufferBytes / 8)
    this.#fd = openSync(path, 'r')
  }

  /** Goes to the next pair; false if there is none. */
  next(): boolean {
    if (this.#at === this.#length) this.#fill()
    if (this.#length === 0) {
      this.isOver = true
      return false
    }
    this.key = this.#buffer[this.#at]!
    this.count = this.#buffer[this.#at + 1]!
    this.#at += 2
    return true
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(): void {
    const bytes = new Uint8Array(this.#buffer.buffer)
    let done = 0
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, null)
      if (count === 0) break
      done += count
    }
    if (done % pairBytes !== 0) {
      throw new ResourceError('PHRASES_RUN', {
        what: `${this.#path} ends in the middle of a pair`,
        why: 'something else has written to this temporary file',
        mend: 'run the same command again: it begins anew',
      })
    }
    this.#at = 0
    this.#length = done / 8
  }
}
