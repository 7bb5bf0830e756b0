// One worker's way to the consumer: a ring of bytes in shared memory, with one writer and one reader.
//
// Records lie one after the other, each with a header of 48 bytes, all at multiples of 8; one that does not fit
// before the end starts at 0, and `jumpAt` says that it does. A record is there for the reader when `published` counts it; what
// the writer left half done when it died was never published. So a new writer can take the ring over where the
// published records end.
//
// Order that makes it safe: the writer fills a record, then raises `published`; the reader is done with a record,
// then moves `readAt`, then raises `consumed`. The writer reads `consumed` before `readAt`, so that what it takes
// for free is free.

import { setTimeout as nap } from 'node:timers/promises'
import { assert } from '../core/errors.ts'

// The words of `control`, of 4 bytes each; counts wrap around at 2^32. What the writer writes and what the reader
// writes lie in cache lines of their own (128 bytes, as lines are fetched in pairs), and so does what changes with
// every sample.
const published = 0
/** The writer waits until no more than this many records are unread, plus one; 0 when it does not wait. */
const writerWaits = 1
/** `jumpOf` the record that starts at 0 again; 0 when the reader has found it there. */
const jumpAt = 2
const consumed = 32
/** Where the oldest record starts that the reader still holds, in units of 8 bytes. */
const readAt = 33
const readerWaits = 34
/** The pass that the worker is to work on; anything else than its own ends that. */
const passWord = 35
/** What the worker is doing, for who has to tell of its death: `Doing`, the lane; then the sample, as a float64. */
const doingWord = 64
const laneWord = 65
const placeFloat = 33
const controlBytes = 384

export const headerBytes = 48
/** A ring is used from its start only as far as needed, so that small batches touch little memory. */
const firstExtent = 1 << 20

/** How long the reader naps while batches come fast. */
const napMs = 1

/** What stands in a record. */
export const recordKinds = ['batch', 'end', 'error', 'dropped'] as const
export type RecordKind = (typeof recordKinds)[number]

/** What a worker may be doing. */
export const doings = ['starting', 'workerInit', 'opening', 'next', 'get', 'collate', 'waiting'] as const
export type Doing = (typeof doings)[number]

export interface Header {
  kind: RecordKind
  lane: number
  /** The pass that the record belongs to; older ones are left over from a pass that was broken off. */
  pass: number
  /** Where in the ring the payload lies. */
  payloadAt: number
  payloadBytes: number
  /** The lane's cursor behind this record: a number; or if that is null, JSON in UTF-8 right behind the payload. */
  cursorNumber: number | null
  cursorAt: number
  cursorBytes: number
  /** The lane's place behind this record: samples pulled. */
  position: number
  /** Samples in the batch. */
  samples: number
  /** Whether the lane was found to be sharded by its user. */
  userShards: boolean
}

export interface RingMemory {
  control: SharedArrayBuffer
  bytes: SharedArrayBuffer
}

export function allocateRing(ringBytes: number): RingMemory {
  return {
    control: new SharedArrayBuffer(controlBytes),
    bytes: new SharedArrayBuffer(Math.ceil(ringBytes / 8) * 8),
  }
}

abstract class RingEnd {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly places: Float64Array<SharedArrayBuffer>
  readonly words: Int32Array<SharedArrayBuffer>
  readonly floats: Float64Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly buffer: SharedArrayBuffer

  constructor(memory: RingMemory) {
    this.control = new Int32Array(memory.control)
    this.places = new Float64Array(memory.control)
    this.buffer = memory.bytes
    this.words = new Int32Array(memory.bytes)
    this.floats = new Float64Array(memory.bytes)
    this.bytes = new Uint8Array(memory.bytes)
  }

  get unread(): number {
    return (Atomics.load(this.control, published) - Atomics.load(this.control, consumed)) | 0
  }
}

/** The worker's end. */
export class RingWriter extends RingEnd {
  #at: number
  #extent: number
  readonly #mostUnread: number
  readonly #roomFor: number

  /**
   * at          where the published records end
   * mostUnread  how many records may wait for the reader
   * roomFor     how many of the largest records so far the part of the ring in use is to hold
   */
  constructor(
    memory: RingMemory,
    at: number,
    { mostUnread, roomFor }: { mostUnread: number; roomFor: number },
  ) {
    super(memory)
    this.#at = at
    this.#extent = Math.max(Math.min(firstExtent, this.bytes.length), at)
    this.#mostUnread = mostUnread
    this.#roomFor = roomFor
  }

