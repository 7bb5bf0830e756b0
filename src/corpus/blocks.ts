import { closeSync, openSync, readSync } from 'node:fs'
import { assert, InputError, ResourceError } from '../core/errors.ts'
import type { CorpusFile } from './files.ts'

/** How far behind a multiple of the block size its boundary is looked for. */
export const searchBytes = 64 * 1024

/** Kernels read up to this many bytes past the end of a text. */
export const paddingBytes = 16

/**
 * The block size for a corpus, from its size alone, so that every thread has work: a 256th of it, as a power
 * of two from 64 KiB to 1 MiB.
 */
export function chooseBlockBytes(corpusBytes: number): number {
  return 2 ** Math.min(20, Math.max(16, Math.floor(Math.log2(Math.max(1, corpusBytes / 256)))))
}

/** A block: bytes [start, limit) of a file, before its boundaries are looked for. */
interface BlockPlace {
  file: number
  /** A multiple of the block size. */
  start: number
  /** The next multiple, or the end of the file. */
  limit: number
}

/** Numbers the blocks of a corpus, file after file. */
export class BlockTable {
  readonly files: CorpusFile[]
  readonly blockBytes: number
  readonly length: number
  readonly corpusBytes: number
  /** Number of the first block of each file. */
  readonly #firstBlock: number[]
  /** Offset of each file's first byte in the corpus. */
  readonly #firstByte: number[]

  constructor(files: CorpusFile[], blockBytes: number) {
    this.files = files
    this.blockBytes = blockBytes
    this.#firstBlock = []
    this.#firstByte = []
    let blocks = 0
    let bytes = 0
    for (const file of files) {
      this.#firstBlock.push(blocks)
      this.#firstByte.push(bytes)
      blocks += Math.ceil(file.bytes / blockBytes)
      bytes += file.bytes
    }
    this.length = blocks
    this.corpusBytes = bytes
  }

  place(block: number): BlockPlace {
    assert(block >= 0 && block < this.length, `block ${block} of ${this.length}`)
    let low = 0
    let high = this.files.length
    // The last file whose first block is not past this one; empty files own no block.
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#firstBlock[middle]! <= block) low = middle
      else high = middle
    }
    const start = (block - this.#firstBlock[low]!) * this.blockBytes
    return { file: low, start, limit: Math.min(start + this.blockBytes, this.files[low]!.bytes) }
  }

  /** Offset in the corpus of a byte of a file. */
  offset(file: number, byte: number): number {
    return this.#firstByte[file]! + byte
  }

  /** Bytes that a buffer needs to read any block. */
  get bufferBytes(): number {
    return this.blockBytes + searchBytes + paddingBytes
  }
}

/** A block as read: bytes [start, end) of the buffer are the records that it owns. */
export interface BlockText {
  start: number
  end: number
  /** Offset of the first owned byte in the corpus. */
  offset: number
  /** Whether it begins a file. */
  beginsFile: boolean
}

/** Reads blocks, one at a time, keeping the last file open. */
export class BlockReader {
  readonly #table: BlockTable
  #file = -1
  #fd = -1

  constructor(table: BlockTable) {
    this.#table = table
  }

  /**
   * Reads a block into `buffer` (at least `table.bufferBytes` long).
   *
   * throws  InputError if the file is gone or shorter than it was; ResourceError if it cannot be read
   */
  read(block: number, buffer: Uint8Array): BlockText {
    const { file, start, limit } = this.#table.place(block)
    const { bytes, path } = this.#table.files[file]!
    const wanted = Math.min(limit + searchBytes, bytes) - start
    this.#open(file, path)
    for (let done = 0; done < wanted; ) {
      const count = this.#readSome(path, buffer, done, wanted - done, start + done)
      if (count === 0) throw changed(path, `it ends at byte ${start + done}; it had ${bytes} bytes`)
      done += count
    }
    const text = buffer.subarray(0, wanted)
    const first = start === 0 ? 0 : findBoundary(text, 0)
    const last = limit === bytes ? wanted : findBoundary(text, limit - start)
    return {
      start: first,
      end: last,
      offset: this.#table.offset(file, start + first),
      beginsFile: start === 0,
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = this.#file = -1
  }

  #open(file: number, path: string): void {
    if (this.#file === file) return
    this.close()
    try {
      this.#fd = openSync(path, 'r')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw changed(path, 'it is gone')
      throw unreadable(path, cause)
    }
    this.#file = file
  }

  #readSome(path: string, buffer: Uint8Array, at: number, length: number, position: number): number {
    try {
      return readSync(this.#fd, buffer, at, length, position)
    } catch (cause) {
      throw unreadable(path, cause)
    }
  }
}

function unreadable(path: string, cause: unknown): ResourceError {
  return new ResourceError('CORPUS_READ', {
    what: `cannot read ${path}`,
    why: (cause as Error).message,
    mend: 'check the disk and the file, and run the same command again',
    cause,
  })
}

/** The corpus is not what was counted. */
export function changed(path: string, why: string): InputError {
  return new InputError('CORPUS_CHANGED', {
    what: `${path} changed during the run`,
    why,
    mend: 'bring the file back as it was and run the same command again, or train into a new folder',
  })
}

/**
 * Where a block begins that would begin at `from`: behind the first newline within 64 KiB, else behind the
 * first white space there, else at the next whole character. No byte before `from` matters.
 */
export function findBoundary(text: Uint8Array, from: number): number {
  const end = Math.min(from + searchBytes, text.length)
  const newline = text.subarray(from, end).indexOf(10)
  if (newline >= 0) return from + newline + 1
  for (let i = from; i < end; i++) {
    const length = whiteSpaceLength(text, i, end)
    if (length > 0) return i + length
  }
  let i = from
  // A character is 4 bytes at most; more continuation bytes in a row are not UTF-8.
  while (i < end && i < from + 3 && (text[i]! & 0xc0) === 0x80) i++
  return i
}

/** Bytes of the white space (Unicode's White_Space, in UTF-8) at `i`; 0 if there is none. */
export function whiteSpaceLength(text: Uint8Array, i: number, end: number): number {
  const byte = text[i]!
  if (byte === 0x20 || (byte >= 9 && byte <= 13)) return 1
  const length = byte === 0xc2 ? 2 : byte === 0xe1 || byte === 0xe2 || byte === 0xe3 ? 3 : 0
  if (length === 0 || i + length > end) return 0
  return wideSpaces.has((byte << 16) | (text[i + 1]! << 8) | (length === 3 ? text[i + 2]! : 0)) ? length : 0
}

const wideSpaces = new Set(
  [...'\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a']
    .concat([...'\u2028\u2029\u202f\u205f\u3000'])
    .map((space) => {
      const [a, b, c = 0] = Buffer.from(space)
      return (a! << 16) | (b! << 8) | c
    }),
)
