import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { measuresOf } from '../evaluate/index.ts'
import type { Expansion } from './expand.ts'
import type { Recipe } from './recipe.ts'
import type { RecipeFigure, RecipeTable } from './schema.ts'

/** What each run has, scored or not. */
export const runScores = ['loss', 'seconds', 'wordsPerSecond', 'vocabulary', 'words']

/** Parts of a score of analogies, besides the names of the file's sections. */
const analogyParts = ['total', 'semantic', 'syntactic']

/**
 * Holds what the tables and figures of a recipe ask for against what its runs will have, so that a slip of the pen is
 * told before anything is trained.
 *
 * throws  ConfigError naming the table or figure, and the nearest name there is
 */
export function checkShown(
  recipe: Recipe,
  { tables, figures, evaluate, runs }: Pick<Expansion, 'tables' | 'figures' | 'evaluate' | 'runs'>,
): void {
  const ids = [...tables, ...figures].map(({ id }) => id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) throw wrong(recipe, `two tables or figures have the id ${twice}`)
  const yields = scoresOf(evaluate)
  const gridKeys = Object.keys(recipe.grid ?? {})
  const rowIds = (recipe.runs ?? []).map(({ id }) => id)
  const require = (where: string, what: string, name: string, known: string[]) => {
    if (!known.includes(name)) throw wrong(recipe, `${where}: there is no ${what} ${name}`, name, known)
  }
  const requireScore = (where: string, path: string) => {
    if (!yields(path)) throw wrong(recipe, `${where}: nothing yields the score ${path}`, path, yields.names)
  }
  for (const table of tables) {
    const where = `table ${table.id}`
    for (const score of askedByTable(table)) requireScore(where, score)
    if (table.kind === 'grid')
      for (const key of [table.rows, table.columns]) require(where, 'key of the grid', key, gridKeys)
    if (table.kind === 'words') {
      const asks = table.asks.length
      for (const { label, published } of table.others)
        if (published.length !== asks)
          throw wrong(recipe, `${where}: ${label} has ${published.length} answers to ${asks} questions`)
      for (const { published } of table.asks)
        if (typeof published === 'object')
          for (const id of Object.keys(published)) require(where, 'row', id, rowIds)
    }
  }
  for (const figure of figures) {
    const where = `figure ${figure.id}`
    for (const score of askedByFigure(figure)) requireScore(where, score)
    if (figure.kind === 'lines') {
      for (const key of [figure.x, ...(figure.series ? [figure.series] : [])])
        require(where, 'key of the grid', key, gridKeys)
      const grids = tables.filter(({ kind }) => kind === 'grid').map(({ id }) => id)
      if (figure.table !== undefined) require(where, 'grid table', figure.table, grids)
    }
    if (figure.kind === 'training') {
      for (const id of figure.runs ?? []) require(where, 'row', id, rowIds)
      const isScored = runs.some(({ config: { evaluateEvery, earlyStop } }) => evaluateEvery ?? earlyStop)
      if (!runScores.includes(figure.y) && !isScored)
        throw wrong(
          recipe,
          `${where}: no run has evaluateEvery, so that there is no ${figure.y} over training`,
        )
    }
    if (figure.kind === 'pairs' && figure.run !== undefined) require(where, 'row', figure.run, rowIds)
  }
  requirePublishedShown(recipe, tables)
}

/** A published value that no table shows is lost. */
function requirePublishedShown(recipe: Recipe, tables: RecipeTable[]): void {
  const shown = [...new Set(tables.flatMap((table) => (table.kind === 'rows' ? askedByTable(table) : [])))]
  const require = (where: string, published: object | undefined) => {
    for (const score of Object.keys(published ?? {}))
      if (!shown.includes(score))
        throw wrong(recipe, `${where}: no table shows the published ${score}`, score, shown)
  }
  const isMany = Object.values(recipe.grid ?? {}).some(({ length }) => length > 1)
  for (const row of recipe.runs ?? []) {
    require(`row ${row.id}`, row.published)
    if (isMany && row.published)
      throw wrong(
        recipe,
        `row ${row.id}: its published values would stand beside each run of the grid, and are of one`,
      )
  }
  for (const table of tables)
    if (table.kind === 'rows')
      for (const other of table.others) require(`table ${table.id}, ${other.label}`, other.published)
}

function askedByTable(table: RecipeTable): string[] {
  if (table.kind === 'words') return []
  return table.kind === 'grid' ? [table.score] : table.scores.map(({ score }) => score)
}

function askedByFigure(figure: RecipeFigure): string[] {
  return figure.kind === 'pairs' ? [] : [figure.y]
}

/** Whether a path is a score of these questions, and the names that a path can begin with. */
function scoresOf(evaluate: Recipe['evaluate']): ((path: string) => boolean) & { names: string[] } {
  const { restrict: _, ...files } = evaluate ?? { restrict: undefined }
  const measures = Object.values(files).some(({ length }) => length > 0) ? measuresOf(evaluate!) : []
  const namesOf = (...kinds: string[]) =>
    measures.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name)
  const analogies = namesOf('analogies')
  const paths = new Set([
    ...runScores,
    ...analogies.flatMap((name) =>
      [name, ...analogyParts.map((part) => `${name}.${part}`)].flatMap((path) => [path, `${path}.ofAll`]),
    ),
    ...namesOf('pairs').flatMap((name) => [name, `${name}.spearman`, `${name}.pearson`]),
    ...namesOf('odd', 'completion').flatMap((name) => [name, `${name}.ofAll`]),
  ])
  // Sections of a file are known when it is read: `name.gram3-comparative` is taken at its word.
  const isSection = (path: string) =>
    analogies.some((name) => path.startsWith(`${name}.`) && /\d|-/.test(path.slice(name.length)))
  return Object.assign((path: string) => paths.has(path) || isSection(path), { names: [...paths] })
}

function wrong(recipe: Recipe, what: string, name?: string, known: string[] = []): ConfigError {
  const nearest = name === undefined ? undefined : nearestName(name, known)
  return new ConfigError('RECIPE_SHOWN', {
    what: `${recipe.name}, ${what}`,
    ...(nearest
      ? { mend: `did you mean ${nearest}?` }
      : known.length > 0 && { mend: `use one of ${known.join(', ')}` }),
  })
}
