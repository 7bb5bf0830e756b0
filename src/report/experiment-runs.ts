import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, MillraceError } from '../core/errors.ts'
import { type Questions, readScores, type Scores, scoresOf } from '../evaluate/index.ts'
import {
  expand,
  type Recipe,
  type RecipeFigure,
  type RecipeTable,
  type RecordedRun,
  sameSettings,
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

/** Scales that are shown if nobody says which: the first that has complete runs. */
const preferred = ['paper', 'wiki100', 'tiny']

function rank(experiment: Experiment): number {
  const place = preferred.indexOf(experiment.scale ?? '')
  const rank = place < 0 ? preferred.length : place
  return completeOf(experiment) > 0 ? rank : preferred.length + 1 + rank
}

function completeOf({ runs }: Experiment): number {
  return runs.filter(({ missing }) => missing === null).length
}

/**
 * A recipe and its runs at the scale asked for; by default at the first of paper, wiki100 and tiny that has complete
 * ones. Of its versions the one that has the recipe's settings as they are now, or most of them; of several the one that
 * it was last run as. If it was never run, all its runs are missing.
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
  const found = versions
    .filter(({ record }) => scale === undefined || record.scale === scale)
    .map((version) => {
      const experiment = grown(recipe, version)
      const own = experiment.runs.filter(({ missing }) => missing !== changed).length
      const { ranAt, createdAt } = version.record
      return {
        experiment,
        own,
        ranAt: `${ranAt ?? createdAt} ${String(version.record.version).padStart(9, '0')}`,
      }
    })
    .sort((a, b) => rank(a.experiment) - rank(b.experiment) || b.own - a.own || (a.ranAt < b.ranAt ? 1 : -1))
  if (found[0]) return found[0].experiment
  const { scale: planned, runs: plan, tables, figures } = expand(recipe, scale)
  const damaged = damagedOf(runs, recipe.name)
  const none = plan.map((run) => ({ ...notRun(run), missing: run.skipped ?? damaged ?? notYet }))
  return { recipe, tables, figures, scale: planned, version: null, path: null, runs: none }
}

/** Why nothing is known of a recipe's runs, if a version of it has a record that cannot be read. */
function damagedOf(runs: string, name: string): string | null {
  try {
    versionsOf(runs, name, (path) => [Version.read(path)])
    return null
  } catch (error) {
    if (error instanceof MillraceError) return error.parts.what
    throw error
  }
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

/** A version as it was run. */
function experimentOf(recipe: Recipe, version: Version): Experiment {
  const { record, path } = version
  const plan = planOf(recipe, record.scale)
  return {
    recipe,
    tables: plan?.tables ?? recipe.tables,
    figures: plan?.figures ?? recipe.figures,
    scale: record.scale,
    version: record.version,
    path,
    runs: record.runs.map((run) => readRun(run, version)),
  }
}

/** What the recipe asks for as it is, and of that what a version has. */
function grown(recipe: Recipe, version: Version): Experiment {
  const { record } = version
  const plan = planOf(recipe, record.scale)
  if (!plan) return experimentOf(record.recipe, version)
  const runs = plan.runs.map((run): ExperimentRun => {
    const before = record.runs.find((one) => placeOf(one) === placeOf(run))
    if (run.skipped !== null || !before || before.skipped !== null) return notRun(run)
    if (!sameSettings(run.config, before.config)) return { ...notRun(run), missing: changed }
    return { ...readRun(before, version), id: run.id }
  })
  return { ...experimentOf(recipe, version), runs }
}

/** Which of the recipe's runs it is, whatever it is called. */
function placeOf({ row, cell, seed }: Pick<RecordedRun, 'row' | 'cell' | 'seed'>): string {
  return JSON.stringify([row, Object.entries(cell).sort(([a], [b]) => (a < b ? -1 : 1)), seed])
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
const changed = 'not run since its settings in the recipe were changed'

function readRun(run: RecordedRun, version: Version): ExperimentRun {
  const without = (missing: string) => ({ ...run, ...nothing, missing })
  if (run.skipped !== null) return without(run.skipped)
  const folder = version.folderOf(run)
  if (!folder?.exists()) return without(run.failure === null ? notYet : `failed: ${shorten(run.failure)}`)
  try {
    const history = readHistory(folder)
    return { ...run, folder, history, scores: askedOf(folder, version), missing: stateOf(history) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return without(error.parts.why ?? error.parts.what)
  }
}

/** A run may be shared with recipes that ask other questions, also under the same names. */
function askedOf(folder: RunFolder, { record: { evaluate } }: Version): Scores | undefined {
  const scores = readScores(folder)
  return scores && evaluate ? scoresOf(scores, evaluate as Questions) : scores
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
