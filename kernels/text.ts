// Words in bytes: where they end, their table, and the audit of records.
//
// Text is UTF-8. White space is Unicode's White_Space; a line ends with "\n". Buffers are followed by at
// least 16 readable bytes.

// Table, 32 bytes: where its parts lie, and how full they are.
//   slots   16 bytes each: key u64, length u32, entry number + 1 u32; 0 is free. Open addressing. The key is the word
//           itself, padded with zeros, or the hash of one of more than 8 bytes: most words are found in their slot alone.
//   entries 24 bytes each: count u64, hash u64, offset in the arena u32, length in bytes u32
//   arena   the words' bytes, each padded with zeros to a multiple of 8
export const SLOTS: usize = 0
export const SLOT_MASK: usize = 4
export const ENTRIES: usize = 8
export const ARENA: usize = 12
export const ENTRY_COUNT: usize = 16
export const ARENA_BYTES: usize = 20

export const ENTRY_BYTES: usize = 24
const ENTRY_HASH: usize = 8
export const ENTRY_OFFSET: usize = 16
export const ENTRY_LENGTH: usize = 20

const SLOT_LENGTH: usize = 8
const SLOT_ENTRY: usize = 12

const NEWLINE: u32 = 10

/** Bytes of the white space at p: 0 if there is none. */
@inline
export function spaceLength(p: usize, end: usize): usize {
  const byte: u32 = load<u8>(p)
  if (byte <= 0x20) return byte == 0x20 || byte - 9 <= 4 ? 1 : 0
  if (byte < 0xc2 || byte > 0xe3) return 0
  return wideSpaceLength(p, end)
}

function wideSpaceLength(p: usize, end: usize): usize {
  const first: u32 = load<u8>(p)
  const second: u32 = load<u8>(p, 1)
  const third: u32 = load<u8>(p, 2)
  if (first == 0xc2) return (second == 0x85 || second == 0xa0) && p + 2 <= end ? 2 : 0
  if (p + 3 > end) return 0
  if (first == 0xe1) return second == 0x9a && third == 0x80 ? 3 : 0
  if (first == 0xe2) {
    if (second == 0x81) return third == 0x9f ? 3 : 0
    if (second != 0x80) return 0
    return (third >= 0x80 && third <= 0x8a) || third == 0xa8 || third == 0xa9 || third == 0xaf ? 3 : 0
  }
  return first == 0xe3 && second == 0x80 && third == 0x80 ? 3 : 0
}

/** The first white space after p, or the end. */
export function wordEnd(p: usize, end: usize): usize {
  for (; p < end; p += 16) {
    const bytes = v128.load(p)
    // Bytes that may begin white space: controls and space, and four lead bytes.
    let maybe = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.le_u(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(<i8>0xc2))),
        i8x16.eq(v128.and(bytes, i8x16.splat(<i8>0xfc)), i8x16.splat(<i8>0xe0)),
      ),
    )
    while (maybe != 0) {
      const q = p + ctz(maybe)
      if (q >= end) return end
      if (spaceLength(q, end) != 0) return q
      maybe &= maybe - 1
    }
  }
  return end
}

/** A 64-bit hash of a word; most words have 16 bytes at most, and take no branch. */
@inline
export function hashWord(p: usize, length: usize): u64 {
  let hash = <u64>length * 0x9e3779b97f4a7c15
  while (length > 16) {
    hash = (hash ^ load<u64>(p)) * 0xff51afd7ed558ccd
    hash ^= hash >> 32
    p += 8
    length -= 8
  }
  const high = length > 8 ? length - 8 : 0
  hash = (hash ^ (load<u64>(p) & lowBytes(length - high))) * 0xff51afd7ed558ccd
  hash ^= hash >> 32
  hash = (hash ^ (load<u64>(p, 8) & lowBytes(high))) * 0xc4ceb9fe1a85ec53
  return hash ^ (hash >> 29)
}

/** A mask of the first 0 to 8 bytes. */
@inline
export function lowBytes(count: usize): u64 {
  const bits = <u64>count << 3
  return count == 0 ? 0 : <u64>-1 >> (64 - bits)
}

