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
 * The file has a line for each pair: two words and a number, between tabs, commas or blanks. Lines that begin with `#`
 * are passed over. A header may name more columns, of which one is the score, as in SimLex-999's own file. Parts of
 * speech behind all words, as in MEN's lemma form, are taken off.
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
  let columns: Columns | undefined
  for (const line of readLines(path)) {
    if (line.text.startsWith('#')) continue
    const fields = splitFields(line)
    const header = columns ? undefined : columnsOf(fields)
    columns ??= header ?? { count: 3, score: 2 }
    if (header) continue
    const [a, b] = fields
    const score = fields[columns.score] ?? ''
    if (fields.length !== columns.count || !a || !b || !isNumber(score)) {
      const why =
        fields.length === columns.count
          ? `its ${ordinals[columns.score - 2] ?? `${columns.score + 1}th`} field is not a number`
          : `it has ${fields.length} fields, not ${columns.count}`
      throw malformed(path, line, why, 'write a line as two words and a number: tiger cat 7.35')
    }
    pairs.push({ a, b, score: Number(score) })
  }
  if (pairs.length === 0)
    throw malformed(path, readLines(path)[0]!, 'no line of the file is a pair', 'give a file of word pairs')
  return withoutTags(pairs)
}

/** How many fields a line has, and which is the score. */
interface Columns {
  count: number
  score: number
}

const ordinals = ['third', 'fourth', 'fifth']

/** What a header says; undefined if the first line is none. Files with more columns than three must name the score. */
function columnsOf(fields: string[]): Columns | undefined {
  if (fields.length < 3 || fields.slice(0, 3).some(isNumber)) return undefined
  const named = fields.findIndex((name, i) => i >= 2 && scoreNames.test(name))
  if (named >= 0) return { count: fields.length, score: named }
  return fields.length === 3 ? { count: 3, score: 2 } : undefined
}

/** `SimLex999` of SimLex-999, `Human (mean)` of WordSim-353, and the like. */
const scoreNames = /^simlex|score|mean|rating|human|similarity|relatedness/i

/** MEN's lemma form writes the part of speech behind each word, as in `sun-n`. */
function withoutTags(pairs: Pair[]): Pair[] {
  const tag = /(?<=.)-[a-z]$/
  if (!pairs.every(({ a, b }) => tag.test(a) && tag.test(b))) return pairs
  return pairs.map(({ a, b, score }) => ({ a: a.replace(tag, ''), b: b.replace(tag, ''), score }))
}

function splitFields({ text }: Line): string[] {
  const separator = text.includes('\t') ? '\t' : text.includes(',') ? ',' : /\s+/
  return text.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
}

function isNumber(field: string): boolean {
  return field !== '' && Number.isFinite(Number(field))
}
