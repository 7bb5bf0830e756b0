import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, MillraceError } from '../core/errors.ts'
import { readScores, type Scores } from '../evaluate/index.ts'
import {
  expand,
  type Recipe,
  type RecipeFigure,
  type RecipeTable,
  type RecordedRun,
  Version,
  versionsOf,
} from '../experiment/index.ts'
import type { RunFolder } from '../run/index.ts'
import { type RunHistory, readHistory } from './history.ts'

/** A recipe at a scale, and what its runs left behind. */
export interface Experiment {
  recipe: Recipe
  /** Of the recipe at this scale. */
  tables: RecipeTable[]
  figures: RecipeFigure[]
  scale: string | null
  /** Of the runs; null if it was never run at this scale. */
  version: number | null
  /** The version's folder; null if there is none. */
  path: string | null
  runs: ExperimentRun[]
}

export interface ExperimentRun extends Omit<RecordedRun, 'folder'> {
  /** Null before it is begun, or if its folder is gone. */
  folder: RunFolder | null
  history: RunHistory | null
  scores: Scores | undefined
  /** Why it has no results, in few words; null if it is complete. */
  missing: string | null
}

export interface FindOptions {
  /** Where runs lie. */
  runs?: string
  scale?: string
  version?: number
}

/** Scales that are shown if nobody says which: the first that has runs. */
const preferred = ['paper', 'wiki100', 'tiny']

/**
 * The newest version of a recipe that was run at the scale asked for; by default at the first of paper, wiki100 and
 * tiny that was run. If none was, all its runs are missing.
 *
 * throws  InputError for a version that is not there, or is damaged; ConfigError for a scale that the recipe has not
 */
export function findExperiment(recipe: Recipe, options: FindOptions = {}): Experiment {
  const { runs = 'runs', scale, version } = options
  const versions = versionsOf(runs, recipe.name)
  if (version !== undefined) {
    const found = versions.find(({ record }) => record.version === version)
    if (found) return experimentOf(found.record.recipe, found)
    const numbers = versions.map(({ record }) => record.version)
    throw new InputError('VERSION_MISSING', {
      what: `there is no version ${version} of ${recipe.name} in ${runs}`,
      why: numbers.length > 0 ? `there are ${numbers.join(', ')}` : 'it was never run',
    })
  }
  if (scale !== undefined) expand(recipe, scale)
  const newest = versions.toReversed()
  const wanted = scale !== undefined ? [scale] : [...preferred, ...newest.map(({ record }) => record.scale)]
  for (const name of wanted) {
    const found = newest.find(({ record }) => record.scale === name)
    if (found) return experimentOf(recipe, found, true)
  }
  const { scale: planned, runs: plan, tables, figures } = expand(recipe, scale)
  return { recipe, tables, figures, scale: planned, version: null, path: null, runs: plan.map(notRun) }
}

/** What `experiment.json` in a version's folder tells, without its recipe's file. */
export function readExperiment(path: string): Experiment {
  const version = Version.read(path)
  return experimentOf(version.record.recipe, version)
}

/** Whether a folder is that of a version of a recipe. */
export function isExperimentFolder(path: string): boolean {
  return existsSync(join(path, 'experiment.json'))
}

/** `grown`: runs that the recipe asks for since are missing, not unknown. */
function experimentOf(recipe: Recipe, version: Version, grown = false): Experiment {
  const { record, path } = version
  const plan = planOf(recipe, record.scale) ?? planOf(record.recipe, record.scale)
  const known = new Set(record.runs.map(({ id }) => id))
  const since = grown ? (plan?.runs ?? []).filter(({ id }) => !known.has(id)) : []
  return {
    recipe,
    tables: plan?.tables ?? recipe.tables,
    figures: plan?.figures ?? recipe.figures,
    scale: record.scale,
    version: record.version,
    path,
    runs: [...record.runs.map((run) => readRun(run, version)), ...since.map(notRun)],
  }
}

/** Undefined if the recipe has lost the scale since. */
function planOf(recipe: Recipe, scale: string | null): ReturnType<typeof expand> | undefined {
  try {
    return expand(recipe, scale ?? undefined)
  } catch (error) {
    if (error instanceof MillraceError) return undefined
    throw error
  }
}

function notRun({ corpus: _, ...run }: ReturnType<typeof expand>['runs'][number]): ExperimentRun {
  return { ...run, ...nothing, identity: null, corpus: null, failure: null, missing: run.skipped ?? notYet }
}

const nothing = { folder: null, history: null, scores: undefined }
const notYet = 'not run yet'

function readRun(run: RecordedRun, version: Version): ExperimentRun {
  const without = (missing: string) => ({ ...run, ...nothing, missing })
  if (run.skipped !== null) return without(run.skipped)
  const folder = version.folderOf(run)
  if (!folder?.exists()) return without(run.failure === null ? notYet : `failed: ${shorten(run.failure)}`)
  try {
    const history = readHistory(folder)
    return { ...run, folder, history, scores: readScores(folder), missing: stateOf(history) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return without(error.parts.why ?? error.parts.what)
  }
}

function stateOf({ state, fraction, run }: RunHistory): string | null {
  const at = `at ${Math.floor(fraction * 100)} %`
  switch (state) {
    case 'complete':
      return null
    case 'running':
      return `still running, ${at}`
    case 'stopped':
      return `stopped ${at}`
    case 'dead':
      return `its process ended without a word ${at}`
    case 'failed':
      return `failed: ${shorten(run.error ?? 'no reason was recorded')}`
  }
}

/** The first line, at most as long as a note may be, and without where the log lies: that is of one machine alone. */
function shorten(text: string): string {
  const line = text
    .split('\n')[0]!
    .replace(/; see \S+$/, '')
    .trim()
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}