/** Number of the entry that holds a word; -1 if none does. */
@inline
export function findWord(table: usize, p: usize, length: usize, hash: u64): i32 {
  return findFrom(table, p, length, length <= 8 ? load<u64>(p) & lowBytes(length) : hash, <u32>hash)
}

/** From a slot on, by its number or a greater one of which it is the low bits. */
@inline
function findFrom(table: usize, p: usize, length: usize, key: u64, from: u32): i32 {
  const slots = load<usize>(table, SLOTS)
  const mask = load<u32>(table, SLOT_MASK)
  let i = from & mask
  while (true) {
    const slot = slots + (<usize>i << 4)
    const entry = load<u32>(slot, SLOT_ENTRY)
    if (entry == 0) break
    if (load<u64>(slot) == key && load<u32>(slot, SLOT_LENGTH) == <u32>length) {
      if (length <= 8 || holdsWord(table, entry - 1, p, length)) return entry - 1
    }
    i = (i + 1) & mask
  }
  return -1
}

// A lookup in two steps, so that many can be begun before the first slot has come: the slot as it was read, the key,
// where the word is, its length, and its first slot's number. Length 0: none.
export const LOOKUP_BYTES: usize = 48
export const LOOKUPS: usize = 32
const LOOKUP_KEY: usize = 16
const LOOKUP_WORD: usize = 24
const LOOKUP_LENGTH: usize = 28
const LOOKUP_SLOT: usize = 32

/** Begins to look a word up. Returns where the next lookup goes. */
@inline
export function beginLookup(table: usize, p: usize, length: usize, lookup: usize): usize {
  const hash = hashWord(p, length)
  const slot = <u32>hash & load<u32>(table, SLOT_MASK)
  store<u64>(lookup, length <= 8 ? load<u64>(p) & lowBytes(length) : hash, LOOKUP_KEY)
  store<u32>(lookup, <u32>p, LOOKUP_WORD)
  store<u32>(lookup, <u32>length, LOOKUP_LENGTH)
  store<u32>(lookup, slot, LOOKUP_SLOT)
  return lookup + LOOKUP_BYTES
}

/** Reads the slots of lookups that were begun: nothing else, so that all are waited for together. */
@inline
export function readSlots(table: usize, lookups: usize, last: usize): void {
  const slots = load<usize>(table, SLOTS)
  for (let lookup = lookups; lookup < last; lookup += LOOKUP_BYTES) {
    v128.store(lookup, v128.load(slots + (<usize>load<u32>(lookup, LOOKUP_SLOT) << 4)))
  }
}

/** Puts something else in the place of a lookup. */
@inline
export function noLookup(lookup: usize): usize {
  store<u32>(lookup, 0, LOOKUP_LENGTH)
  return lookup + LOOKUP_BYTES
}

@inline
export function isLookup(lookup: usize): bool {
  return load<u32>(lookup, LOOKUP_LENGTH) != 0
}

/** Number of the entry; -1 if there is none. */
@inline
export function endLookup(table: usize, lookup: usize): i32 {
  const entry = load<u32>(lookup, SLOT_ENTRY)
  if (entry == 0) return -1
  const key = load<u64>(lookup, LOOKUP_KEY)
  const length = load<u32>(lookup, LOOKUP_LENGTH)
  const p = <usize>load<u32>(lookup, LOOKUP_WORD)
  if (load<u64>(lookup) == key && load<u32>(lookup, SLOT_LENGTH) == length) {
    if (length <= 8 || holdsWord(table, entry - 1, p, length)) return entry - 1
  }
  return findFrom(table, p, length, key, load<u32>(lookup, LOOKUP_SLOT) + 1)
}

@inline
function holdsWord(table: usize, entry: u32, p: usize, length: usize): bool {
  const place = load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES
  if (load<u32>(place, ENTRY_LENGTH) != <u32>length) return false
  let stored: usize = load<usize>(table, ARENA) + load<u32>(place, ENTRY_OFFSET)
  while (length > 16) {
    if (load<u64>(p) != load<u64>(stored)) return false
    p += 8
    stored += 8
    length -= 8
  }
  const high = length > 8 ? length - 8 : 0
  const first = (load<u64>(p) ^ load<u64>(stored)) & lowBytes(length - high)
  const second = (load<u64>(p, 8) ^ load<u64>(stored, 8)) & lowBytes(high)
  return (first | second) == 0
}

