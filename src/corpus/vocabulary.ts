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

  /** Builds a vocabulary from counted words, in any order. */
  static from(words: Iterable<[word: Uint8Array, count: number]>, minCount: number): Vocabulary {
    const kept = [...words].filter(([, count]) => count >= minCount)
    kept.sort(([wordA, countA], [wordB, countB]) => countB - countA || Buffer.compare(wordA, wordB))
    const offsets = new Uint32Array(kept.length + 1)
    for (const [i, [word]] of kept.entries()) offsets[i + 1] = offsets[i]! + word.length
    const arena = new Uint8Array(offsets[kept.length]!)
    for (const [i, [word]] of kept.entries()) arena.set(word, offsets[i]!)
    return new Vocabulary(
      Float64Array.from(kept, ([, count]) => count),
      arena,
      offsets,
    )
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
