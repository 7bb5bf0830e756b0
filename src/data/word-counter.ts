import { whiteSpaceLength } from '../corpus/blocks.ts'

/**
 * Counts white-space words in bytes that come in pieces, and cuts behind the `limit`-th of them. White space is
 * Unicode's White_Space, as in training.
 */
export class WordCounter {
  words = 0
  /** Whether the last word that is wanted has ended. */
  isFull = false
  readonly #limit: number
  #inWord = false
  /** The beginning of a character that may be a space: one or two bytes. */
  #carry = new Uint8Array(0)

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  /** Counts a piece. Returns the bytes that now are known to belong to the text, up to the end of the last word. */
  add(piece: Uint8Array): Uint8Array {
    const text = this.#carry.length > 0 ? Buffer.concat([this.#carry, piece]) : piece
    const end = text.length - cutCharacter(text)
    const limit = this.#limit
    let { words } = this
    let inWord = this.#inWord
    let i = 0
    while (i < end) {
      const byte = text[i]!
      // Most bytes are ASCII's, or continue a character that is no space.
      const length = byte > 0x20 && (byte < 0xc2 || byte > 0xe3) ? 0 : whiteSpaceLength(text, i, end)
      if (length === 0) {
        if (!inWord) words++
        inWord = true
        i++
      } else {
        if (inWord && words === limit) break
        inWord = false
        i += length
      }
    }
    this.words = words
    this.#inWord = inWord
    this.isFull = i < end
    this.#carry = text.slice(end)
    return text.subarray(0, i)
  }

  /** The end of a file, which ends a word too. Returns the bytes that were waiting for more. */
  endFile(): Uint8Array {
    const rest = this.#carry
    if (rest.length > 0 && !this.#inWord) this.words++
    this.#carry = new Uint8Array(0)
    this.#inWord = false
    this.isFull = this.words === this.#limit
    return rest
  }
}

/** How many bytes at the end may be the beginning of a space of which the rest is not there yet. */
function cutCharacter(text: Uint8Array): number {
  const last = text[text.length - 1]!
  if (last === 0xc2 || (last >= 0xe1 && last <= 0xe3)) return 1
  const before = text[text.length - 2]!
  return before >= 0xe1 && before <= 0xe3 && (last & 0xc0) === 0x80 ? 2 : 0
}
