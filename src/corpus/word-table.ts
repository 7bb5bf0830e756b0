import type { Write } from '../core/disk.ts'
import { ResourceError } from '../core/errors.ts'
import { loadKernel, pageBytes } from '../runtime/wasm.ts'

/** Exports of kernels/count.ts. */
interface CountKernel {
  countWords(
    table: number,
    text: number,
    length: number,
    entryLimit: number,
    arenaLimit: number,
    longest: number,
    overlong: number,
  ): number
  mergeEntries(
    table: number,
    entries: number,
    arena: number,
    from: number,
    count: number,
    entryLimit: number,
    arenaLimit: number,
  ): number
  fillSlots(table: number): void
  sortKeys(table: number, keys: number, from: number, end: number): void
  mergeKeys(table: number, from: number, middle: number, end: number, out: number): void
  packRecords(table: number, key: number, end: number, out: number, outEnd: number, next: number): number
  lowerWords(text: number, length: number, out: number): number
  auditRecords(text: number, length: number, offset: bigint, maxWords: number, counts: number): bigint
}

/** A word of more bytes is no word: it is passed over, and told. */
export const longestWordBytes = 1000

const entryBytes = 24
const firstSlots = 2 ** 16
/** See kernels/text.ts. */
export const slotBytes = 16
const mergeBatch = 2 ** 10
const counters = 2048

/** For what is written to runs or read from them. */
export const runBufferBytes = 2 ** 19
/** A key of kernels/runs.ts: twice as many as there can be entries fit the slots. */
const keyBytes = 16
/** Keys that are sorted by insertion before they are merged. */
const sortedKeys = 16
/** The least that a table can be laid out in: its first slots, half of them taken by words of 16 bytes. */
export const leastTableBytes = runBufferBytes + firstSlots * slotBytes + (firstSlots / 2) * (entryBytes + 16)

export interface WordTableOptions {
  /** Bytes that the words may take; else what a WASM memory can hold. */
  tableBytes?: number
  /** Another thread's table, made with the same numbers. */
  memory?: WebAssembly.Memory
}

/** Where the parts of the memory lie. Pages cost nothing until they are touched, so limits may be wide. */
interface Layout {
  raw: number
  prepared: number
  slots: number
  entries: number
  arena: number
  scratch: number
  run: number
  entryLimit: number
  arenaLimit: number
  mostSlots: number
  pages: number
}

/** Where the kernels find the table in its memory. */
export const tablePointer = 1024
const fields = { slots: 0, slotMask: 1, entries: 2, arena: 3, entryCount: 4, arenaBytes: 5 }

/**
 * Words and their counts, in one shared WASM memory that the count kernel works on. Shared so that a
 * thread can take in what another one counted without a copy of the whole.
 */
export class WordTable {
  readonly memory: WebAssembly.Memory
  /** Called when there is no room for another word: it must make some. Without it, that is an error. */
  whenFull: (() => void) | undefined
  readonly #kernel: CountKernel
  readonly #layout: Layout
  readonly #fields: Uint32Array

