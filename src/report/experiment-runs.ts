import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError, MillraceError } from '../core/errors.ts'
import { readScores, type Scores } from '../evaluate/index.ts'
import { type ExperimentRecord, expand, type Recipe, type RecordedRun } from '../experiment/index.ts'
import { RunFolder } from '../run/index.ts'
import { type RunHistory, readHistory } from './history.ts'

/** A recipe at a scale, and what its runs left behind. */
export interface Experiment {
  /** What tables and figures are drawn by. */
  recipe: Recipe
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
  const versions = versionFolders(runs, recipe.name)
  if (version !== undefined) {
    const found = versions.find(({ number }) => number === version)
    if (!found)
      throw new InputError('VERSION_MISSING', {
        what: `there is no version ${version} of ${recipe.name} in ${runs}`,
        why:
          versions.length > 0
            ? `there are ${versions.map(({ number }) => number).join(', ')}`
            : 'it was never run',
      })
    const record = readRecord(found.path)
    return experimentOf(record.recipe, record, found.path)
  }
  if (scale !== undefined) expand(recipe, scale)
  const records = versions.map(({ path }) => ({ path, record: readRecord(path) })).reverse()
  const wanted = scale !== undefined ? [scale] : [...preferred, ...records.map(({ record }) => record.scale)]
  for (const name of wanted) {
    const found = records.find(({ record }) => record.scale === name)
    if (found) return experimentOf(recipe, found.record, found.path, true)
  }
  const { scale: planned, runs: plan } = expand(recipe, scale)
  return { recipe, scale: planned, version: null, path: null, runs: plan.map(notRun) }
}

/** What `experiment.json` in a version's folder tells, without its recipe's file. */
export function readExperiment(path: string): Experiment {
  const record = readRecord(path)
  return experimentOf(record.recipe, record, path)
}

/** Whether a folder is that of a version of a recipe. */
export function isExperimentFolder(path: string): boolean {
  return existsSync(join(path, recordName))
}

const recordName = 'experiment.json'

function versionFolders(runs: string, name: string): { number: number; path: string }[] {
  if (!existsSync(runs)) return []
  return readdirSync(runs)
    .flatMap((entry) => {
      const number =
        entry === name ? 1 : entry.startsWith(`${name}@`) ? Number(entry.slice(name.length + 1)) : 0
      const path = join(runs, entry)
      return Number.isInteger(number) && number > 0 && isExperimentFolder(path) ? [{ number, path }] : []
    })
    .sort((a, b) => a.number - b.number)
}

function readRecord(path: string): ExperimentRecord {
  const file = join(path, recordName)
  let record: ExperimentRecord
  try {
    record = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new InputError('EXPERIMENT_DAMAGED', {
      what: `cannot read ${file}`,
      why: existsSync(file) ? 'it is not JSON' : 'it is not there',
      mend: 'run the recipe again: what is complete is not trained again',
      cause,
    })
  }
  if (record?.format === 1) return record
  throw new InputError('EXPERIMENT_FORMAT', {
    what: `${file} has format ${record?.format}`,
    why: 'this version of Millrace reads format 1',
  })
}

/** `grown`: runs that the recipe asks for since are missing, not unknown. */
function experimentOf(recipe: Recipe, record: ExperimentRecord, path: string, grown = false): Experiment {
  const known = new Set(record.runs.map(({ id }) => id))
  const since = grown ? plannedRuns(recipe, record.scale).filter(({ id }) => !known.has(id)) : []
  return {
    recipe,
    scale: record.scale,
    version: record.version,
    path,
    runs: [...record.runs.map((run) => readRun(run, path)), ...since.map(notRun)],
  }
}

/** None if the recipe has lost the scale since. */
function plannedRuns(recipe: Recipe, scale: string | null) {
  try {
    return expand(recipe, scale ?? undefined).runs
  } catch (error) {
    if (error instanceof MillraceError) return []
    throw error
  }
}

function notRun(run: ReturnType<typeof expand>['runs'][number]): ExperimentRun {
  return {
    ...run,
    identity: null,
    corpus: null,
    folder: null,
    history: null,
    scores: undefined,
    missing: run.skipped ?? 'not run yet',
  }
}

function readRun(run: RecordedRun, base: string): ExperimentRun {
  const nothing = { ...run, folder: null, history: null, scores: undefined }
  if (run.skipped !== null) return { ...nothing, missing: run.skipped }
  if (run.folder === null) return { ...nothing, missing: 'not run yet' }
  const folder = new RunFolder(resolve(base, run.folder))
  if (!folder.exists()) return { ...nothing, missing: 'its run folder is not there' }
  try {
    const history = readHistory(folder)
    return { ...run, folder, history, scores: readScores(folder), missing: stateOf(history) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { ...nothing, missing: error.parts.why ?? error.parts.what }
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

/** The first line, at most as long as a note may be. */
function shorten(text: string): string {
  const line = text.split('\n')[0]!.trim()
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}
