import type { Tally } from './tally.ts'

export interface CompletionScores extends Tally {
  /** SHA-256 of the file of answers, hexadecimal. */
  answers: string
  /** How the probability of a neighbour was had: see `scoreCompletion`. */
  predicted: 'hs' | 'ns' | 'nce'
}
