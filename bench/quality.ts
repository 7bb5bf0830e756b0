import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { note } from '../src/cli/output.ts'
import type { Scores } from '../src/evaluate/index.ts'
import { dataFolder } from './corpus.ts'
import { type Measured, trainOnce } from './measure.ts'
import { lastJson, run } from './process.ts'

/** What one training's vectors are worth; null where nothing could be asked. */
export interface Quality {
  /** Share of the analogies that could be asked, 0 to 1: gensim's figure. */
  analogies: number | null
  /** Spearman's correlation with people's judgements. */
  ws353: number | null
  men: number | null
}

export interface QuestionFiles {
  analogies: string
  ws353: string
  men: string
}

/** Null if the data folder does not hold them all. */
export function findQuestions(): QuestionFiles | null {
  const files: QuestionFiles = {
    analogies: join(dataFolder(), 'analogy/questions-words.txt'),
    ws353: join(dataFolder(), 'similarity/en/EN-WS-353-ALL.txt'),
    men: join(dataFolder(), 'similarity/en/EN-MEN-TR-3k.txt'),
  }
  return Object.values(files).every((file) => existsSync(file)) ? files : null
}

/** How vectors are made for the scores, and who scores them. */
export interface QualityPlan {
  epochs: number
  /** Trainings of each tool, with the seeds 1, 2, 3 … */
  seeds: number
  questions: QuestionFiles
  /** The command `millrace`. */
  command: readonly string[]
}

/**
 * A contestant's scores, one for each seed. The vectors of its last round serve for the first seed if their
 * epochs are those of the plan; else it trains again. A peer that fails here has fewer scores.
 *
 * label  what is told before each line
 */
export async function measureQuality(
  contestant: Measured,
  { epochs, seeds, questions, command }: QualityPlan,
  work: string,
  label: string,
): Promise<Quality[]> {
  const { name, job, outcomes } = contestant
  const scores: Quality[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const told = `${label}, quality, seed ${seed} of ${seeds}`
    const isThere = seed === job.seed && epochs === job.epochs
    const outcome = isThere
      ? outcomes.at(-1)
      : await trainOnce({ ...contestant, job: { ...job, epochs, seed } }, work, told)
    if (!outcome) break
    const quality = await scoreVectors(command, outcome.vectors, questions)
    note(`${told}: ${name.padEnd(10)}  ${JSON.stringify(quality)}`)
    scores.push(quality)
  }
  return scores
}

/**
 * Scores any tool's vectors with Millrace's scorer: analogies among the 30,000 most frequent words.
 * In a process of its own, since a large parent would show in the memory that its children report.
 */
async function scoreVectors(
  command: readonly string[],
  vectors: string,
  { analogies, ws353, men }: QuestionFiles,
): Promise<Quality> {
  const lines = await run([
    ...command,
    ...['eval', vectors, '--json', '--restrict', '30000'],
    ...['--analogies', analogies, '--pairs', ws353, men],
  ])
  const scores: Scores = lastJson(lines)
  return {
    analogies: scores.analogies[0]!.total.accuracy,
    ws353: scores.pairs[0]!.spearman.value,
    men: scores.pairs[1]!.spearman.value,
  }
}
