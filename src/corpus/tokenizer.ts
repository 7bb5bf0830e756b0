import { isUtf8 } from 'node:buffer'

/**
 * How text becomes words.
 *
 * whitespace  what stands between white space, as it is (word2vec.c, gensim's `corpus_file`)
 * words       runs of letters, digits and marks, lower-cased and composed (NFC); an apostrophe between
 *             letters belongs to the word
 */
export type Tokenizer = 'whitespace' | 'words'
export const tokenizers = ['whitespace', 'words'] as const satisfies Tokenizer[]

/** Text ready for the kernels, which split at white space. */
export interface PreparedText {
  bytes: Uint8Array
  /** Whether they lie in the kernel's memory: the raw bytes where they serve as they are, or what `fast` made. */
  inPlace: boolean
  /** Invalid UTF-8 sequences replaced by U+FFFD. */
  replaced: number
}

/** A prepared text is at most this many times longer than the raw one: an invalid byte becomes three. */
export const growthFactor = 3

/** The kernel's `lowerWords` on a text in its memory; null where it meets a character it does not know. */
export type FastWords = (raw: Uint8Array) => Uint8Array | null

/** Prepares the bytes of a block. Lines stay lines; a byte order mark at the beginning of a file goes. */
export function prepareText(
  block: Uint8Array,
  beginsFile: boolean,
  tokenizer: Tokenizer,
  fast: FastWords,
): PreparedText {
  const hasMark = beginsFile && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf
  const raw = hasMark ? block.subarray(3) : block
  const valid = isUtf8(raw)
  if (valid && tokenizer === 'whitespace') return { bytes: raw, inPlace: true, replaced: 0 }
  const bytesOfKernel = valid ? fast(raw) : null
  if (bytesOfKernel) return { bytes: bytesOfKernel, inPlace: true, replaced: 0 }
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString()
  const replaced = valid ? 0 : countReplacements(text, raw)
  const bytes = Buffer.from(tokenizer === 'words' ? lowerCaseWords(text) : text)
  return { bytes, inPlace: false, replaced }
}

/** The words of a short text, as the tokenizer gives them. */
export function splitWords(text: string, tokenizer: Tokenizer): string[] {
  return (tokenizer === 'words' ? lowerCaseWords(text) : text).split(/\s+/u).filter((word) => word !== '')
}

/** The slow form of the kernel's `lowerWords`, for any script. */
export function lowerCaseWords(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{M}\p{N}\n']+/gu, ' ')
    .replace(/(?<![\p{L}\p{M}\p{N}])'+|'+(?![\p{L}\p{M}\p{N}])/gu, ' ')
}

/** U+FFFD that stand in the text now and did not in the bytes. */
function countReplacements(text: string, raw: Uint8Array): number {
  let count = 0
  for (let i = text.indexOf('\ufffd'); i >= 0; i = text.indexOf('\ufffd', i + 1)) count++
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length)
  const written = Buffer.from('\ufffd')
  for (let i = bytes.indexOf(written); i >= 0; i = bytes.indexOf(written, i + 3)) count--
  return count
}