/** Appends a word that the table does not hold. The caller has seen to it that there is room. */
export function insertWord(table: usize, p: usize, length: usize, hash: u64, count: u64): void {
  const entry = load<u32>(table, ENTRY_COUNT)
  const offset = load<u32>(table, ARENA_BYTES)
  const place = load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES
  store<u64>(place, count)
  store<u64>(place, hash, ENTRY_HASH)
  store<u32>(place, offset, ENTRY_OFFSET)
  store<u32>(place, <u32>length, ENTRY_LENGTH)
  const padded = (length + 7) & ~7
  const target: usize = load<usize>(table, ARENA) + offset
  if (padded != 0) store<u64>(target + padded - 8, 0)
  memory.copy(target, p, length)
  store<u32>(table, entry + 1, ENTRY_COUNT)
  store<u32>(table, offset + <u32>padded, ARENA_BYTES)
  takeSlot(table, hash, entry)
}

/** Enters every entry into the slots, which the caller has cleared and sized. */
export function fillSlots(table: usize): void {
  const entries = load<usize>(table, ENTRIES)
  const count = load<u32>(table, ENTRY_COUNT)
  for (let entry: u32 = 0; entry < count; entry++) {
    takeSlot(table, load<u64>(entries + <usize>entry * ENTRY_BYTES, ENTRY_HASH), entry)
  }
}

@inline
function takeSlot(table: usize, hash: u64, entry: u32): void {
  const slots = load<usize>(table, SLOTS)
  const mask = load<u32>(table, SLOT_MASK)
  const place = load<usize>(table, ENTRIES) + <usize>entry * ENTRY_BYTES
  const length = load<u32>(place, ENTRY_LENGTH)
  const word: usize = load<usize>(table, ARENA) + load<u32>(place, ENTRY_OFFSET)
  let i = <u32>hash & mask
  while (load<u32>(slots + (<usize>i << 4), SLOT_ENTRY) != 0) i = (i + 1) & mask
  const slot = slots + (<usize>i << 4)
  store<u64>(slot, length == 0 ? 0 : length <= 8 ? load<u64>(word) : hash)
  store<u32>(slot, length, SLOT_LENGTH)
  store<u32>(slot, entry + 1, SLOT_ENTRY)
}

/** What `lowerWords` answers when a text has characters that it does not know. */
export const UNKNOWN: u32 = 0xffffffff

/**
 * The tokenizer `words` for text that is ASCII but for common punctuation: lower case, a space in place of all
 * that is no letter, digit, newline or apostrophe between such. The text must be valid UTF-8; `out` has room for
 * as many bytes. Returns the bytes written, or UNKNOWN at the first other character, for the slow form in
 * src/corpus/tokenizer.ts to do, which this one equals.
 */
export function lowerWords(text: usize, length: usize, out: usize): u32 {
  const end = text + length
  const begin = out
  let afterWord = false
  for (let p = text; p < end; ) {
    const byte: u32 = load<u8>(p)
    let bytes: usize = 1
    let write: u32 = 0x20
    let apostrophe = byte == 0x27
    if (isWordByte(byte)) {
      // Bit 5 is set in digits and small letters already.
      store<u8>(out++, byte | 0x20)
      afterWord = true
      p++
      continue
    }
    if (byte == 10) write = 10
    else if (byte >= 0x80) {
      const second: u32 = load<u8>(p, 1)
      if (byte == 0xc2) {
        // Latin-1: ª ² ³ µ ¹ º ¼ ½ ¾ are letters or numbers.
        if (second == 0xaa || second == 0xb2 || second == 0xb3 || second == 0xb5 || (second >= 0xb9 && second <= 0xbe && second != 0xbb)) return UNKNOWN
        bytes = 2
      } else if (byte == 0xe2 && (second == 0x80 || (second == 0x81 && load<u8>(p, 2) < 0xb0))) {
        // General Punctuation has neither letters nor numbers.
        apostrophe = second == 0x80 && load<u8>(p, 2) == 0x99
        bytes = 3
      } else return UNKNOWN
    }
    p += bytes
    if (apostrophe && afterWord && p < end && isWordByte(load<u8>(p))) write = 0x27
    else if (apostrophe && afterWord && p < end && load<u8>(p) >= 0x80) return UNKNOWN // a letter may follow
    store<u8>(out++, write)
    afterWord = false
  }
  return <u32>(out - begin)
}

