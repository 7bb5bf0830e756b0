import { loadKernel } from '../runtime/wasm.ts'
import { BlockReader, BlockTable, chooseBlockBytes, paddingBytes, whiteSpaceLength } from './blocks.ts'
import type { CorpusFile } from './files.ts'
import { growthFactor, prepareText, type Tokenizer } from './tokenizer.ts'
import { longestWordBytes, tablePointer, WordTable } from './word-table.ts'

/** Exports of kernels/phrases.ts. */
interface PhrasesKernel {
  numberWords(
    table: number,
    text: number,
    length: number,
    minCount: number,
    longest: number,
    numbers: number,
  ): number
  joinWords(text: number, length: number, separators: number, out: number): number
}

/** Stands for a word that was counted too seldom, or is longer than 1000 bytes. The kernel has it too. */
export const rareWord = 0xfffffffe
/** Stands for a newline. The kernel has it too. */
export const lineEnd = 0xffffffff

/** A block, ready for the kernels; valid until the next one is read. */
export interface PhraseBlock {
  bytes: Uint8Array
  beginsFile: boolean
  /** Whether its first word is the rest of the last one before: a word so long that the block's end cut it. */
  continuesWord: boolean
  /** Invalid UTF-8 sequences replaced by U+FFFD. */
  replaced: number
  /** Of its first byte in the corpus. */
  offset: number
}

/** A corpus that is read several times: its words counted, numbered by the order in which they first come, joined. */
export class PhraseText {
  readonly blocks: BlockTable
  readonly #tokenizer: Tokenizer
  readonly #hasMarks: boolean
  readonly #table: WordTable
  readonly #kernel: PhrasesKernel
  readonly #prepared: Uint8Array
  readonly #numbers: Uint32Array
  readonly #out: Uint8Array
  /** A byte for each number of a block, for `joined`. */
  readonly separators: Uint8Array

  /** hasMarks: whether a file may begin with a byte order mark, which is no part of the text. */
  constructor(files: CorpusFile[], tokenizer: Tokenizer, hasMarks: boolean) {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    this.blocks = new BlockTable(files, chooseBlockBytes(bytes))
    this.#tokenizer = tokenizer
    this.#hasMarks = hasMarks
    // All that a block becomes lies behind the prepared text: 4 bytes for each number, its separator, the text joined.
    const { bufferBytes } = this.blocks
    const longest = Math.ceil((growthFactor * bufferBytes + paddingBytes) / 16) * 16
    this.#table = new WordTable(this.blocks.corpusBytes, bufferBytes, 7 * longest)
    this.#kernel = loadKernel<PhrasesKernel>('phrases', this.#table.memory)
    const { buffer, byteOffset } = this.#table.preparedBuffer
    this.#prepared = new Uint8Array(buffer, byteOffset, longest)
    this.#numbers = new Uint32Array(buffer, byteOffset + longest, longest)
    this.separators = new Uint8Array(buffer, byteOffset + 5 * longest, longest)
    this.#out = new Uint8Array(buffer, byteOffset + 6 * longest, longest)
  }

  /**
   * Reads the corpus, block by block.
   *
   * throws  as `BlockReader.read`
   */
  forEachBlock(visit: (block: PhraseBlock) => void): void {
    const reader = new BlockReader(this.blocks)
    const { rawBuffer } = this.#table
    let endsInWord = false
    try {
      for (let block = 0; block < this.blocks.length; block++) {
        const { start, end, offset, beginsFile } = reader.read(block, rawBuffer)
        const { bytes, replaced } = this.#prepare(rawBuffer.subarray(start, end), beginsFile)
        const continuesWord = endsInWord && !beginsFile && bytes.length > 0 && !beginsInSpace(bytes)
        visit({ bytes, beginsFile, continuesWord, replaced, offset })
        endsInWord = bytes.length > 0 && !endsInSpace(bytes)
      }
    } finally {
      reader.close()
    }
  }

  /** Counts the words of a block. */
  count({ bytes }: PhraseBlock): void {
    this.#table.count(bytes)
  }

  /** Counts and lengths of all words that were counted, by number; words longer than 1000 bytes are not there. */
  words(): { counts: Float64Array; lengths: Uint16Array; overlong: number } {
    const counts = new Float64Array(this.#table.length)
    const lengths = new Uint16Array(this.#table.length)
    let number = 0
    for (const [word, count] of this.#table.words(1)) {
      counts[number] = count
      lengths[number++] = word.length
    }
    return { counts, lengths, overlong: this.#table.overlong }
  }

  /** The words of some numbers. */
  names(numbers: Set<number>): Map<number, string> {
    const names = new Map<number, string>()
    let number = 0
    for (const [word] of this.#table.words(1)) {
      if (numbers.has(number)) names.set(number, Buffer.from(word).toString())
      number++
    }
    return names
  }

  /**
   * The words of a block as numbers: `rareWord` for those counted less than `minCount` times, `lineEnd` for each
   * newline. Valid until the next call.
   */
  numbers({ bytes, continuesWord }: PhraseBlock, minCount: number): Uint32Array {
    const length = this.#kernel.numberWords(
      tablePointer,
      bytes.byteOffset,
      bytes.length,
      Math.min(minCount, 0xffffffff),
      longestWordBytes,
      this.#numbers.byteOffset,
    )
    // The rest of a word is none.
    if (continuesWord) this.#numbers[0] = rareWord
    return this.#numbers.subarray(0, length)
  }

  /** The words of a block again, each behind its byte of `separators`, if that is not 0. Valid until the next call. */
  joined({ bytes }: PhraseBlock): Uint8Array {
    const { byteOffset } = this.separators
    const length = this.#kernel.joinWords(bytes.byteOffset, bytes.length, byteOffset, this.#out.byteOffset)
    return this.#out.subarray(0, length)
  }

  #prepare(raw: Uint8Array, beginsFile: boolean): { bytes: Uint8Array; replaced: number } {
    const { bytes, inPlace, replaced } = prepareText(
      raw,
      beginsFile && this.#hasMarks,
      this.#tokenizer,
      (text) => this.#table.lowerWords(text),
    )
    if (inPlace) return { bytes, replaced }
    this.#prepared.set(bytes)
    return { bytes: this.#prepared.subarray(0, bytes.length), replaced }
  }
}

function beginsInSpace(text: Uint8Array): boolean {
  return whiteSpaceLength(text, 0, text.length) > 0
}

function endsInSpace(text: Uint8Array): boolean {
  const end = text.length
  return [1, 2, 3].some((length) => length <= end && whiteSpaceLength(text, end - length, end) === length)
}
