import { createHash, type Hash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Disk, diskError, makeFolder, realDisk, type Write, writeAndSync } from '../core/disk.ts'
import { ResourceError } from '../core/errors.ts'
import { loadKernel } from '../runtime/wasm.ts'
import { longestWordBytes } from './word-table.ts'

/** Words with their counts on the disk, in the order of the words' bytes; kernels/runs.ts has the format. */
export interface WordRun {
  /** Its file. */
  name: string
  bytes: number
  sha256: string
  /** How often its words were merged. */
  level: number
}

/** What a merge has met. */
export interface MergeTotals {
  distinctWords: number
  mostFrequent: number
}

/** Exports of kernels/runs.ts. */
interface RunKernel {
  mergeRecords(
    readers: number,
    count: number,
    longest: number,
    out: number,
    outEnd: number,
    minCount: bigint,
    totals: number,
  ): number
}

/** Runs that are merged at a time while counting goes on. */
export const fanIn = 16
/** Runs that are open at a time at most. */
export const mostOpen = 64

const headerBytes = 8
const readerBytes = 16
/** Kernels read a few bytes behind a word. */
const padding = 16

export const damagedRun = 'COUNTING_DAMAGED'

/**
 * Writes a run and waits until the disk has it.
 *
 * throws  ResourceError if the disk refuses; nothing is left then
 */
export function writeRun(
  path: string,
  level: number,
  fill: (write: Write) => void,
  disk: Disk = realDisk,
): WordRun {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    makeScratch(dirname(path), disk)
    writeAndSync(
      path,
      (write) =>
        fill((part) => {
          write(part)
          hash.update(part)
          bytes += part.length
        }),
      disk,
    )
  } catch (error) {
    removeFile(path, disk)
    throw diskError(error, path)
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex'), level }
}

