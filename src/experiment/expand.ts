import { basename } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import type { CorpusSpec } from '../data/index.ts'
import { parseTrainConfig, requireMeaning, type TrainConfigInput, trainKeys } from '../word2vec/index.ts'
import type { Recipe } from './recipe.ts'
import type { PlannedRun, Scalar } from './record.ts'
import type { RecipeFigure, RecipeTable } from './schema.ts'
import { checkSettings } from './settings.ts'
import { checkShown } from './shown.ts'
import { withUnits } from './units.ts'

/** A recipe at one of its scales: the runs that it asks for, and what they read and are asked. */
export interface Expansion {
  scale: string | null
  runs: (PlannedRun & { corpus: CorpusSpec })[]
  evaluate: Recipe['evaluate']
  tables: RecipeTable[]
  figures: RecipeFigure[]
}

/** Keys that a run may differ in and that are not settings of training. */
const ownKeys = ['words']

/**
 * The runs of a recipe: its rows times its grid times its seeds, at a scale, which puts other values in place of the
 * paper's.
 *
 * scale   by name; by default `tiny`, or the first
 * throws  ConfigError for a scale, key or value that is not there
 */
export function expand(recipe: Recipe, scaleName?: string): Expansion {
  const name = chooseScale(recipe, scaleName)
  const scale = name === null ? {} : recipe.scales![name]!
  const rows = recipe.runs ?? [undefined]
  const cells = product(recipe.grid ?? {})
  for (const key of [...Object.keys(recipe.grid ?? {}), ...Object.keys(scale.as ?? {})])
    requireKey(recipe, key)
  checkSettings(recipe)
  requireDifferent(
    (recipe.runs ?? []).map(({ id }) => id),
    recipe,
  )
  requireUsed(recipe, scale.as ?? {}, name)
  const seeds = scale.seeds ?? recipe.seeds
  const runs = rows.flatMap((row) =>
    cells.flatMap((cell) =>
      seeds.map((seed) => {
        const all: Record<string, Scalar> = {
          ...(row?.train as Record<string, Scalar>),
          ...(row?.words !== undefined && { words: row.words }),
          ...cell,
        }
        const { values, skipped } = substitute(all, scale.as ?? {})
        const { words, ...settings } = values
        const base = row?.corpus ?? scale.corpus ?? recipe.corpus
        return {
          id:
            [
              ...(row ? [row.id] : []),
              ...Object.entries(cell).map(([key, value]) => `${key}=${idOf(key, value)}`),
              ...(seeds.length > 1 ? [`seed=${seed}`] : []),
            ].join(',') || recipe.name,
          row: row?.id ?? null,
          cell: all,
          values,
          seed,
          config: { ...recipe.train, ...scale.train, ...settings, seed } as TrainConfigInput,
          corpus: words === undefined ? base : firstWords(base, words as string | number),
          skipped,
        }
      }),
    ),
  )
  requireDifferent(
    runs.map(({ id }) => id),
    recipe,
  )
  for (const { id, config, skipped } of runs)
    if (skipped === null) requireMeaning(config, parseTrainConfig(config, `${recipe.name}, run ${id}`))
  const evaluate = askedAnything({ ...recipe.evaluate, ...scale.evaluate } as Recipe['evaluate'])
  const expansion = {
    scale: name,
    runs,
    evaluate,
    tables: withUnits(inPlace(recipe.tables, scale.tables), evaluate),
    figures: withUnits(inPlace(recipe.figures, scale.figures), evaluate),
  }
  checkShown(recipe, expansion)
  return expansion
}

/** A scale may take away the only kind of questions there is: then nothing is scored. */
function askedAnything(evaluate: Recipe['evaluate']): Recipe['evaluate'] {
  return Object.values(evaluate ?? {}).some((kind) => Array.isArray(kind) && kind.length > 0)
    ? evaluate
    : undefined
}

function chooseScale(recipe: Recipe, wanted: string | undefined): string | null {
  const names = Object.keys(recipe.scales ?? {})
  if (wanted === undefined) return names.includes('tiny') ? 'tiny' : (names[0] ?? null)
  if (names.includes(wanted)) return wanted
  throw new ConfigError('RECIPE_SCALE', {
    what: `${recipe.name} has no scale ${wanted}`,
    why: names.length > 0 ? `it has ${names.join(', ')}` : 'it has none',
    mend: names.length > 0 ? `use --scale ${names[0]}` : 'leave --scale out',
  })
}

/** Fit for the name of a folder: of a path, its last part. */
function idOf(key: string, value: Scalar): Scalar {
  return key === 'init' ? basename(String(value)) : value
}

function product(grid: NonNullable<Recipe['grid']>): Record<string, Scalar>[] {
  return Object.entries(grid).reduce<Record<string, Scalar>[]>(
    (cells, [key, values]) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value }))),
    [{}],
  )
}

/** Puts what stands in for the paper's values in their place. */
function substitute(cell: Record<string, Scalar>, as: Record<string, Record<string, Scalar | null>>) {
  let skipped: string | null = null
  const values: Record<string, Scalar> = {}
  for (const [key, value] of Object.entries(cell)) {
    const other = as[key]?.[String(value)]
    if (other === null) skipped = `${key} ${value} is not run at this scale`
    values[key] = other ?? value
  }
  return { values, skipped }
}

/** Tables or figures with those of a scale in the place of the ones of the same id, or behind them. */
function inPlace<T extends { id: string }>(all: T[], own: T[] = []): T[] {
  const known = new Set(all.map(({ id }) => id))
  return [
    ...all.map((shown) => own.find(({ id }) => id === shown.id) ?? shown),
    ...own.filter(({ id }) => !known.has(id)),
  ]
}

function firstWords(corpus: CorpusSpec, words: string | number): CorpusSpec {
  return typeof corpus === 'string' || Array.isArray(corpus) ? { text: corpus, words } : { ...corpus, words }
}

function requireKey(recipe: Recipe, key: string): void {
  const known = [...trainKeys, ...ownKeys]
  if (known.includes(key)) return
  const nearest = nearestName(key, known)
  throw new ConfigError('RECIPE_KEY', {
    what: `${recipe.name}: ${key} is no setting that runs can differ in`,
    mend: nearest ? `did you mean ${nearest}?` : `use one of ${known.join(', ')}`,
  })
}

function requireDifferent(ids: string[], recipe: Recipe): void {
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined)
    throw new ConfigError('RECIPE_ROWS', { what: `${recipe.name} has two runs with the id ${twice}` })
}

/** A value that stands in for none is a slip of the pen. */
function requireUsed(
  recipe: Recipe,
  as: Record<string, Record<string, unknown>>,
  scale: string | null,
): void {
  for (const [key, values] of Object.entries(as)) {
    const used = [
      ...(recipe.grid?.[key] ?? []),
      ...(recipe.runs ?? []).flatMap(
        (row) => (key === 'words' ? row.words : row.train?.[key as 'dim']) ?? [],
      ),
    ].map(String)
    const unused = Object.keys(values).find((value) => !used.includes(value))
    if (unused !== undefined)
      throw new ConfigError('RECIPE_AS', {
        what: `${recipe.name}, scale ${scale}: no run has ${key} ${unused}`,
        why: `the runs have ${key} ${[...new Set(used)].join(', ') || 'nowhere'}`,
      })
  }
}
