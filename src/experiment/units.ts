import { measuresOf } from '../evaluate/index.ts'
import type { Recipe } from './recipe.ts'
import type { RecipeFigure, RecipeTable } from './schema.ts'

type Unit = 'percent' | 'number' | 'seconds' | 'words'

const ofRuns: Record<string, Unit> = {
  loss: 'number',
  seconds: 'seconds',
  wordsPerSecond: 'words',
  words: 'words',
  vocabulary: 'words',
  peakRssBytes: 'number',
}

/** In what a score is shown: what is no share of questions, such as a correlation, is never in percent. */
export function unitOf(score: string, given: Unit, evaluate: Recipe['evaluate']): Unit {
  if (given !== 'percent') return given
  const own = ofRuns[score]
  if (own) return own
  const pairs = evaluate?.pairs?.length ? measuresOf({ pairs: evaluate.pairs }) : []
  return pairs.some(({ name }) => `${score}.`.startsWith(`${name}.`)) ? 'number' : given
}

/** Tables and figures with the unit of each score. */
export function withUnits<T extends RecipeTable | RecipeFigure>(
  shown: T[],
  evaluate: Recipe['evaluate'],
): T[] {
  return shown.map((one): T => {
    if (one.kind === 'rows')
      return {
        ...one,
        scores: one.scores.map((column) => ({
          ...column,
          unit: unitOf(column.score, column.unit, evaluate),
        })),
      }
    if (one.kind !== 'bars' && one.kind !== 'lines') return one
    const unit = unitOf(one.y, one.unit, evaluate)
    return { ...one, unit: one.kind === 'lines' && unit === 'seconds' ? 'number' : unit }
  })
}
