import { join } from 'node:path'
import { evaluateRun, type Scores } from '../evaluate/index.ts'
import { runTraining, type TrainOutcome, type TrainRequest } from '../train/index.ts'
import { plainTexts, type Recipe } from './recipe.ts'

export interface RecipeOutcome extends TrainOutcome {
  scores: Scores | undefined
}

/**
 * Trains a recipe into `runs/<name>` of a folder and scores the result. What was done before is not done again.
 *
 * throws  as `runTraining` and `evaluateRun` do
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
  const { signal } = request
  return { ...outcome, scores: await evaluateRun(outcome.folder, recipe.evaluate, { signal }) }
}