  /** `bufferBytes`: of a raw block. `preparedBytes`: of a block made ready for the kernel. */
  constructor(
    corpusBytes: number,
    bufferBytes: number,
    preparedBytes: number,
    { tableBytes = Number.POSITIVE_INFINITY, memory }: WordTableOptions = {},
  ) {
    const layout = planLayout(corpusBytes, bufferBytes, preparedBytes, tableBytes)
    this.#layout = layout
    this.memory =
      memory ?? new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages, shared: true })
    this.#kernel = loadKernel<CountKernel>('count', this.memory)
    this.#fields = new Uint32Array(this.memory.buffer, tablePointer, 8)
    if (!memory) {
      this.#fields[fields.slots] = layout.slots
      this.#fields[fields.entries] = layout.entries
      this.#fields[fields.arena] = layout.arena
      this.#fields[fields.slotMask] = firstSlots - 1
    }
  }

  /** Where a block's bytes are read to. */
  get rawBuffer(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.#layout.raw, this.#layout.prepared - this.#layout.raw)
  }

  /** Where a prepared text is put. */
  get preparedBuffer(): Uint8Array {
    return new Uint8Array(
      this.memory.buffer,
      this.#layout.prepared,
      this.#layout.slots - this.#layout.prepared,
    )
  }

  get length(): number {
    return this.#fields[fields.entryCount]!
  }

  /** Distinct words for which there is room yet, as far as their number goes. */
  get entriesLeft(): number {
    return this.#layout.entryLimit - this.length
  }

  /** Bytes that the words and their table take. */
  get usedBytes(): number {
    const slots = this.#fields[fields.slotMask]! + 1
    return slots * slotBytes + this.length * entryBytes + this.#fields[fields.arenaBytes]!
  }

  /** Where runs are merged: see `mergeRuns`. */
  get runBuffer(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.#layout.run, runBufferBytes)
  }

  /** Words passed over for their length. */
  get overlong(): number {
    return new Uint32Array(this.memory.buffer, counters, 1)[0]!
  }

  /** Counts the words of a text that lies in one of the buffers. */
  count(text: Uint8Array): void {
    for (let done = 0; ; ) {
      const { entryLimit, arenaLimit } = this.#limits()
      const pointer = text.byteOffset + done
      const left = text.length - done
      done += this.#kernel.countWords(
        tablePointer,
        pointer,
        left,
        entryLimit,
        arenaLimit,
        longestWordBytes,
        counters,
      )
      if (done >= text.length) return
      this.#grow()
    }
  }

  /** The tokenizer `words`, into `preparedBuffer`; null at a character that only the slow form knows. */
  lowerWords(text: Uint8Array): Uint8Array | null {
    const target = this.preparedBuffer
    const written = this.#kernel.lowerWords(text.byteOffset, text.length, target.byteOffset)
    return written < 0 ? null : target.subarray(0, written)
  }

  /** The audit of the records in a text of `rawBuffer`. */
  audit(
    text: Uint8Array,
    offset: number,
    maxWords: number,
  ): { records: number; words: number; hash: bigint } {
    const counts = counters + 8
    const hash = this.#kernel.auditRecords(text.byteOffset, text.length, BigInt(offset), maxWords, counts)
    const [records, words] = new Uint32Array(this.memory.buffer, counts, 2)
    return { records: records!, words: words!, hash: BigInt.asUintN(64, hash) }
  }

  /** Adds the counts of another table. */
  merge(other: WordTable, onStep?: () => void): void {
    const { scratch } = this.#layout
    const scratchArena = scratch + mergeBatch * entryBytes
    const here = new Uint8Array(this.memory.buffer)
    const there = new Uint8Array(other.memory.buffer)
    const view = new DataView(other.memory.buffer)
    for (let first = 0; first < other.length; first += mergeBatch) {
      const count = Math.min(mergeBatch, other.length - first)
      const from = other.#layout.entries + first * entryBytes
      const last = from + (count - 1) * entryBytes
      const arenaFrom = view.getUint32(from + 16, true)
      const arenaEnd = view.getUint32(last + 16, true) + Math.ceil(view.getUint32(last + 20, true) / 8) * 8
      here.set(there.subarray(from, from + count * entryBytes), scratch)
      here.set(there.subarray(other.#layout.arena + arenaFrom, other.#layout.arena + arenaEnd), scratchArena)
      // Offsets count from the start of the other arena, of which only a part was copied.
      const arena = scratchArena - arenaFrom
      for (let done = 0; ; ) {
        const { entryLimit, arenaLimit } = this.#limits()
        done = this.#kernel.mergeEntries(tablePointer, scratch, arena, done, count, entryLimit, arenaLimit)
        if (done >= count) break
        this.#grow()
      }
      onStep?.()
    }
  }

  /** Every word with its count, in no order. Bytes are valid until the next change. */
  *words(minCount: number): Generator<[Uint8Array, number]> {
    const bytes = new Uint8Array(this.memory.buffer)
    const view = new DataView(this.memory.buffer)
    for (let i = 0; i < this.length; i++) {
      const entry = this.#layout.entries + i * entryBytes
      const count = Number(view.getBigUint64(entry, true))
      if (count < minCount) continue
      const begin = this.#layout.arena + view.getUint32(entry + 16, true)
      yield [bytes.subarray(begin, begin + view.getUint32(entry + 20, true)), count]
    }
  }

  /**
   * Writes every word with its count, in the order of their bytes, as kernels/runs.ts has it. The slots are the room in
   * which they are sorted: then the table must be cleared, or repaired.
   */
  writeSorted(write: Write, onStep?: () => void): void {
    const { length } = this
    const { run } = this.#layout
    const keys = this.#sortKeys(onStep)
    const next = new Uint32Array(this.memory.buffer, counters + 16, 1)
    const end = keys + length * keyBytes
    for (let key = keys; key < end; key = next[0]!) {
      const bytes = this.#kernel.packRecords(
        tablePointer,
        key,
        end,
        run,
        run + runBufferBytes,
        next.byteOffset,
      )
      write(new Uint8Array(this.memory.buffer, run, bytes))
      onStep?.()
    }
  }

  /** Forgets all words. */
  clear(): void {
    this.#fields[fields.entryCount] = 0
    this.#fields[fields.arenaBytes] = 0
    this.#clearSlots()
  }

  /** Makes the table whole again after `writeSorted`. */
  repair(): void {
    this.#clearSlots()
    this.#kernel.fillSlots(tablePointer)
  }

  /** Returns where the sorted keys lie, in the slots. */
  #sortKeys(onStep?: () => void): number {
    const { length } = this
    let keys = this.#layout.slots
    let other = keys + length * keyBytes
    for (let from = 0; from < length; from += sortedKeys)
      this.#kernel.sortKeys(tablePointer, keys, from, Math.min(from + sortedKeys, length))
    for (let width = sortedKeys; width < length; width *= 2) {
      for (let from = 0; from < length; from += 2 * width) {
        const [middle, end] = [from + width, from + 2 * width].map((key) => Math.min(key, length)) as [
          number,
          number,
        ]
        this.#kernel.mergeKeys(
          tablePointer,
          keys + from * keyBytes,
          keys + middle * keyBytes,
          keys + end * keyBytes,
          other + from * keyBytes,
        )
        if (width >= 2 ** 16) onStep?.()
      }
      ;[keys, other] = [other, keys]
    }
    return keys
  }

  #limits(): { entryLimit: number; arenaLimit: number } {
    const slots = this.#fields[fields.slotMask]! + 1
    return { entryLimit: Math.min(slots / 2, this.#layout.entryLimit), arenaLimit: this.#layout.arenaLimit }
  }

  /** Doubles the slots and enters every word anew, or has room made. */
  #grow(): void {
    const slots = (this.#fields[fields.slotMask]! + 1) * 2
    const { entryLimit, arenaLimit, mostSlots } = this.#layout
    if (
      slots > mostSlots ||
      this.length >= entryLimit ||
      this.#fields[fields.arenaBytes]! + longestWordBytes + 8 > arenaLimit
    ) {
      if (!this.whenFull) throw this.#full()
      this.whenFull()
      return
    }
    this.#fields[fields.slotMask] = slots - 1
    this.repair()
  }

  #full(): ResourceError {
    return new ResourceError('VOCABULARY_FULL', {
      what: `the corpus has more than ${this.length.toLocaleString('en-US')} distinct words`,
      why: 'they do not fit the counting table of one thread',
      mend: 'use --tokenizer words, which strips punctuation and case, or fewer files',
    })
  }

  #clearSlots(): void {
    const slots = this.#fields[fields.slotMask]! + 1
    new Uint8Array(this.memory.buffer, this.#layout.slots, slots * slotBytes).fill(0)
  }
}

