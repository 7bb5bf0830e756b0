// Writes experiments/recipe.schema.json, by which an editor completes and checks recipes: `npm run schema`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recipeJsonSchema } from '../src/experiment/index.ts'

export const schemaPath = join(import.meta.dirname, '../experiments/recipe.schema.json')

/** The file's text. */
export function schemaText(): string {
  return `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`
}

if (import.meta.main) writeFileSync(schemaPath, schemaText())