/** ASCII letters and digits. */
@inline
function isWordByte(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10
}

/**
 * Walks the records of a block: lines, cut before each word that would be one too many.
 * Every byte belongs to exactly one record. Returns the sum mod 2^64 of xxh64(record, seed = its offset in
 * the corpus), and stores the number of records (u32) and of words (u32) at `counts`.
 */
export function auditRecords(text: usize, length: usize, offset: u64, maxWords: u32, counts: usize): u64 {
  const end = text + length
  let sum: u64 = 0
  let records: u32 = 0
  let words: u32 = 0
  let inRecord: u32 = 0
  let start = text
  for (let p = text; p < end; ) {
    const space = spaceLength(p, end)
    if (space != 0) {
      const newline = load<u8>(p) == NEWLINE
      p += space
      if (newline) {
        sum += xxh64(start, p - start, offset + (start - text))
        records++
        start = p
        inRecord = 0
      }
    } else {
      if (inRecord == maxWords) {
        sum += xxh64(start, p - start, offset + (start - text))
        records++
        start = p
        inRecord = 0
      }
      p = wordEnd(p, end)
      inRecord++
      words++
    }
  }
  if (start < end) {
    sum += xxh64(start, end - start, offset + (start - text))
    records++
  }
  store<u32>(counts, records)
  store<u32>(counts, words, 4)
  return sum
}

const PRIME_1: u64 = 0x9e3779b185ebca87
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f
const PRIME_3: u64 = 0x165667b19e3779f9
const PRIME_4: u64 = 0x85ebca77c2b2ae63
const PRIME_5: u64 = 0x27d4eb2f165667c5

/** XXH64. Source: the algorithm's description in its repository (Cyan4973/xxHash, doc/xxhash_spec.md). */
export function xxh64(p: usize, length: usize, seed: u64): u64 {
  const end = p + length
  let hash: u64
  if (length >= 32) {
    let a = seed + PRIME_1 + PRIME_2
    let b = seed + PRIME_2
    let c = seed
    let d = seed - PRIME_1
    for (; p + 32 <= end; p += 32) {
      a = round(a, load<u64>(p))
      b = round(b, load<u64>(p, 8))
      c = round(c, load<u64>(p, 16))
      d = round(d, load<u64>(p, 24))
    }
    hash = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)
    hash = (hash ^ round(0, a)) * PRIME_1 + PRIME_4
    hash = (hash ^ round(0, b)) * PRIME_1 + PRIME_4
    hash = (hash ^ round(0, c)) * PRIME_1 + PRIME_4
    hash = (hash ^ round(0, d)) * PRIME_1 + PRIME_4
  } else {
    hash = seed + PRIME_5
  }
  hash += <u64>length
  for (; p + 8 <= end; p += 8) hash = rotl(hash ^ round(0, load<u64>(p)), 27) * PRIME_1 + PRIME_4
  if (p + 4 <= end) {
    hash = rotl(hash ^ (<u64>load<u32>(p) * PRIME_1), 23) * PRIME_2 + PRIME_3
    p += 4
  }
  for (; p < end; p++) hash = rotl(hash ^ (<u64>load<u8>(p) * PRIME_5), 11) * PRIME_1
  hash = (hash ^ (hash >> 33)) * PRIME_2
  hash = (hash ^ (hash >> 29)) * PRIME_3
  return hash ^ (hash >> 32)
}

@inline
function round(accumulator: u64, input: u64): u64 {
  return rotl(accumulator + input * PRIME_2, 31) * PRIME_1
}
