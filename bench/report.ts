import type { Machine } from './machine.ts'
import { type Measured, type Spread, spreadOf } from './measure.ts'
import type { Quality } from './quality.ts'
import type { Row } from './rows.ts'
import type { Outcome } from './tool.ts'

/** All that one bench found: plain JSON, without paths. */
export interface BenchReport {
  format: 2
  date: string
  commit: string | null
  machine: Machine
  corpus: { name: string; bytes: number; words: number; vocabulary: number }
  settings: {
    window: number
    /** None where the loss is hierarchical softmax. */
    negative: number
    sample: number
    minCount: number
    threads: number
    epochs: number
    rounds: number
    /** Rounds at the start that do not count. */
    warmUpRounds: number
    /** Null if there was nothing to score with. */
    qualityEpochs: number | null
    seeds: number
  }
  tools: { name: string; version: string }[]
  rows: RowReport[]
}

export interface RowReport extends Row {
  contestants: ContestantReport[]
}

export interface ContestantReport {
  name: string
  threads: number
  /** Words in vocabulary before subsampling, times epochs, over training time; the same words for all tools. */
  wordsPerSecond: Spread
  vocabularySeconds: Spread
  peakBytes: Spread
  /** Against those of the row that others are held to, by name. */
  ratios: Record<string, Ratio>
  /** One for each seed. */
  quality: Quality[]
  /** As measured, warm-up included. */
  rounds: Omit<Outcome, 'vectors'>[]
}

/** How many times as fast as another contestant, taken in each round. */
export interface Ratio {
  /** Of training, a thread's share: the same as the whole where both have as many threads. */
  speedPerThread: Spread
  vocabulary: Spread
}

/**
 * What the rounds of a row come to.
 *
 * words    in vocabulary, times epochs
 * quality  of each contestant
 */
export function summarize(
  row: Row,
  measured: readonly Measured[],
  words: number,
  warmUpRounds: number,
  quality: readonly Quality[][],
): RowReport {
  const bases = row.beside === 'peers' ? measured.filter(({ name }) => isBase(name)) : measured.slice(0, 1)
  const contestants = measured.map((one, i): ContestantReport => {
    const counted = one.outcomes.slice(warmUpRounds)
    return {
      name: one.name,
      threads: one.job.threads,
      wordsPerSecond: spreadOf(counted.map(({ trainSeconds }) => words / trainSeconds)),
      vocabularySeconds: spreadOf(counted.map(({ vocabularySeconds }) => vocabularySeconds)),
      peakBytes: spreadOf(counted.map(({ peakBytes }) => peakBytes)),
      ratios: Object.fromEntries(bases.map((base) => [base.name, ratioOf(one, base, warmUpRounds)])),
      quality: quality[i] ?? [],
      rounds: one.outcomes.map(({ vectors: _, ...outcome }) => outcome),
    }
  })
  return { ...row, contestants }
}

/** The peers that Millrace's targets name. */
export const baseNames = ['gensim', 'word2vec.c']

function isBase(name: string): boolean {
  return baseNames.includes(name)
}

/** Round by round: what slows the machine for a while slows both. */
function ratioOf(one: Measured, base: Measured, warmUpRounds: number): Ratio {
  const rounds = [...one.outcomes.keys()].slice(warmUpRounds)
  const ratio = (key: 'trainSeconds' | 'vocabularySeconds', scale: number) =>
    spreadOf(rounds.map((round) => (scale * base.outcomes[round]![key]) / one.outcomes[round]![key]))
  return {
    speedPerThread: ratio('trainSeconds', base.job.threads / one.job.threads),
    vocabulary: ratio('vocabularySeconds', 1),
  }
}
