/**
 * sfc32 (Chris Doty-Humphrey's PractRand): random numbers from 32-bit arithmetic, where the 64-bit ones of `core`
 * would cost more than the stage that draws them.
 */
export class QuickRandom {
  #a: number
  #b: number
  #c = 0
  #counter = 1

  constructor(seed: bigint) {
    this.#a = Number(seed & 0xffffffffn) | 0
    this.#b = Number((seed >> 32n) & 0xffffffffn) | 0
    for (let i = 0; i < 12; i++) this.next32()
  }

  /** The next 32 bits, as a whole number >= 0. */
  next32(): number {
    const mixed = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + mixed) | 0
    return mixed >>> 0
  }

  /** A whole number in 0 … count-1, by multiplication. */
  below(count: number): number {
    return Math.floor((this.next32() * count) / 0x1_0000_0000)
  }
}
