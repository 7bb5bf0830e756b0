import type { KeyedVectors } from '../vectors/index.ts'

/**
 * Finds words whatever their case, as gensim does: by upper-case form, and of several words of one form
 * the first, which is the most frequent.
 */
export interface WordIndex {
  /** The word's row, or -1. */
  rowOf(word: string): number
}

/**
 * An index of the words that are asked for: one pass over the vocabulary, and memory for these words only.
 *
 * restrict  look only among the first so many words
 */
export function indexWords(
  vectors: KeyedVectors,
  asked: Iterable<string>,
  restrict = vectors.length,
): WordIndex {
  const rows = new Map<string, number>()
  for (const word of asked) rows.set(foldCase(word), -1)
  for (let row = Math.min(restrict, vectors.length) - 1; row >= 0; row--) {
    const form = foldCase(vectors.word(row))
    if (rows.has(form)) rows.set(form, row)
  }
  return { rowOf: (word) => rows.get(foldCase(word)) ?? -1 }
}

export function foldCase(word: string): string {
  return word.toUpperCase()
}
