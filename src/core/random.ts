// SplitMix64 (Steele, Lea, Flood 2014): the state is a counter, so streams are seeded by adding, and the
// kernels and this file draw the same numbers.

const mask = (1n << 64n) - 1n
const gamma = 0x9e3779b97f4a7c15n

/** The finaliser of SplitMix64: every bit of the input moves every bit of the output. */
export function mix64(value: bigint): bigint {
  let z = value & mask
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask
  return z ^ (z >> 31n)
}

/** A 64-bit seed for one purpose, from whole numbers such as (seed, epoch, block). */
export function deriveSeed(...parts: number[]): bigint {
  return parts.reduce((state, part) => mix64(state + gamma + BigInt(part)), 0n)
}

/** A stream of random numbers. Slow and exact: the kernels' reference, and good for small work. */
export class Random {
  #state: bigint

  constructor(seed: bigint) {
    this.#state = seed & mask
  }

  /** The next 64 bits. */
  next64(): bigint {
    this.#state = (this.#state + gamma) & mask
    return mix64(this.#state)
  }

  /** A whole number in 0 … count-1, from the upper 32 bits by multiplication. */
  below(count: number): number {
    return Number(((this.next64() >> 32n) * BigInt(count)) >> 32n)
  }
}

/** The numbers 0 … count-1 in a random order (Fisher–Yates). */
export function permutation(count: number, seed: bigint): Uint32Array {
  const random = new Random(seed)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const swap = order[i]!
    order[i] = order[j]!
    order[j] = swap
  }
  return order
}
