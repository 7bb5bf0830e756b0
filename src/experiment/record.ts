import type { TrainConfigInput } from '../word2vec/index.ts'
import type { Recipe } from './recipe.ts'

export type Scalar = number | string | boolean

/** A run that a recipe asks for. */
export interface PlannedRun {
  /** Unique in the recipe, fit for a folder's name: `dim=50,words=24M`, `cbow-300`, `cbow-300,seed=2`. */
  id: string
  /** The id of its row, where the recipe lists runs. */
  row: string | null
  /** What sets it apart from the others of the recipe, in the paper's terms: `{ dim: 600, words: '783M' }`. */
  cell: Record<string, Scalar>
  /** The same as it is run at this scale: `{ dim: 600, words: '16M' }`. */
  values: Record<string, Scalar>
  seed: number
  config: TrainConfigInput
  /** Why it is not run at this scale; null if it is. */
  skipped: string | null
}

/** What `experiment.json` says of a run. */
export interface RecordedRun extends PlannedRun {
  /** SHA-256 of config and corpus: equal runs are run once. Null if what it reads is not ready. */
  identity: string | null
  /** Its run folder, relative to experiment.json's folder; null before it is begun. */
  folder: string | null
  corpus: RecordedCorpus | null
  /** Why it failed when it was run last, or could not be got ready; null if it did not. */
  failure: string | null
}

export interface RecordedCorpus {
  /** What a caption says: "first 16,000,000 words of text8". */
  label: string
  sha256: string
  bytes: number
  words: number
  /** The text files, absolute, where this was written. */
  paths: string[]
}

/** `experiment.json` in the folder of a recipe's version: what it asks for, and where each run lies. */
export interface ExperimentRecord {
  format: 1
  name: string
  version: number
  scale: string | null
  createdAt: string
  /** When the recipe was last run as this version; records of before have none. */
  ranAt?: string
  /** Millrace's version. */
  millrace: string
  /** As it was read, paths absolute. */
  recipe: Recipe
  /** What each run is asked, at this scale. */
  evaluate: Recipe['evaluate'] | null
  runs: RecordedRun[]
}