function planLayout(
  corpusBytes: number,
  bufferBytes: number,
  preparedBytes: number,
  tableBytes: number,
): Layout {
  const room = Math.max(leastTableBytes, tableBytes) - runBufferBytes
  // A word and the space behind it take two bytes at least.
  const wanted = 2 ** Math.ceil(Math.log2(Math.min(2 ** 24, Math.max(firstSlots, corpusBytes / 2 + 1))))
  const { entryLimit, mostSlots } = mostEntries(room, wanted)
  const arenaLimit = Math.min(
    2 ** 29,
    wanted * 8 + corpusBytes * 8 + longestWordBytes,
    room - mostSlots * slotBytes - entryLimit * entryBytes,
  )
  let end = 4096
  const region = (bytes: number) => {
    const begin = end
    end = Math.ceil((begin + bytes) / 4096) * 4096
    return begin
  }
  const raw = region(bufferBytes)
  const prepared = region(preparedBytes)
  const slots = region(mostSlots * slotBytes)
  const entries = region(entryLimit * entryBytes)
  const arena = region(arenaLimit)
  const scratch = region(mergeBatch * (entryBytes + longestWordBytes + 8))
  const run = region(runBufferBytes)
  return {
    raw,
    prepared,
    slots,
    entries,
    arena,
    scratch,
    run,
    entryLimit,
    arenaLimit,
    mostSlots,
    pages: Math.ceil(end / pageBytes),
  }
}

/** The most words, of 16 bytes each, that fit a room; slots are a power of two, half of which may be taken. */
function mostEntries(room: number, wanted: number): { entryLimit: number; mostSlots: number } {
  let best = { entryLimit: 0, mostSlots: firstSlots }
  for (let mostSlots = firstSlots; mostSlots <= 2 * wanted; mostSlots *= 2) {
    const fitting = Math.floor((room - mostSlots * slotBytes) / (entryBytes + 16))
    const entryLimit = Math.min(mostSlots / 2, wanted, fitting)
    if (entryLimit > best.entryLimit) best = { entryLimit, mostSlots }
  }
  return best
}
