// Words in the order of their bytes: a table sorted, and sorted runs merged into one.
//
// Key of an entry, 16 bytes: the word's first 8 bytes as a number that has their order u64, entry number u32, length u32
// Record of a run: length u16, count u48, the word's bytes
// Reader of a run, 16 bytes: its next record u32, the end of what was read u32, that record's first 8 bytes as above u64
import { ARENA, ENTRIES, ENTRY_BYTES, ENTRY_LENGTH, ENTRY_OFFSET, lowBytes } from './text'

const KEY_BYTES: usize = 16
const KEY_ENTRY: usize = 8
const KEY_LENGTH: usize = 12

const HEADER_BYTES: usize = 8

const READER_BYTES: usize = 16
const READER_END: usize = 4
const READER_KEY: usize = 8

/** The first 8 bytes of what is left of a word, zeros behind them. */
@inline
function orderOf(p: usize, length: usize): u64 {
  return bswap<u64>(load<u64>(p) & lowBytes(length < 8 ? length : 8))
}

/** The order of two words with the same first 8 bytes: below 0, 0 or above. */
function compareRest(a: usize, aLength: usize, b: usize, bLength: usize): i32 {
  const both = aLength < bLength ? aLength : bLength
  for (let i: usize = 8; i < both; i += 8) {
    const x = orderOf(a + i, aLength - i)
    const y = orderOf(b + i, bLength - i)
    if (x != y) return x < y ? -1 : 1
  }
  // One begins with the other, or with it and zeros, which a text may have.
  return aLength == bLength ? 0 : aLength < bLength ? -1 : 1
}

@inline
function wordOf(table: usize, entry: u32): usize {
  const place = load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES
  return load<usize>(table, ARENA) + load<u32>(place, ENTRY_OFFSET)
}

/** Whether the key at `a` comes before the one at `b`. */
@inline
function isBefore(table: usize, a: usize, b: usize): bool {
  const x = load<u64>(a)
  const y = load<u64>(b)
  if (x != y) return x < y
  const word = wordOf(table, load<u32>(a, KEY_ENTRY))
  const other = wordOf(table, load<u32>(b, KEY_ENTRY))
  return compareRest(word, load<u32>(a, KEY_LENGTH), other, load<u32>(b, KEY_LENGTH)) < 0
}

/** Writes the keys of entries [from, end), sorted, where key number `from` belongs. Meant for few. */
export function sortKeys(table: usize, keys: usize, from: u32, end: u32): void {
  const first = keys + <usize>from * KEY_BYTES
  let last = first
  for (let entry = from; entry < end; entry++) {
    const place = load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES
    const length = load<u32>(place, ENTRY_LENGTH)
    store<u64>(last, orderOf(wordOf(table, entry), length))
    store<u32>(last, entry, KEY_ENTRY)
    store<u32>(last, length, KEY_LENGTH)
    const key = v128.load(last)
    // Its bytes stay in place until something is moved there, so it can be compared where it is.
    let p = last
    while (p > first && isBefore(table, last, p - KEY_BYTES)) p -= KEY_BYTES
    memory.copy(p + KEY_BYTES, p, last - p)
    v128.store(p, key)
    last += KEY_BYTES
  }
}

/** Merges keys [from, middle) and [middle, end), each sorted, to `out`. */
export function mergeKeys(table: usize, from: usize, middle: usize, end: usize, out: usize): void {
  let a = from
  let b = middle
  while (a < middle && b < end) {
    if (isBefore(table, b, a)) {
      v128.store(out, v128.load(b))
      b += KEY_BYTES
    } else {
      v128.store(out, v128.load(a))
      a += KEY_BYTES
    }
    out += KEY_BYTES
  }
  memory.copy(out, a, middle - a)
  memory.copy(out + (middle - a), b, end - b)
}

/** Writes the records of keys [key, end) while there is room; the first key left is stored at `next`. Returns bytes. */
export function packRecords(table: usize, key: usize, end: usize, out: usize, outEnd: usize, next: usize): usize {
  const begin = out
  for (; key < end; key += KEY_BYTES) {
    const length = <usize>load<u32>(key, KEY_LENGTH)
    if (out + HEADER_BYTES + length > outEnd) break
    const entry = load<u32>(key, KEY_ENTRY)
    const count = load<u64>(load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES)
    store<u64>(out, (count << 16) | length)
    memory.copy(out + HEADER_BYTES, wordOf(table, entry), length)
    out += HEADER_BYTES + length
  }
  store<u32>(next, <u32>key)
  return out - begin
}

/**
 * Merges the next records of runs, each with a whole record to begin with. A word's counts are added up; it is written
 * if they are `minCount` or more. Stops when a reader has no whole record left, or `out` no room. Adds the number of
 * words to u64 `totals`, and keeps the greatest count in the u64 behind it. Returns the bytes written.
 */
export function mergeRecords(
  readers: usize,
  count: u32,
  longest: u32,
  out: usize,
  outEnd: usize,
  minCount: u64,
  totals: usize,
): usize {
  const begin = out
  const last = readers + <usize>count * READER_BYTES
  for (let reader = readers; reader < last; reader += READER_BYTES) readKey(reader)
  for (let isWhole = true; isWhole; ) {
    const least = leastReader(readers, last)
    const record = <usize>load<u32>(least)
    const length = <usize>load<u16>(record)
    const key = load<u64>(least, READER_KEY)
    if (out + HEADER_BYTES + length > outEnd) break
    let sum: u64 = 0
    for (let reader = readers; reader < last; reader += READER_BYTES) {
      if (load<u64>(reader, READER_KEY) != key) continue
      const other = <usize>load<u32>(reader)
      const otherLength = <usize>load<u16>(other)
      if (compareRest(record + HEADER_BYTES, length, other + HEADER_BYTES, otherLength) != 0) continue
      sum += load<u64>(other) >> 16
      if (!advance(reader, other + HEADER_BYTES + otherLength, longest)) isWhole = false
    }
    store<u64>(totals, load<u64>(totals) + 1)
    if (sum > load<u64>(totals, 8)) store<u64>(totals, sum, 8)
    if (sum < minCount) continue
    store<u64>(out, (sum << 16) | length)
    memory.copy(out + HEADER_BYTES, record + HEADER_BYTES, length)
    out += HEADER_BYTES + length
  }
  return out - begin
}

@inline
function leastReader(readers: usize, last: usize): usize {
  let least = readers
  for (let reader = readers + READER_BYTES; reader < last; reader += READER_BYTES) {
    const x = load<u64>(reader, READER_KEY)
    const y = load<u64>(least, READER_KEY)
    if (x > y) continue
    if (x == y) {
      const a = <usize>load<u32>(reader)
      const b = <usize>load<u32>(least)
      if (compareRest(a + HEADER_BYTES, load<u16>(a), b + HEADER_BYTES, load<u16>(b)) >= 0) continue
    }
    least = reader
  }
  return least
}

@inline
function readKey(reader: usize): void {
  const record = <usize>load<u32>(reader)
  store<u64>(reader, orderOf(record + HEADER_BYTES, load<u16>(record)), READER_KEY)
}

/** Goes to the record at p; false if there is no whole one. */
@inline
function advance(reader: usize, p: usize, longest: u32): bool {
  const end = <usize>load<u32>(reader, READER_END)
  store<u32>(reader, <u32>p)
  if (p + HEADER_BYTES > end) return false
  const length = <usize>load<u16>(p)
  if (length > <usize>longest || p + HEADER_BYTES + length > end) return false
  readKey(reader)
  return true
}
