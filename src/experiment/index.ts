export { type Expansion, expand } from './expand.ts'
export { findVersion, type PreparedRun } from './find-version.ts'
export { sameSettings } from './identity.ts'
export { isFetchable, type PrepareOptions, prepareQuestions, prepareRuns } from './prepare.ts'
export { parseRecipe, plainTexts, type Recipe, readRecipe, recipeJsonSchema } from './recipe.ts'
export type { ExperimentRecord, PlannedRun, RecordedCorpus, RecordedRun, Scalar } from './record.ts'
export { type RunAllOptions, type RunEnd, runAll, type Share, type Sharing, sharingOf } from './run-all.ts'
export {
  configOf,
  memoryOf,
  type RecordedOutcome,
  type RunState,
  runRecorded,
  stateOf,
} from './run-recorded.ts'
export {
  type Ask,
  type RecipeFigure,
  type RecipeRow,
  type RecipeScale,
  type RecipeTable,
  recipeSchema,
} from './schema.ts'
export { isSameValue } from './settings.ts'
export { unitOf } from './units.ts'
export { Version, versionsOf } from './version.ts'
