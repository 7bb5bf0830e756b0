export { type Recipe, readRecipe, recipeSchema } from './recipe.ts'
export { type RecipeOutcome, runRecipe } from './run-recipe.ts'
