import { assert } from '../core/errors.ts'

/** A list of words. A word's place in the list is the row of its vector. */
export interface Words {
  readonly length: number
  word(index: number): string
  /** The word in UTF-8, without a copy: valid until a word is added. */
  bytes(index: number): Uint8Array
}

/**
 * Words in one UTF-8 arena, found again through a hash table of word numbers: no object per word,
 * so three million words take some 60 MB and not a GB.
 */
export class WordTable implements Words {
  readonly capacity: number
  #length = 0
  #arena: Uint8Array
  /** Where each word ends in the arena, and so where the next begins. */
  readonly #ends: Uint32Array
  /** Word number + 1, or 0 where free; linear probing, at most half full. */
  readonly #slots: Int32Array
  readonly #decoder = new TextDecoder()

  /** arenaBytes  of all words, if that is known; else it grows with them */
  constructor(capacity: number, arenaBytes = Math.max(64, capacity * 8)) {
    this.capacity = capacity
    this.#arena = new Uint8Array(arenaBytes)
    this.#ends = new Uint32Array(capacity)
    this.#slots = new Int32Array(slotCount(capacity))
  }

  /** What a table of known size takes: its words, and 12 to 20 bytes for each. */
  static bytesOf(capacity: number, arenaBytes: number): number {
    return arenaBytes + 4 * (capacity + slotCount(capacity))
  }

  static from(words: Iterable<string>): WordTable {
    const list = [...words]
    const table = new WordTable(list.length)
    for (const word of list) table.add(Buffer.from(word))
    return table
  }

  get length(): number {
    return this.#length
  }

  word(index: number): string {
    return this.#decoder.decode(this.bytes(index))
  }

  bytes(index: number): Uint8Array {
    assert(index >= 0 && index < this.#length, `word ${index} of ${this.#length}`)
    return this.#arena.subarray(index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index]!)
  }

  /** The word's number, or -1. */
  indexOf(word: string | Uint8Array): number {
    return this.#slots[this.#slotOf(typeof word === 'string' ? Buffer.from(word) : word)]! - 1
  }

  /** Adds a word and returns its number; -1 if it is there already. */
  add(bytes: Uint8Array): number {
    const slot = this.#slotOf(bytes)
    if (this.#slots[slot]! > 0) return -1
    assert(this.#length < this.capacity, `more than ${this.capacity} words`)
    const begin = this.#length === 0 ? 0 : this.#ends[this.#length - 1]!
    const end = begin + bytes.length
    if (end > this.#arena.length) this.#growTo(end)
    this.#arena.set(bytes, begin)
    this.#ends[this.#length] = end
    this.#slots[slot] = ++this.#length
    return this.#length - 1
  }

  /** The slot that holds the word, or the free one where it belongs. */
  #slotOf(bytes: Uint8Array): number {
    const last = this.#slots.length - 1
    let slot = hash(bytes) & last
    for (let entry: number; (entry = this.#slots[slot]!) > 0; slot = (slot + 1) & last)
      if (this.#equals(entry - 1, bytes)) break
    return slot
  }

  #equals(index: number, bytes: Uint8Array): boolean {
    const begin = index === 0 ? 0 : this.#ends[index - 1]!
    if (this.#ends[index]! - begin !== bytes.length) return false
    for (let i = 0; i < bytes.length; i++) if (this.#arena[begin + i] !== bytes[i]) return false
    return true
  }

  #growTo(bytes: number): void {
    assert(bytes < 2 ** 32, 'the words take more than 4 GiB')
    const grown = new Uint8Array(Math.min(2 ** 32 - 1, Math.max(bytes, this.#arena.length * 1.5)))
    grown.set(this.#arena)
    this.#arena = grown
  }
}

/** A power of two, at least twice as many as there may be words. */
function slotCount(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)))
}

/** FNV-1a, with a last mix since the table uses the lowest bits. */
function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193)
  return h ^ (h >>> 15)
}
