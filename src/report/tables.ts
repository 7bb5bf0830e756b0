import { formatCount } from '../core/text.ts'
import type { Scores, Tally } from '../evaluate/index.ts'
import type { KeyedVectors, Neighbour } from '../vectors/index.ts'
import { frequentWords } from './words.ts'

/** A word and those nearest to it, the nearest first. */
export interface Neighbours {
  word: string
  near: Neighbour[]
}

/** The neighbours of the words asked for, or of a few telling ones. Words not in the vocabulary are left out. */
export function neighboursOf(
  vectors: KeyedVectors,
  { words = tellingWords(vectors), count = 8 }: { words?: string[]; count?: number } = {},
): Neighbours[] {
  return words
    .filter((word) => vectors.has(word))
    .map((word) => ({ word, near: vectors.near(word, { count }) }))
}

/** Six words to show neighbours of when nobody says which. */
export function tellingWords(vectors: KeyedVectors, count = 6): string[] {
  const known = telling.filter((word) => vectors.has(word)).slice(0, count)
  return known.length >= 3 ? known : frequentWords(vectors, count)
}

/** Scores as rows of text, the head first; the parts of a test stand indented below it. */
export function scoreRows({ analogies, pairs, odd, completion }: Scores): string[][] {
  return [
    ['test', 'score', 'right', 'asked', 'skipped'],
    ...analogies.flatMap(({ name, total, semantic, syntactic, sections }) => [
      tallyRow(name, total),
      ...(semantic && semantic.questions > 0 ? [tallyRow('  semantic', semantic)] : []),
      ...(syntactic && syntactic.questions > 0 ? [tallyRow('  syntactic', syntactic)] : []),
      ...(sections.length > 1 ? sections.map((section) => tallyRow(`    ${section.name}`, section)) : []),
    ]),
    ...[...odd, ...completion].map((score) => tallyRow(score.name, score)),
    ...pairs.map(({ name, pairs, skipped, spearman }) => [
      name,
      spearman.value === null ? '–' : `ρ ${spearman.value.toFixed(3)}`,
      '',
      formatCount(pairs - skipped),
      formatCount(skipped),
    ]),
  ]
}

/** Of the questions that could be asked: those with words that are all in the vocabulary. */
function tallyRow(name: string, { questions, skipped, correct, accuracy }: Tally): string[] {
  return [
    name,
    accuracy === null ? '–' : `${(100 * accuracy).toFixed(1)} %`,
    formatCount(correct),
    formatCount(questions - skipped),
    formatCount(skipped),
  ]
}

const telling = [
  'war',
  'gold',
  'school',
  'january',
  'france',
  'king',
  'river',
  'court',
  'music',
  'science',
  'doctor',
  'water',
]
