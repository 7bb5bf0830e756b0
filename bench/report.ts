import type { Machine } from './machine.ts'
import { type Measured, type Spread, spreadOf } from './measure.ts'
import type { Quality } from './quality.ts'
import type { Outcome } from './tool.ts'

/** All that one bench found: plain JSON, without paths. */
export interface BenchReport {
  format: 1
  date: string
  commit: string | null
  machine: Machine
  corpus: { name: string; bytes: number; words: number; vocabulary: number }
  settings: {
    dim: number
    window: number
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
  tools: ToolReport[]
}

export interface ToolReport {
  name: string
  version: string
  /** Words in vocabulary before subsampling, times epochs, over training time; the same words for all tools. */
  wordsPerSecond: Spread
  vocabularySeconds: Spread
  peakBytes: Spread
  /** How many times gensim's medians; null without gensim. */
  speedRatio: number | null
  vocabularyRatio: number | null
  /** One for each seed. */
  quality: Quality[]
  /** As measured, warm-up included. */
  rounds: Omit<Outcome, 'vectors'>[]
}

/**
 * What the rounds come to.
 *
 * words  in vocabulary, times epochs
 */
export function summarize(
  { tool, outcomes }: Measured,
  words: number,
  warmUpRounds: number,
  quality: Quality[],
): ToolReport {
  const counted = outcomes.slice(warmUpRounds)
  return {
    name: tool.name,
    version: tool.version,
    wordsPerSecond: spreadOf(counted.map(({ trainSeconds }) => words / trainSeconds)),
    vocabularySeconds: spreadOf(counted.map(({ vocabularySeconds }) => vocabularySeconds)),
    peakBytes: spreadOf(counted.map(({ peakBytes }) => peakBytes)),
    speedRatio: null,
    vocabularyRatio: null,
    quality,
    rounds: outcomes.map(({ vectors: _, ...outcome }) => outcome),
  }
}

/** Sets the ratios to gensim, where it took part. */
export function compare(tools: ToolReport[]): ToolReport[] {
  const base = tools.find(({ name }) => name === 'gensim')
  if (!base) return tools
  return tools.map((tool) => ({
    ...tool,
    speedRatio: tool.wordsPerSecond.median / base.wordsPerSecond.median,
    vocabularyRatio: base.vocabularySeconds.median / tool.vocabularySeconds.median,
  }))
}
