// The vocabulary pass: words of a text into a table that grows, and tables into one. What does not fit goes to disk, sorted.
import {
  ARENA_BYTES,
  ENTRIES,
  ENTRY_BYTES,
  ENTRY_COUNT,
  findWord,
  hashWord,
  insertWord,
  spaceLength,
  wordEnd,
} from './text'

export { mergeKeys, mergeRecords, packRecords, sortKeys } from './runs'
export { auditRecords, fillSlots, lowerWords, xxh64 } from './text'

/**
 * Counts the words of a text. Stops before the word that would be entry number `entryLimit`, or that would
 * fill the arena beyond `arenaLimit`, so that the caller can make room and go on.
 * A word of more than `longest` bytes is passed over; how many were is added to u32 `overlong`.
 * Returns the number of bytes done.
 */
export function countWords(
  table: usize,
  text: usize,
  length: usize,
  entryLimit: u32,
  arenaLimit: u32,
  longest: u32,
  overlong: usize,
): usize {
  const end = text + length
  for (let p = text; p < end; ) {
    const space = spaceLength(p, end)
    if (space != 0) {
      p += space
      continue
    }
    const q = wordEnd(p, end)
    const bytes = q - p
    if (bytes > <usize>longest) store<u32>(overlong, load<u32>(overlong) + 1)
    else if (!addWord(table, p, bytes, hashWord(p, bytes), 1, entryLimit, arenaLimit)) return p - text
    p = q
  }
  return length
}

/**
 * Adds the entries of another table, from number `from` on; its parts lie at `entries` and `arena`.
 * Returns the number of the entry it stopped before for want of room, or `count`.
 */
export function mergeEntries(
  table: usize,
  entries: usize,
  arena: usize,
  from: u32,
  count: u32,
  entryLimit: u32,
  arenaLimit: u32,
): u32 {
  for (let i = from; i < count; i++) {
    const entry = entries + <usize>i * ENTRY_BYTES
    const word: usize = arena + load<u32>(entry, 16)
    if (!addWord(table, word, load<u32>(entry, 20), load<u64>(entry, 8), load<u64>(entry), entryLimit, arenaLimit)) return i
  }
  return count
}

@inline
function addWord(table: usize, p: usize, length: usize, hash: u64, count: u64, entryLimit: u32, arenaLimit: u32): bool {
  const found = findWord(table, p, length, hash)
  if (found >= 0) {
    const entry = load<usize>(table, ENTRIES) + <usize>found * ENTRY_BYTES
    store<u64>(entry, load<u64>(entry) + count)
    return true
  }
  if (load<u32>(table, ENTRY_COUNT) >= entryLimit) return false
  if (load<u32>(table, ARENA_BYTES) + <u32>length + 8 > arenaLimit) return false
  insertWord(table, p, length, hash, count)
  return true
}
