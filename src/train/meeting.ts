import { availableParallelism } from 'node:os'
import type { SharedModel } from '../word2vec/index.ts'

// In ints of 4 bytes; a cache line is 16 of them. T threads.
const line = 16
/** Stands in the control word where a thread has failed. */
export const aborted = 2
/**
 * Looks before a thread sleeps, and leaves its core to others: about 50 µs, what a lane takes. With more
 * threads than cores, who is waited for may be waiting for this core.
 */
const spinLimit = 20_000
const crowdedSpinLimit = 50

/** A round: as many blocks as there are threads at work on them. */
export interface Round {
  /** In the epoch's order, of the first block; −1 to end. */
  place: number
  /** Threads at work: the first ones. */
  active: number
}

/** What the thread that prepared a block tells the others. */
export interface PreparedBlock {
  /** Words and breaks that subsampling left. */
  kept: number
  words: number
  records: number
  hash: bigint
}

/** Thrown out of a wait when another thread has failed. */
export class Aborted extends Error {}

/**
 * Where threads that share lanes meet. Each has a counter in a cache line of its own, which it alone writes: "I have
 * come to meeting n". Whoever has seen all counters at n sees all that was written before.
 *
 * The first thread leads: it alone announces rounds, and says with each from which number on meetings are counted, so
 * that a thread that sat out some rounds is in step again.
 */
export class Meeting {
  readonly #ints: Int32Array
  readonly #control: Int32Array
  readonly #thread: number
  readonly #threads: number
  /** For each lane the last meeting before it was claimed. */
  readonly #lanes: number
  readonly #spinLimit: number
  #active = 1
  #met = 0
  #round = 0

  constructor(model: SharedModel, thread: number) {
    const { layout, memories } = model
    this.#threads = layout.threads.length
    this.#ints = new Int32Array(memories[0]!.buffer, layout.meeting, line * (2 + 3 * this.#threads))
    this.#lanes = line * (1 + 3 * this.#threads)
    this.#control = new Int32Array(memories[0]!.buffer, layout.control, 2)
    this.#thread = thread
    this.#spinLimit = this.#threads > availableParallelism() ? crowdedSpinLimit : spinLimit
  }

  /** The leader's part: sets the first `active` threads to work, or lets all end. */
  announce({ place, active }: Round): void {
    this.#active = active
    this.#round = (this.#round + 1) | 0
    const at = roundPlace(this.#round)
    this.#ints[at] = place
    this.#ints[at + 1] = active
    this.#ints[at + 2] = this.#met
    Atomics.store(this.#ints, 0, this.#round)
    Atomics.notify(this.#ints, 0)
  }

  /** The others' part: the next round that is theirs, or the end. */
  nextRound(): Round {
    for (;;) {
      this.#await(0, (this.#round + 1) | 0)
      this.#round = Atomics.load(this.#ints, 0)
      const at = roundPlace(this.#round)
      const round = { place: this.#ints[at]!, active: this.#ints[at + 1]! }
      const met = this.#ints[at + 2]!
      // Rounds that are not this thread's go on without it: what was read may be of the one after the next.
      if (Atomics.load(this.#ints, 0) !== this.#round) {
        this.#round = (this.#round - 1) | 0
        continue
      }
      this.#met = met
      this.#active = round.active
      if (round.place < 0 || this.#thread < round.active) return round
    }
  }

  /** Waits until all threads at work have come here. */
  meet(): void {
    if (this.#active === 1) return
    this.#met = (this.#met + 1) | 0
    const mine = line * (1 + this.#thread)
    Atomics.store(this.#ints, mine, this.#met)
    if (Atomics.load(this.#ints, 4) > 0) Atomics.notify(this.#ints, mine)
    for (let thread = 0; thread < this.#active; thread++) this.#await(line * (1 + thread), this.#met)
  }

  /** Claims a lane until the next meeting; it is one thread's. */
  claim(lane: number): boolean {
    if (this.#active === 1) return true
    const at = this.#lanes + lane
    const before = Atomics.load(this.#ints, at)
    return before !== this.#met && Atomics.compareExchange(this.#ints, at, before, this.#met) === before
  }

  /** Tells of a block that this thread prepared. Two rounds' are kept apart: a slow thread may still read the last. */
  tell({ kept, words, records, hash }: PreparedBlock): void {
    const at = this.#told(this.#thread)
    this.#ints[at] = kept
    this.#ints[at + 1] = words
    this.#ints[at + 2] = records
    this.#ints[at + 3] = Number(BigInt.asIntN(32, hash))
    this.#ints[at + 4] = Number(BigInt.asIntN(32, hash >> 32n))
  }

  /** What a thread told before the last meeting. */
  hear(thread: number): PreparedBlock {
    const at = this.#told(thread)
    const [kept, words, records, low, high] = this.#ints.subarray(at, at + 5)
    const hash = BigInt.asUintN(64, (BigInt(high!) << 32n) | BigInt.asUintN(32, BigInt(low!)))
    return { kept: kept!, words: words!, records: records!, hash }
  }

  /** Lets all threads that wait end. */
  abort(): void {
    Atomics.store(this.#control, 1, aborted)
    for (let at = 0; at < this.#ints.length; at += line) Atomics.notify(this.#ints, at)
  }

  #told(thread: number): number {
    return line * (1 + this.#threads * (1 + (this.#round & 1)) + thread)
  }

  /** Waits, spinning for a while and then asleep, until a counter has come to a number. Counters may wrap around. */
  #await(at: number, number: number): void {
    const ints = this.#ints
    for (let spins = 0; spins < this.#spinLimit; spins++)
      if (((Atomics.load(ints, at) - number) | 0) >= 0) return
    // Counted before it looks again: who stores the value after that sees a sleeper, and wakes it.
    Atomics.add(ints, 4, 1)
    try {
      for (;;) {
        const value = Atomics.load(ints, at)
        if (((value - number) | 0) >= 0) return
        if (Atomics.load(this.#control, 1) === aborted) throw new Aborted('another thread failed')
        Atomics.wait(ints, at, value, 100)
      }
    } finally {
      Atomics.sub(ints, 4, 1)
    }
  }
}

/** Where a round is announced: two are kept apart. */
function roundPlace(round: number): number {
  return 6 + 3 * (round & 1)
}
