import { ConfigError, InputError } from '../core/errors.ts'

// MT19937 (Matsumoto and Nishimura 1998): N words of state, which are twisted all at once.
// M the twist's offset · A its matrix's last row
const N = 624
const M = 397
const A = 0x9908b0df

/**
 * torch's generator on the CPU: `new TorchRandom(seed)` draws what `torch.Generator().manual_seed(seed)` draws.
 *
 * Equal to torch 1.13 (test/golden/torch-random.json). Like torch it takes remainders, so a range that is not small
 * beside 2^32 is drawn a little unevenly.
 */
export class TorchRandom {
  readonly #words = new Uint32Array(N)
  #next = N // the place of the next word, N when the words must be twisted first

  /** `seed` is any integer that fits in 64 bits, signed or not; of it torch uses the lower 32. */
  constructor(seed: number | bigint) {
    const words = this.#words
    words[0] = lower32(seed)
    for (let i = 1; i < N; i++) {
      const last = words[i - 1]!
      words[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i
    }
  }

  /** The next 32 bits. */
  next32(): number {
    if (this.#next === N) this.#twist()
    return temper(this.#words[this.#next++]!)
  }

  /** A whole number in 0 … 2^63-1, as `torch.empty((), dtype=torch.int64).random_()` draws a loader's base seed. */
  next64(): bigint {
    return BigInt.asUintN(63, this.#bits64())
  }

  /** A number in [0, 1) of 53 bits, as `torch.rand(dtype=torch.float64)` draws it. */
  nextDouble(): number {
    const high = this.next32() & 0x1fffff
    return (high * 2 ** 32 + this.next32()) / 2 ** 53
  }

  /**
   * A whole number in 0 … count-1, as `torch.randint(count, …)` draws it: 32 bits for a count below 2^32, else 64.
   *
   * throws  ConfigError if `count` is not a whole number from 1 to 2^53-1
   */
  below(count: number): number {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ConfigError('RANDOM_COUNT', {
        what: `cannot draw a number below ${count}`,
        mend: 'give a whole number from 1 to 2^53-1',
      })
    return count < 2 ** 32 ? this.next32() % count : Number(this.#bits64() % BigInt(count))
  }

  /**
   * The numbers 0 … count-1 in random order, as `torch.randperm(count)` gives them: 32 bits for each place, whatever
   * the count (in torch 1.13, seen up to 214,748,365).
   *
   * memory  4 bytes a number
   * throws  ConfigError if `count` is not a whole number from 0 to 2^32-1
   */
  permutation(count: number): Uint32Array {
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32)
      throw new ConfigError('RANDOM_COUNT', {
        what: `cannot permute ${count} numbers`,
        why: 'the count must be whole, and below 2^32',
        mend: 'shuffle a larger stream in windows, or its blocks',
      })
    const order = new Uint32Array(count)
    for (let i = 0; i < count; i++) order[i] = i
    const words = this.#words
    for (let i = 0; i < count - 1; ) {
      if (this.#next === N) this.#twist()
      const start = this.#next
      const taken = Math.min(N - start, count - 1 - i)
      for (let k = start; k < start + taken; k++, i++) {
        const other = i + (temper(words[k]!) % ((count - i) >>> 0))
        const swap = order[i]!
        order[i] = order[other]!
        order[other] = swap
      }
      this.#next = start + taken
    }
    return order
  }

  /** Passes `count` draws of 32 bits. */
  skip(count: number): void {
    while (count > 0) {
      if (this.#next === N) this.#twist()
      const taken = Math.min(N - this.#next, count)
      this.#next += taken
      count -= taken
    }
  }

  /** The place in the sequence, 3336 characters whatever was drawn; `TorchRandom.from` goes on from there. */
  state(): string {
    const bytes = Buffer.alloc(4 * (N + 1))
    for (const [i, word] of this.#words.entries()) bytes.writeUInt32LE(word, 4 * i)
    bytes.writeUInt32LE(this.#next, 4 * N)
    return bytes.toString('base64')
  }

  /**
   * A generator that goes on where `state()` was called.
   *
   * throws  InputError if the text is no such state
   */
  static from(state: string): TorchRandom {
    const bytes = Buffer.from(state, 'base64')
    if (bytes.length !== 4 * (N + 1) || bytes.readUInt32LE(4 * N) > N)
      throw new InputError('RANDOM_STATE', {
        what: 'this is no state of a random generator',
        why: `it holds ${bytes.length} bytes; a state has ${4 * (N + 1)}`,
      })
    const random = new TorchRandom(0)
    for (let i = 0; i < N; i++) random.#words[i] = bytes.readUInt32LE(4 * i)
    random.#next = bytes.readUInt32LE(4 * N)
    return random
  }

  /** Two draws, the upper half first. */
  #bits64(): bigint {
    const high = BigInt(this.next32())
    return (high << 32n) | BigInt(this.next32())
  }

  #twist(): void {
    const words = this.#words
    let i = 0
    for (; i < N - M; i++) words[i] = words[i + M]! ^ mix(words[i]!, words[i + 1]!)
    for (; i < N - 1; i++) words[i] = words[i + M - N]! ^ mix(words[i]!, words[i + 1]!)
    words[N - 1] = words[M - 1]! ^ mix(words[N - 1]!, words[0]!)
    this.#next = 0
  }
}

/** The upper bit of one word and the lower bits of the next, times the matrix. */
function mix(word: number, following: number): number {
  const joined = (word & 0x80000000) | (following & 0x7fffffff)
  return (joined >>> 1) ^ (-(following & 1) & A)
}

function temper(word: number): number {
  let y = word ^ (word >>> 11)
  y ^= (y << 7) & 0x9d2c5680
  y ^= (y << 15) & 0xefc60000
  return (y ^ (y >>> 18)) >>> 0
}

function lower32(seed: number | bigint): number {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed) ? BigInt(seed) : undefined
  if (whole === undefined || whole < -(2n ** 63n) || whole >= 2n ** 64n)
    throw new ConfigError('RANDOM_SEED', {
      what: `${seed} cannot be a seed`,
      why: 'a seed is a whole number that fits in 64 bits',
      mend: 'give a number up to 2^53-1, or a bigint for a larger one',
    })
  return Number(BigInt.asUintN(32, whole))
}
