import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'

/**
 * The words that are trained, most frequent first; equal counts are ordered by the words' bytes, so that the
 * order is the same everywhere.
 */
export class Vocabulary {
  /** How often each word stands in the corpus; 0 is possible for one that is only kept with the others. */
  readonly counts: Float64Array
  /** The words' bytes (UTF-8), one after the other. */
  readonly arena: Uint8Array
  /** Where each word begins in the arena; the last number is its end. */
  readonly offsets: Uint32Array
  readonly #text: Buffer

  constructor(counts: Float64Array, arena: Uint8Array, offsets: Uint32Array) {
    this.counts = counts
    this.arena = arena
    this.offsets = offsets
    this.#text = Buffer.from(arena.buffer, arena.byteOffset, arena.byteLength)
  }

  /**
   * Builds a vocabulary from counted words, in any order. A word's bytes need be valid only until the next is asked for.
   *
   * memory  about 70 bytes a word while it sorts. (An object a word would be 200, and the engine keeps a dead thread's
   *         pages for some seconds.)
   * onStep  told now and then that it goes on
   */
  static from(
    words: Iterable<[word: Uint8Array, count: number]>,
    minCount: number,
    onStep?: () => void,
  ): Vocabulary {
    let compared = 0
    const { counts, arena, offsets } = gather(words, minCount)
    const text = Buffer.from(arena.buffer)
    const order = Uint32Array.from(counts.keys()).sort((a, b) => {
      if ((++compared & 0xffff) === 0) onStep?.()
      return (
        counts[b]! - counts[a]! ||
        text.compare(text, offsets[b]!, offsets[b + 1]!, offsets[a]!, offsets[a + 1]!)
      )
    })
    const sorted = new Vocabulary(
      new Float64Array(counts.length),
      new Uint8Array(arena.length),
      new Uint32Array(offsets.length),
    )
    for (const [i, from] of order.entries()) {
      const [begin, end] = [offsets[from]!, offsets[from + 1]!]
      sorted.counts[i] = counts[from]!
      sorted.arena.set(arena.subarray(begin, end), sorted.offsets[i]!)
      sorted.offsets[i + 1] = sorted.offsets[i]! + end - begin
    }
    return sorted
  }

  get length(): number {
    return this.counts.length
  }

  word(i: number): string {
    // Of one view of the arena: millions of views and copies of words would be garbage.
    return this.#text.toString('utf8', this.offsets[i]!, this.offsets[i + 1]!)
  }

  bytes(i: number): Uint8Array {
    return this.arena.subarray(this.offsets[i]!, this.offsets[i + 1]!)
  }

  /** Its first words, without a copy. */
  first(count: number): Vocabulary {
    return new Vocabulary(
      this.counts.subarray(0, count),
      this.arena.subarray(0, this.offsets[count]!),
      this.offsets.subarray(0, count + 1),
    )
  }

  /** Occurrences of all its words together. */
  get totalCount(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** Writes `word<TAB>count` lines. */
  write(path: string): void {
    writeFileAtomically(path, (write) => {
      let lines: string[] = []
      for (let i = 0; i < this.length; i++) {
        lines.push(`${this.word(i)}\t${this.counts[i]}\n`)
        if (lines.length === 10_000 || i === this.length - 1) {
          write(Buffer.from(lines.join('')))
          lines = []
        }
      }
    })
  }

  /** throws  InputError with the line if the file is not what `write` writes */
  static async read(path: string): Promise<Vocabulary> {
    const bytes = await readFile(path).catch((cause) => {
      throw new InputError('VOCABULARY_UNREADABLE', {
        what: `cannot read ${path}`,
        why: cause.message,
        cause,
      })
    })
    let lines = 0
    for (const byte of bytes) if (byte === 10) lines++
    const counts = new Float64Array(lines)
    const offsets = new Uint32Array(lines + 1)
    const arena = new Uint8Array(bytes.length)
    // Bytes, not text: a reader of text may take a byte order mark away, or end lines elsewhere.
    let line = 0
    for (let from = 0; from < bytes.length; line++) {
      const end = bytes.indexOf(10, from)
      const tab = end < 0 ? -1 : bytes.lastIndexOf(9, end)
      const digits = end < 0 ? '' : bytes.toString('latin1', tab + 1, end)
      if (tab <= from || !/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(Number(digits))) {
        throw new InputError('VOCABULARY_DAMAGED', {
          what: `${path} is damaged`,
          why: `line ${line + 1} is not a word, a tab and a count`,
          mend: 'delete the run folder and train again, or bring the file back',
        })
      }
      counts[line] = Number(digits)
      arena.set(bytes.subarray(from, tab), offsets[line]!)
      offsets[line + 1] = offsets[line]! + tab - from
      from = end + 1
    }
    return new Vocabulary(counts, arena.slice(0, offsets[lines]!), offsets)
  }
}

/** Copies of the words that occur often enough, in the order in which they come. */
function gather(words: Iterable<[word: Uint8Array, count: number]>, minCount: number) {
  let counts = new Float64Array(1024)
  let offsets = new Uint32Array(1025)
  let arena = new Uint8Array(2 ** 14)
  let length = 0
  for (const [word, count] of words) {
    if (count < minCount) continue
    const begin = offsets[length]!
    const end = begin + word.length
    if (end > arena.length) arena = new Uint8Array(arena.buffer.transfer(Math.max(end, 2 * arena.length)))
    if (length === counts.length) {
      counts = new Float64Array(counts.buffer.transfer(2 * counts.byteLength))
      offsets = new Uint32Array(offsets.buffer.transfer(4 * (2 * length + 1)))
    }
    arena.set(word, begin)
    counts[length++] = count
    offsets[length] = end
  }
  return {
    counts: counts.subarray(0, length),
    arena: arena.subarray(0, offsets[length]!),
    offsets: offsets.subarray(0, length + 1),
  }
}
