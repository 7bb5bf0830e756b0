/** What every tool is told besides the job. */
export const settings = { window: 5, negative: 5, sample: 1e-4, minCount: 5 } as const

/** One training. */
export interface Job {
  /** A text file in lines of at most 1000 words. */
  corpus: string
  /** An empty folder for what the tool writes. */
  out: string
  model: 'skipgram' | 'cbow'
  /** Negative sampling, hierarchical softmax (then no negatives are drawn) or noise-contrastive estimation. */
  loss: 'ns' | 'hs' | 'nce'
  dim: number
  /** Learning rate at the start. */
  lr: number
  epochs: number
  threads: number
  seed: number
  /** Millrace alone has it. */
  deterministic: boolean
}

export interface Outcome {
  /** Counting the words of the corpus. */
  vocabularySeconds: number
  /** Training, with reading and tokenising; without counting, without writing vectors. */
  trainSeconds: number
  vocabulary: number
  /** Tokens in vocabulary before subsampling, times epochs; null if the tool does not say. */
  words: number | null
  /** High-water mark of resident memory until the end of training. */
  peakBytes: number
  /** A file of vectors that Millrace can read. */
  vectors: string
}

export interface Tool {
  /** As the table shows it. */
  name: string
  version: string
  train(job: Job): Promise<Outcome>
}

/** Negative samples of a job; hierarchical softmax has none. */
export function negativesOf({ loss }: Pick<Job, 'loss'>): number {
  return loss === 'hs' ? 0 : settings.negative
}
