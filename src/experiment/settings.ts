import { ConfigError } from '../core/errors.ts'
import { parseWords } from '../data/index.ts'
import { keyClass, type TrainConfigInput, type TrainKey, trainKeys } from '../word2vec/index.ts'
import type { Recipe } from './recipe.ts'
import type { Scalar } from './record.ts'

/**
 * Refuses settings that would be passed over: a seed, which `seeds` gives; and, for one run of several, a setting of how
 * it is run, since all runs of a recipe share the machine alike.
 *
 * throws  ConfigError naming the key and the place
 */
export function checkSettings(recipe: Recipe): void {
  const { name, train, grid = {}, runs = [], scales = {} } = recipe
  const places: [string, TrainConfigInput | Record<string, unknown> | undefined][] = [
    ['train', train],
    ['grid', grid],
    ...runs.map(({ id, train }): (typeof places)[number] => [`row ${id}`, train]),
    ...Object.entries(scales).map(([scale, { train }]): (typeof places)[number] => [
      `train of scale ${scale}`,
      train,
    ]),
  ]
  for (const [place, settings] of places) {
    const seed = (settings as { seed?: unknown } | undefined)?.seed
    if (seed !== undefined)
      throw new ConfigError('RECIPE_SEED', {
        what: `${name}, ${place}: seed has no effect here`,
        why: 'each run is trained once with each of `seeds`, which is [1] where the recipe says nothing',
        mend: `write seeds: [${[seed].flat().join(', ')}] beside train or in a scale`,
      })
  }
  for (const [place, settings] of places.filter(([place]) => place === 'grid' || place.startsWith('row ')))
    for (const key of Object.keys(settings ?? {}))
      if (isOperational(key))
        throw new ConfigError('RECIPE_OPERATIONAL', {
          what: `${name}, ${place}: ${key} is not what runs can differ in`,
          why: 'it says how runs are run and not what comes of them; runs that differ in it alone are one and the same',
          mend: `write ${key} in train, for all runs`,
        })
  for (const [key, values] of Object.entries(grid)) {
    const twice = values.find((value, i) => values.findIndex((other) => isSameValue(key, value, other)) !== i)
    if (twice !== undefined)
      throw new ConfigError('RECIPE_GRID', {
        what: `${name}, grid: ${key} has the value ${twice} twice`,
        mend: 'leave one out; to repeat runs, use seeds: [1, 2]',
      })
  }
}

/** Whether two values of a key mean the same, however they are written: 1e-5 and 0.00001, 10K and 10000 words. */
export function isSameValue(key: string, a: Scalar, b: Scalar): boolean {
  return canonical(key, a) === canonical(key, b)
}

function canonical(key: string, value: Scalar): string {
  const words = key === 'words' && typeof value !== 'boolean' ? parseWords(value) : undefined
  const text = String(words ?? value).trim()
  return text !== '' && Number.isFinite(Number(text)) ? String(Number(text)) : text
}

/** How often a run is scored may differ: its figures do. */
function isOperational(key: string): boolean {
  return (
    key !== 'evaluateEvery' &&
    trainKeys.includes(key as TrainKey) &&
    keyClass(key as TrainKey) === 'operational'
  )
}
