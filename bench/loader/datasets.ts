// What is read, as a user would write it: samples come one by one out of a generator, which takes its worker's share.
// peers/torch-loader.py has the same, step by step.
import { closeSync, openSync, readSync } from 'node:fs'
import { getWorkerInfo, IterableDataset } from '../../src/loader/index.ts'

const newline = 0x0a
/** Of 16 KiB to 1 MiB the fastest, here and in Python. */
const pieceBytes = 2 ** 16

/** 0, 1, 2, …: each worker a stretch of them. */
export class Integers extends IterableDataset<number> {
  static readonly module = import.meta.url
  readonly count: number

  constructor(count: number) {
    super()
    this.count = count
  }

  *[Symbol.iterator](): Generator<number> {
    const [begin, end] = shareOf(this.count)
    for (let i = begin; i < end; i++) yield i
  }
}

/** The lines in the first `bytes` of a text, `repeats` times: each worker those that begin in its part of the file. */
export class Lines extends IterableDataset<string> {
  static readonly module = import.meta.url
  readonly path: string
  readonly bytes: number
  readonly repeats: number

  constructor(path: string, bytes: number, repeats: number) {
    super()
    this.path = path
    this.bytes = bytes
    this.repeats = repeats
  }

  [Symbol.iterator](): Generator<string> {
    const [begin, end] = shareOf(this.bytes)
    return linesOf(this.path, begin, end, this.repeats)
  }
}

function shareOf(size: number): [begin: number, end: number] {
  const { id, numWorkers } = getWorkerInfo() ?? { id: 0, numWorkers: 1 }
  return [Math.floor((size * id) / numWorkers), Math.floor((size * (id + 1)) / numWorkers)]
}

/** The lines of a file that begin from `from` up to `to`, without their ends, so many times. */
export function* linesOf(path: string, from: number, to: number, repeats: number): Generator<string> {
  const file = openSync(path, 'r')
  try {
    const begin = lineFrom(file, from)
    const end = lineFrom(file, to)
    let buffer = Buffer.allocUnsafe(pieceBytes)
    for (let pass = 0; pass < repeats; pass++) {
      // What is left of the last piece read: the begin of a line.
      let kept = 0
      for (let at = begin; at < end; ) {
        const length = readSync(file, buffer, kept, Math.min(end - at, buffer.length - kept), at)
        if (length === 0) throw new Error(`${path} is shorter than it was`)
        at += length
        const cut = buffer.lastIndexOf(newline, kept + length - 1) + 1
        const lines = buffer.toString('utf8', 0, cut).split('\n')
        for (let i = 0; i < lines.length - 1; i++) yield lines[i]!
        buffer.copy(buffer, 0, cut, kept + length)
        kept += length - cut
        // A line as long as the buffer.
        if (kept === buffer.length) buffer = Buffer.concat([buffer], 2 * kept)
      }
    }
  } finally {
    closeSync(file)
  }
}

/** Where the first line begins that begins at `at` or later. */
function lineFrom(file: number, at: number): number {
  if (at === 0) return 0
  const buffer = Buffer.allocUnsafe(2 ** 16)
  for (let from = at - 1; ; from += buffer.length) {
    const length = readSync(file, buffer, 0, buffer.length, from)
    const found = buffer.subarray(0, length).indexOf(newline)
    if (found >= 0) return from + found + 1
    if (length < buffer.length) return from + length
  }
}
