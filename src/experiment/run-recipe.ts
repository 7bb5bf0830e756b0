import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import { evaluate, type Questions, type Scores } from '../evaluate/index.ts'
import { runTraining, type TrainOutcome, type TrainRequest } from '../train/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { plainTexts, type Recipe } from './recipe.ts'

export interface RecipeOutcome extends TrainOutcome {
  scores: Scores | undefined
}

/**
 * Trains a recipe into `runs/<name>` of a folder and scores the result. What was done before is not done again.
 *
 * throws  as `runTraining` and `evaluate` do
 */
export async function runRecipe(
  recipe: Recipe,
  {
    runs = 'runs',
    ...request
  }: { runs?: string } & Partial<
    Pick<TrainRequest, 'observer' | 'signal' | 'supervisor' | 'checkpointWithinMs'>
  > = {},
): Promise<RecipeOutcome> {
  const outcome = await runTraining({
    corpus: plainTexts(recipe.corpus),
    out: join(runs, recipe.name),
    config: recipe.train,
    ...request,
  })
  if (!recipe.evaluate) return { ...outcome, scores: undefined }
  const scores = evaluate(KeyedVectors.load(outcome.folder.path), recipe.evaluate as Questions)
  const json = `${JSON.stringify(scores, null, 2)}\n`
  if (!existsSync(outcome.folder.scores) || readFileSync(outcome.folder.scores, 'utf8') !== json) {
    writeFileAtomically(outcome.folder.scores, (write) => write(Buffer.from(json)))
  }
  return { ...outcome, scores }
}
