export { type Expansion, expand } from './expand.ts'
export { parseRecipe, plainTexts, type Recipe, readRecipe, recipeJsonSchema } from './recipe.ts'
export type { ExperimentRecord, PlannedRun, RecordedCorpus, RecordedRun, Scalar } from './record.ts'
export { type RecipeOutcome, runRecipe } from './run-recipe.ts'
export {
  type Ask,
  type CorpusSpec,
  type RecipeFigure,
  type RecipeRow,
  type RecipeScale,
  type RecipeTable,
  recipeSchema,
} from './schema.ts'
