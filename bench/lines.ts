const newline = 0x0a
const space = 0x20

/** Cuts text into lines of at most `limit` words, chunk by chunk: one blank between words, no empty line. */
export class LineCutter {
  /** Words seen. */
  words = 0
  readonly #limit: number
  #inLine = 0
  #inWord = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The next chunk, cut. */
  push(chunk: Uint8Array): Uint8Array {
    // A blank of an earlier chunk may be written with the first word of this one.
    const out = new Uint8Array(chunk.length + 1)
    let length = 0
    for (const byte of chunk) {
      if (isBlank(byte)) {
        // The line is full where it ends.
        if (byte === newline && this.#inLine > 0) this.#inLine = this.#limit
        this.#inWord = false
        continue
      }
      if (!this.#inWord) {
        if (this.words > 0) out[length++] = this.#inLine === this.#limit ? newline : space
        this.#inLine = this.#inLine === this.#limit ? 1 : this.#inLine + 1
        this.#inWord = true
        this.words++
      }
      out[length++] = byte
    }
    return out.subarray(0, length)
  }
}

function isBlank(byte: number): boolean {
  return byte === space || (byte >= 0x09 && byte <= 0x0d)
}