  /** The largest payload that can ever fit, the cursor's JSON included. */
  get mostPayload(): number {
    return this.bytes.length - headerBytes - 16
  }

  /** The offset for a record with so much behind its header, or -1 if there is no room for it now. */
  reserve(payloadBytes: number): number {
    const bytes = roundUp(headerBytes + payloadBytes)
    if (this.#extent < bytes * this.#roomFor)
      this.#extent = Math.min(this.bytes.length, Math.max(bytes * this.#roomFor, this.#extent))
    const unread = this.unread
    if (unread === 0) return this.#place(bytes <= this.#extent - this.#at - 8 ? this.#at : 0)
    if (unread >= this.#mostUnread) return -1
    const oldest = Atomics.load(this.control, readAt) * 8
    if (this.#at > oldest) {
      if (bytes <= this.#extent - this.#at - 8) return this.#at
      // There is one word to tell of a jump, which the reader has taken when it is 0.
      return bytes < oldest && Atomics.load(this.control, jumpAt) === 0 ? this.#place(0) : -1
    }
    return bytes < oldest - this.#at ? this.#at : -1
  }

  #place(at: number): number {
    if (at !== this.#at) Atomics.store(this.control, jumpAt, jumpOf(Atomics.load(this.control, published)))
    this.#at = at
    return at
  }

  /** Makes the record at `at`, whose payload and cursor have been written, visible to the reader. */
  publish(at: number, header: Omit<Header, 'payloadAt' | 'cursorAt'>): void {
    const word = at / 4
    const bytes = roundUp(headerBytes + header.payloadBytes + header.cursorBytes)
    this.words[word] = bytes
    this.words[word + 1] = recordKinds.indexOf(header.kind)
    this.words[word + 2] = header.lane
    this.words[word + 3] = header.pass
    this.words[word + 4] = header.payloadBytes
    this.words[word + 5] = header.cursorBytes
    this.words[word + 6] = header.samples
    this.words[word + 7] = (header.userShards ? 1 : 0) | (header.cursorNumber === null ? 0 : 2)
    this.floats[at / 8 + 4] = header.position
    this.floats[at / 8 + 5] = header.cursorNumber ?? 0
    this.#at = at + bytes
    Atomics.add(this.control, published, 1)
    if (Atomics.load(this.control, readerWaits) === 1) Atomics.notify(this.control, published)
  }

  /** Waits until there may be room: until half of what is unread has been read. */
  async waitForRoom(pass: number): Promise<void> {
    const unread = this.unread
    Atomics.store(this.control, writerWaits, (unread >> 1) + 1)
    while (this.isOn(pass)) {
      const seen = Atomics.load(this.control, consumed)
      if (this.unread <= unread >> 1) break
      const room = change(this.control, consumed, seen)
      // `want` leaves `consumed` as it is: had it come before the wait began, its notice would not be heard.
      if (this.isOn(pass)) await room
    }
    Atomics.store(this.control, writerWaits, 0)
  }

  /** Tells, for the case of death, what is being done. */
  doing(what: Doing, lane: number): void {
    this.control[doingWord] = doings.indexOf(what)
    this.control[laneWord] = lane
  }

  /** Whether the consumer still wants this pass. */
  isOn(pass: number): boolean {
    return Atomics.load(this.control, passWord) === pass
  }
}

/** The consumer's end. */
export class RingReader extends RingEnd {
  #at = 0
  /** Behind the last record taken; what lies before is given back by `release`. */
  #taken = 0
  #takenCount = 0
  #naps = false

  /** The next record that is there, which is thereby taken; null if there is none yet. */
  take(): Header | null {
    if (this.unread - this.#takenCount === 0) return null
    const number = (Atomics.load(this.control, consumed) + this.#takenCount) | 0
    const header = this.#headerAt(this.#at, number)
    if (header.jumps) {
      // What lay before it has been given back: the oldest record held is this one, and the writer must know it
      // before it may jump again.
      assert(this.#takenCount === 0, 'a record that jumped is taken when none is held')
      Atomics.store(this.control, readAt, 0)
      Atomics.store(this.control, jumpAt, 0)
    }
    this.#at = this.#taken = header.end
    this.#takenCount++
    return header
  }

  /** Gives the memory of what was taken back to the writer. */
  release(): void {
    if (this.#takenCount === 0) return
    Atomics.store(this.control, readAt, this.#taken / 8)
    Atomics.add(this.control, consumed, this.#takenCount)
    this.#takenCount = 0
    const wanted = Atomics.load(this.control, writerWaits)
    if (wanted > 0 && this.unread < wanted) Atomics.notify(this.control, consumed)
  }

  /** The records that are there but not yet taken, and where they end: where a new writer goes on. */
  pending(): { headers: Header[]; end: number } {
    const headers: Header[] = []
    let at = this.#at
    const count = this.unread - this.#takenCount
    const first = Atomics.load(this.control, consumed) + this.#takenCount
    for (let i = 0; i < count; i++) {
      const header = this.#headerAt(at, (first + i) | 0)
      headers.push(header)
      at = header.end
    }
    return { headers, end: at }
  }

  /**
   * Resolves when there may be a record, when `wake` is called, or after `ms`.
   *
   * To be woken for every batch costs both sides more than a small batch does. So while batches come fast and the ring
   * has room for more, the reader naps for a millisecond, and then finds many.
   */
  async wait(ms: number | undefined): Promise<void> {
    if (this.#naps) {
      await nap(napMs)
      this.#naps = this.unread > this.#takenCount && Atomics.load(this.control, writerWaits) === 0
      return
    }
    const began = performance.now()
    const seen = Atomics.load(this.control, published)
    Atomics.store(this.control, readerWaits, 1)
    if (this.unread - this.#takenCount === 0) await change(this.control, published, seen, ms)
    Atomics.store(this.control, readerWaits, 0)
    const isFast = performance.now() - began < napMs / 2
    this.#naps = isFast && Atomics.load(this.control, writerWaits) === 0
  }

  /** Ends a `wait`: something else has happened, such as the worker's death. */
  wake(): void {
    Atomics.notify(this.control, published)
  }

  /** Names the pass that is wanted, -1 for none; the writer ends another one, wherever it waits. */
  want(pass: number): void {
    Atomics.store(this.control, passWord, pass)
    Atomics.notify(this.control, consumed)
  }

  /** Makes the ring ready for another writer, after one has died. */
  reset(): void {
    Atomics.store(this.control, writerWaits, 0)
    Atomics.store(this.control, doingWord, 0)
    // It had chosen a place for a record, which never came.
    const next = jumpOf(Atomics.load(this.control, published))
    if (Atomics.load(this.control, jumpAt) === next) Atomics.store(this.control, jumpAt, 0)
  }

  /** What the writer was last doing, in which lane, with which sample. */
  get doing(): { what: Doing; lane: number; place: number } {
    return {
      what: doings[Atomics.load(this.control, doingWord)] ?? 'starting',
      lane: Atomics.load(this.control, laneWord),
      place: this.places[placeFloat]!,
    }
  }

  text(at: number, bytes: number): string {
    return Buffer.from(this.buffer, at, bytes).toString()
  }

  #headerAt(from: number, number: number): Header & { end: number; jumps: boolean } {
    const jumps = Atomics.load(this.control, jumpAt) === jumpOf(number)
    const at = jumps ? 0 : from
    const word = at / 4
    const payloadBytes = this.words[word + 4]!
    return {
      kind: recordKinds[this.words[word + 1]!]!,
      lane: this.words[word + 2]!,
      pass: this.words[word + 3]!,
      payloadAt: at + headerBytes,
      payloadBytes,
      cursorAt: at + headerBytes + payloadBytes,
      cursorBytes: this.words[word + 5]!,
      position: this.floats[at / 8 + 4]!,
      samples: this.words[word + 6]!,
      userShards: (this.words[word + 7]! & 1) !== 0,
      cursorNumber: (this.words[word + 7]! & 2) !== 0 ? this.floats[at / 8 + 5]! : null,
      end: at + this.words[word]!,
      jumps,
    }
  }
}

export const placeIndex = placeFloat

/** A record's number, as `jumpAt` holds it: never 0, also when the count wraps around. */
function jumpOf(number: number): number {
  return (number << 1) | 1
}

function roundUp(bytes: number): number {
  return (bytes + 7) & ~7
}

/** Resolves when the word is no longer what was seen, or on notice of it. */
async function change(
  words: Int32Array<SharedArrayBuffer>,
  index: number,
  seen: number,
  ms?: number,
): Promise<void> {
  const waiting = Atomics.waitAsync(words, index, seen, ms)
  if (waiting.async) await waiting.value
}
