import { ConfigError } from '../core/errors.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import { type AnalogyScores, scoreAnalogies } from './analogy.ts'
import { type OddScores, scoreOdd } from './odd.ts'
import { type PairScores, scorePairs } from './similarity.ts'

/** What vectors are worth: plain JSON, without paths, so that equal runs have equal scores. */
export interface Scores {
  format: 1
  words: number
  dim: number
  /** Analogies are asked and answered among the first so many words. */
  restrict: number
  analogies: AnalogyScores[]
  pairs: PairScores[]
  odd: OddScores[]
}

export interface Questions {
  /** Files of analogies; see `scoreAnalogies`. */
  analogies?: readonly string[]
  /** Files of word pairs that people judged; see `scorePairs`. */
  pairs?: readonly string[]
  /** Files of words with an odd one; see `scoreOdd`. */
  odd?: readonly string[]
  /** 30,000, as in the papers. */
  restrict?: number
}

/** throws  InputError if a file is missing or malformed; ConfigError as `checkQuestions` does */
export function evaluate(vectors: KeyedVectors, questions: Questions): Scores {
  checkQuestions(questions)
  const { analogies = [], pairs = [], odd = [], restrict = 30_000 } = questions
  return {
    format: 1,
    words: vectors.length,
    dim: vectors.dim,
    restrict,
    analogies: analogies.map((path) => scoreAnalogies(vectors, path, restrict)),
    pairs: pairs.map((path) => scorePairs(vectors, path)),
    odd: odd.map((path) => scoreOdd(vectors, path)),
  }
}

/** For a check before vectors are read. throws  ConfigError if no file is given, or `restrict` is no count */
export function checkQuestions({ analogies = [], pairs = [], odd = [], restrict = 30_000 }: Questions): void {
  if (analogies.length + pairs.length + odd.length === 0)
    throw new ConfigError('NOTHING_TO_SCORE', {
      what: 'there is nothing to score the vectors with',
      why: 'no file of questions was given',
      mend: 'give files of analogies, pairs or odd ones out, as in --analogies questions-words.txt',
    })
  if (!(Number.isInteger(restrict) && restrict >= 1))
    throw new ConfigError('RESTRICT', {
      what: `restrict ${restrict} is not a number of words`,
      why: 'it says among how many of the most frequent words analogies are asked',
      mend: 'use a whole number of 1 or more, such as 30000',
    })
}
