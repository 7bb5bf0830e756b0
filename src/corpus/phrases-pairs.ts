import { assert } from '../core/errors.ts'

/** Words are numbered below this, as many as a word table holds, so that a pair is one exact float64. */
const wordLimit = 2 ** 24

/** A pair of words as one number; pairs in the order of their keys are in the order of their first words. */
function pairKey(first: number, second: number): number {
  return first * wordLimit + second
}

export function wordsOfPair(key: number): [first: number, second: number] {
  const first = Math.floor(key / wordLimit)
  return [first, key - first * wordLimit]
}

const slotBytes = 16
const firstSlots = 64

/**
 * Pairs of words and their counts, exact up to 2^53: a hash table, open addressing, in one array.
 *
 * memory  16 bytes a slot, at most 5 of 8 slots taken; half as much again while it grows or is sorted. It stays
 *         within `limitBytes`, all of that counted
 */
export class PairTable {
  /** Key and count of each slot in turn; a count of 0 is a free slot. */
  #slots: Float64Array
  #mask = firstSlots - 1
  #length = 0
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: what nobody keeps, the engine might not fetch
  #fetched = 0
  readonly #maxSlots: number

  constructor(limitBytes = Number.POSITIVE_INFINITY) {
    const most = Math.min(2 ** 30, limitBytes / (1.5 * slotBytes))
    this.#maxSlots = 2 ** Math.floor(Math.log2(most))
    assert(this.#maxSlots >= firstSlots, `${limitBytes} bytes for a table of pairs`)
    this.#slots = new Float64Array(2 * firstSlots)
  }

  /** Distinct pairs. */
  get length(): number {
    return this.#length
  }

  /** Counts a pair once more. False if it is new and there is no room: nothing was counted. */
  add(first: number, second: number): boolean {
    const slots = this.#slots
    const mask = this.#mask
    const key = pairKey(first, second)
    let slot = hashPair(first, second) & mask
    for (let count = slots[2 * slot + 1]!; count > 0; count = slots[2 * slot + 1]!) {
      if (slots[2 * slot] === key) {
        slots[2 * slot + 1] = count + 1
        return true
      }
      slot = (slot + 1) & mask
    }
    if (this.#length * 8 >= (mask + 1) * 5) {
      if (!this.#grow()) return false
      this.#place(key, 1)
    } else {
      slots[2 * slot] = key
      slots[2 * slot + 1] = 1
    }
    this.#length++
    return true
  }

  /**
   * Reads the slots of the pairs of neighbours in [from, end), so that they are on their way from memory together when
   * each is counted: a third less time for a table that no cache holds.
   */
  fetch(words: Uint32Array, from: number, end: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let sum = 0
    for (let i = Math.max(1, from); i < end; i++) {
      sum += slots[2 * (hashPair(words[i - 1]!, words[i]!) & mask)]!
    }
    this.#fetched = sum
  }

  /** How often a pair was counted; 0 if never. */
  count(first: number, second: number): number {
    const slots = this.#slots
    const key = pairKey(first, second)
    for (let slot = hashPair(first, second) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const count = slots[2 * slot + 1]!
      if (count === 0 || slots[2 * slot] === key) return count
    }
  }

  /** Calls back with each pair, in no order. */
  forEach(visit: (key: number, count: number) => void): void {
    const slots = this.#slots
    for (let i = 0; i < slots.length; i += 2) if (slots[i + 1]! > 0) visit(slots[i]!, slots[i + 1]!)
  }

  /** Calls back with each pair, in the order of the keys. */
  forEachInOrder(visit: (key: number, count: number) => void): void {
    const keys = new Float64Array(this.#length)
    let length = 0
    this.forEach((key) => {
      keys[length++] = key
    })
    for (const key of keys.sort()) visit(key, this.count(...wordsOfPair(key)))
  }

  /** Forgets all pairs; the memory stays. */
  clear(): void {
    this.#slots.fill(0)
    this.#length = 0
  }

  /** Twice the slots, with every pair entered anew; false if that is more than the limit. */
  #grow(): boolean {
    const old = this.#slots
    // `old.length` is twice the slots that there were.
    if (old.length > this.#maxSlots) return false
    this.#slots = new Float64Array(2 * old.length)
    this.#mask = old.length - 1
    for (let i = 0; i < old.length; i += 2)
      if (old[i + 1]! > 0)
        this.#place(old[i]!, old[i + 1]!)
        // Gives the memory back now, and not when garbage is next collected.
    ;(old.buffer as ArrayBuffer).transfer(0)
    return true
  }

  #place(key: number, count: number): void {
    const slots = this.#slots
    let slot = hashPair(...wordsOfPair(key)) & this.#mask
    while (slots[2 * slot + 1]! > 0) slot = (slot + 1) & this.#mask
    slots[2 * slot] = key
    slots[2 * slot + 1] = count
  }
}

/** 32 bits in which each bit of both numbers tells. */
function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return hash ^ (hash >>> 15)
}
