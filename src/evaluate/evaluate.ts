import { basename } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import { scoreAnalogies } from './analogy.ts'
import { scoreOdd } from './odd.ts'
import { type Measure, measuresOf, type Questions } from './questions.ts'
import type { Scores } from './scores.ts'
import { sha256Of } from './sha256.ts'
import { scorePairs } from './similarity.ts'

/**
 * Scores vectors.
 *
 * trained  words that they were trained on, as is told in the scores; null if that is not known
 * throws   InputError if a file is missing or malformed; ConfigError as `measuresOf` does, and for sentence
 *          completion, which needs a run
 */
export function evaluate(
  vectors: KeyedVectors,
  questions: Questions,
  { trained = null }: { trained?: number | null } = {},
): Scores {
  const scores = emptyScores(vectors, trained)
  const measures = measuresOf(questions)
  const completion = measures.find(({ kind }) => kind === 'completion')
  if (completion) throw needsRun(completion.file)
  for (const measure of measures) addScore(scores, measure, vectors)
  return scores
}

export function emptyScores(
  { length, dim }: { length: number; dim: number },
  trained: number | null,
): Scores {
  return { format: 2, words: length, dim, trained, analogies: [], pairs: [], odd: [], completion: [] }
}

/** Scores one measure that needs vectors alone, and enters it. */
export function addScore(scores: Scores, measure: Measure, vectors: KeyedVectors): void {
  const { kind, file, name, method, restrict } = measure
  const scored = { name, file: basename(file), sha256: sha256Of(file) }
  switch (kind) {
    case 'analogies':
      scores.analogies.push({ ...scored, ...scoreAnalogies(vectors, file, { method, restrict }) })
      break
    case 'pairs':
      scores.pairs.push({ ...scored, ...scorePairs(vectors, file) })
      break
    case 'odd':
      scores.odd.push({ ...scored, ...scoreOdd(vectors, file) })
      break
    case 'completion':
      throw needsRun(file)
  }
}

function needsRun(file: string): ConfigError {
  return new ConfigError('COMPLETION_NEEDS_RUN', {
    what: `${file} cannot be scored with vectors alone`,
    why: 'completing a sentence takes the output matrix, which is in the checkpoints of a run',
    mend: 'give the folder of a run',
  })
}