/** What is in it may be of a text that others are not to read. */
function makeScratch(folder: string, disk: Disk): void {
  makeFolder(dirname(folder), disk)
  try {
    disk.mkdirSync(folder, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Removes what is of no use any more; whether it goes is not important. */
export function removeFile(path: string, disk: Disk = realDisk): void {
  try {
    disk.rmSync(path, { force: true, recursive: true })
  } catch {
    // It will be tried again when the folder goes.
  }
}

/** Whether a run is what was written. */
export async function isWholeRun(folder: string, run: WordRun): Promise<boolean> {
  const path = join(folder, run.name)
  if (statSync(path, { throwIfNoEntry: false })?.size !== run.bytes) return false
  const hash = createHash('sha256')
  try {
    for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(part)
  } catch {
    return false
  }
  return hash.digest('hex') === run.sha256
}

/**
 * Merges runs: the records of all their words, in order, those with `minCount` at least, in parts of whole records.
 *
 * runs     `mostOpen` at most
 * memory   `room`, a part of `memory` (64 KiB or more); what is yielded lies there, valid until the next is asked for
 * throws   ResourceError with the code `damagedRun` if a run is not what was written
 */
export function* mergeRuns(
  folder: string,
  runs: WordRun[],
  { memory, room }: { memory: WebAssembly.Memory; room: Uint8Array },
  minCount = 1,
  totals: MergeTotals = { distinctWords: 0, mostFrequent: 0 },
): Generator<Uint8Array> {
  const kernel = loadKernel<RunKernel>('count', memory)
  const begin = room.byteOffset + mostOpen * readerBytes + 16
  const share = Math.floor((room.byteOffset + room.length - begin) / (runs.length + 1) / 16) * 16
  const part = (i: number) => new Uint8Array(memory.buffer, begin + i * share, share - padding)
  const counts = new BigUint64Array(memory.buffer, begin - 16, 2).fill(0n)
  const out = part(runs.length)
  const readers: RunReader[] = []
  let left: RunReader[] = []
  try {
    for (const [i, run] of runs.entries()) readers.push(new RunReader(join(folder, run.name), run, part(i)))
    left = readers.filter((reader) => reader.isReady())
    const fields = new Uint32Array(memory.buffer, room.byteOffset, mostOpen * 4)
    while (left.length > 0) {
      for (const [i, reader] of left.entries()) fields.set([reader.next, reader.end], 4 * i)
      const bytes = kernel.mergeRecords(
        room.byteOffset,
        left.length,
        longestWordBytes,
        out.byteOffset,
        out.byteOffset + out.length,
        BigInt(minCount),
        counts.byteOffset,
      )
      for (const [i, reader] of left.entries()) reader.next = fields[4 * i]!
      totals.distinctWords = Number(counts[0])
      totals.mostFrequent = Number(counts[1])
      yield out.subarray(0, bytes)
      left = left.filter((reader) => reader.isReady())
    }
  } finally {
    for (const reader of readers) reader.close()
  }
}

/** The words of merged records. */
export function* wordsOf(parts: Iterable<Uint8Array>): Generator<[word: Uint8Array, count: number]> {
  for (const part of parts) {
    const view = new DataView(part.buffer, part.byteOffset, part.length)
    for (let at = 0; at < part.length; ) {
      const end = at + headerBytes + view.getUint16(at, true)
      const count = view.getUint16(at + 2, true) + view.getUint32(at + 4, true) * 2 ** 16
      yield [part.subarray(at + headerBytes, end), count]
      at = end
    }
  }
}

/** Reads a run from its beginning into a part of the kernel's memory. */
class RunReader {
  /** Where in the memory the next record lies, and where what was read ends. */
  next: number
  end: number
  readonly #path: string
  readonly #run: WordRun
  readonly #buffer: Uint8Array
  readonly #fd: number
  readonly #hash: Hash = createHash('sha256')
  #left: number

  constructor(path: string, run: WordRun, buffer: Uint8Array) {
    this.#path = path
    this.#run = run
    this.#buffer = buffer
    this.#left = run.bytes
    this.next = this.end = buffer.byteOffset
    try {
      this.#fd = openSync(path, 'r')
    } catch (cause) {
      throw damaged(path, cause)
    }
  }

  /** Whether there is a record left, which then lies in the memory as a whole. */
  isReady(): boolean {
    if (this.#isWhole()) return true
    this.#fill()
    if (this.#isWhole()) return true
    if (this.next < this.end || this.#left > 0) throw damaged(this.#path)
    if (this.#hash.digest('hex') !== this.#run.sha256) throw damaged(this.#path)
    return false
  }

  close(): void {
    closeSync(this.#fd)
  }

  #isWhole(): boolean {
    const left = this.end - this.next
    if (left < headerBytes) return false
    const at = this.next - this.#buffer.byteOffset
    const length = this.#buffer[at]! + 256 * this.#buffer[at + 1]!
    return length <= longestWordBytes && headerBytes + length <= left
  }

  #fill(): void {
    const { byteOffset } = this.#buffer
    this.#buffer.copyWithin(0, this.next - byteOffset, this.end - byteOffset)
    let filled = this.end - this.next
    const read = filled
    while (filled < this.#buffer.length && this.#left > 0) {
      const wanted = Math.min(this.#buffer.length - filled, this.#left)
      const count = this.#read(filled, wanted)
      if (count === 0) throw damaged(this.#path)
      filled += count
      this.#left -= count
    }
    this.#hash.update(this.#buffer.subarray(read, filled))
    this.next = byteOffset
    this.end = byteOffset + filled
  }

  #read(at: number, length: number): number {
    try {
      return readSync(this.#fd, this.#buffer, at, length, null)
    } catch (cause) {
      throw damaged(this.#path, cause)
    }
  }
}

function damaged(path: string, cause?: unknown): ResourceError {
  return new ResourceError(damagedRun, {
    what: `${path} is damaged`,
    why: cause instanceof Error ? cause.message : 'it is not what was written while words were counted',
    mend: 'run the same command again: counting begins anew',
    cause,
  })
}
