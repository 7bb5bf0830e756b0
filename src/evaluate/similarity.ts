import type { KeyedVectors } from '../vectors/index.ts'
import { type Correlation, pearson, spearman } from './correlation.ts'
import { type Line, malformed, readLines } from './lines.ts'
import { indexWords } from './word-index.ts'

export interface PairScores {
  pairs: number
  /** Pairs with a word that is not in the vocabulary; they have no part in the correlations. */
  skipped: number
  pearson: Correlation
  spearman: Correlation
}

interface Pair {
  a: string
  b: string
  score: number
}

/**
 * How well cosines agree with people's judgements of how alike two words are.
 * Equal to gensim's `evaluate_word_pairs` over the whole vocabulary.
 *
 * The file has a line for each pair: two words and a number, between tabs, commas or blanks. Lines that
 * begin with `#` are passed over, and so is a header.
 *
 * throws  InputError with file and line if a line is no pair
 */
export function scorePairs(vectors: KeyedVectors, path: string): PairScores {
  const pairs = readPairs(path)
  const index = indexWords(
    vectors,
    pairs.flatMap(({ a, b }) => [a, b]),
  )
  const people: number[] = []
  const cosines: number[] = []
  for (const { a, b, score } of pairs) {
    const [rowA, rowB] = [index.rowOf(a), index.rowOf(b)]
    if (rowA < 0 || rowB < 0) continue
    people.push(score)
    cosines.push(vectors.similarityOfRows(rowA, rowB))
  }
  return {
    pairs: pairs.length,
    skipped: pairs.length - people.length,
    pearson: pearson(people, cosines),
    spearman: spearman(people, cosines),
  }
}

function readPairs(path: string): Pair[] {
  const pairs: Pair[] = []
  let headerAllowed = true
  for (const line of readLines(path)) {
    if (line.text.startsWith('#')) continue
    const fields = splitFields(line)
    const score = Number(fields[2] || Number.NaN)
    if (fields.length === 3 && fields[0] && fields[1] && Number.isFinite(score))
      pairs.push({ a: fields[0], b: fields[1], score })
    else if (!(headerAllowed && fields.length >= 3 && !fields.some(isNumber))) {
      const why =
        fields.length === 3 ? 'its third field is not a number' : `it has ${fields.length} fields, not 3`
      throw malformed(path, line, why, 'write a line as two words and a number: tiger cat 7.35')
    }
    headerAllowed = false
  }
  if (pairs.length === 0)
    throw malformed(path, readLines(path)[0]!, 'no line of the file is a pair', 'give a file of word pairs')
  return pairs
}

function splitFields({ text }: Line): string[] {
  const separator = text.includes('\t') ? '\t' : text.includes(',') ? ',' : /\s+/
  return text.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
}

function isNumber(field: string): boolean {
  return field !== '' && Number.isFinite(Number(field))
}
