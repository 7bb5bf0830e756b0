const smallest = 2 ** 16

/**
 * Memory that is used again from batch to batch, for who writes each batch away before the next is made: to allocate
 * a typed array takes longer than to fill it with 64 numbers.
 */
export class BatchMemory {
  /** Where what `take` gave lies. */
  buffer = new ArrayBuffer(smallest)
  #used = 0

  /** Room for so many bytes, at a multiple of 8: where it begins in `buffer`, which may be another than before. */
  take(byteLength: number): number {
    if (this.#used + byteLength > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(Math.max(2 * this.buffer.byteLength, byteLength))
      this.#used = 0
    }
    const at = this.#used
    this.#used = at + byteLength + (-byteLength & 7)
    return at
  }

  /** Gives everything back: what was made in it is overwritten from now on. */
  reset(): void {
    this.#used = 0
  }
}
