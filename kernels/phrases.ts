// Phrases: the words of a text as numbers, and the text again with some of its words joined.
import { ENTRIES, ENTRY_BYTES, findWord, hashWord, spaceLength, wordEnd } from './text'

// Numbers that are no word's; src/corpus/phrases-text.ts has them too.
const RARE: u32 = 0xfffffffe
const LINE_END: u32 = 0xffffffff

/**
 * The numbers of the words of a text, in order, u32 each, and LINE_END for each newline. A word's number is that of its
 * entry in the table; RARE stands for a word that was counted less than `minCount` times or is not in the table.
 * Returns how many numbers were written to `numbers`, which has room for one a byte.
 */
export function numberWords(table: usize, text: usize, length: usize, minCount: u32, longest: u32, numbers: usize): u32 {
  const end = text + length
  const entries = load<usize>(table, ENTRIES)
  let out = numbers
  for (let p = text; p < end; ) {
    const space = spaceLength(p, end)
    if (space != 0) {
      if (load<u8>(p) == 10) {
        store<u32>(out, LINE_END)
        out += 4
      }
      p += space
      continue
    }
    const q = wordEnd(p, end)
    let number = RARE
    if (q - p <= <usize>longest) {
      const entry = findWord(table, p, q - p, hashWord(p, q - p))
      if (entry >= 0 && load<u64>(entries + <usize>entry * ENTRY_BYTES) >= <u64>minCount) number = entry
    }
    store<u32>(out, number)
    out += 4
    p = q
  }
  return <u32>((out - numbers) >> 2)
}

/**
 * Writes the words of a text, each behind its separator: a byte for each number that `numberWords` writes, 0 for none.
 * Those of newlines are not looked at. `out` has room for `length` + 1 bytes and 8 more. Returns the bytes written.
 */
export function joinWords(text: usize, length: usize, separators: usize, out: usize): u32 {
  const end = text + length
  const begin = out
  for (let p = text; p < end; ) {
    const space = spaceLength(p, end)
    if (space != 0) {
      if (load<u8>(p) == 10) {
        store<u8>(out++, 10)
        separators++
      }
      p += space
      continue
    }
    const separator: u32 = load<u8>(separators++)
    if (separator != 0) store<u8>(out++, separator)
    const q = wordEnd(p, end)
    // Eight bytes at a time: what is too much is written over by what follows.
    for (let i: usize = 0; i < q - p; i += 8) store<u64>(out + i, load<u64>(p + i))
    out += q - p
    p = q
  }
  return <u32>(out - begin)
}
