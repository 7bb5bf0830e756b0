import type { CatalogueRun, CatalogueVersion } from './catalogue.ts'
import { type FieldValue, fieldOf } from './run-query.ts'
import type { VersionRun } from './version-file.ts'

/** A field of several runs, in their order. */
export interface ComparedField {
  field: string
  values: FieldValue[]
  isSame: boolean
}

export interface RunComparison {
  config: ComparedField[]
  corpus: ComparedField[]
  scores: ComparedField[]
  results: ComparedField[]
}

const corpusFields = ['corpus', 'fingerprint', 'corpusWords', 'corpusBytes']
const resultFields = [
  'status',
  'words',
  'seconds',
  'wordsPerSecond',
  'vocabulary',
  'peakRssBytes',
  'finalLoss',
  'restarts',
]

/** All fields of runs beside one another. A config key that a run does not have counts as its default. */
export function compareRuns(runs: CatalogueRun[], defaults: Record<string, unknown> = {}): RunComparison {
  const compared = (fields: Iterable<string>) =>
    [...new Set(fields)].map((field): ComparedField => {
      const values = runs.map((run) => fieldOf(run, field, defaults))
      return { field: field.replace(/^(config|scores)\./, ''), values, isSame: allSame(values) }
    })
  const keys = [...Object.keys(defaults), ...runs.flatMap(({ config }) => Object.keys(config))]
  const paths = runs.flatMap(({ scores }) => Object.keys(scores))
  return {
    config: compared(keys.map((key) => `config.${key}`)),
    corpus: compared(corpusFields),
    scores: compared(paths.map((path) => `scores.${path}`)),
    results: compared(resultFields),
  }
}

/** What became of the runs of one version in another. */
export interface VersionComparison {
  added: string[]
  removed: string[]
  /** Runs of equal place in the recipe that are another run, by their newer id: what differs in their configs, and both texts if those differ. */
  changed: { id: string; config: ComparedField[]; corpus: ComparedField[] }[]
  same: string[]
  /** Main scores of runs of equal place. */
  scores: { id: string; fields: ComparedField[] }[]
}

/** `runs`: all that are known, wherever they lie. */
export function compareVersions(
  before: Pick<CatalogueVersion, 'record'>,
  now: Pick<CatalogueVersion, 'record'>,
  runs: readonly CatalogueRun[],
  defaults: Record<string, unknown> = {},
): VersionComparison {
  const byFolder = new Map(runs.map((run) => [run.folder, run]))
  const [was, is] = [entriesOf(before), entriesOf(now)]
  const common = [...was.keys()].filter((key) => is.has(key))
  const compared = common.map((key) => {
    const [a, b] = [was.get(key)!, is.get(key)!]
    const { id } = b
    const [runA, runB] = [runOf(a, byFolder), runOf(b, byFolder)]
    // As asked for and as resolved are not to be mixed.
    const configs = runA && runB ? [runA.config, runB.config] : [a.config, b.config]
    const config = differences(configs, defaults)
    const corpus = textsOf([a, b], [runA, runB])
    const isSame =
      a.identity !== null && b.identity !== null
        ? a.identity === b.identity
        : corpus.length === 0 && config.length === 0
    return { id, config, corpus, isSame, scores: scoresOf(runA, runB) }
  })
  return {
    added: [...is].flatMap(([key, { id }]) => (was.has(key) ? [] : [id])),
    removed: [...was].flatMap(([key, { id }]) => (is.has(key) ? [] : [id])),
    changed: compared
      .filter(({ isSame }) => !isSame)
      .map(({ id, config, corpus }) => ({ id, config, corpus })),
    same: compared.filter(({ isSame }) => isSame).map(({ id }) => id),
    scores: compared.flatMap(({ id, scores }) => (scores.length > 0 ? [{ id, fields: scores }] : [])),
  }
}

/**
 * Label, words and SHA-256 of two texts, if that differs: as the versions say, else as the runs have counted them, whose
 * `fingerprint` is a hash of their own.
 */
function textsOf(entries: VersionRun[], runs: (CatalogueRun | undefined)[]): ComparedField[] {
  const told = entries.map(({ corpus }) => corpus)
  const isTold = told.every((corpus) => corpus?.sha256 != null)
  const counted = runs.map((run) => run?.corpus)
  const texts = isTold ? told : counted
  const compared = (field: string, values: (FieldValue | undefined)[]): ComparedField => {
    const known = values.map((value) => value ?? null)
    return { field, values: known, isSame: allSame(known) }
  }
  const hashes = isTold ? told.map((corpus) => corpus?.sha256) : counted.map((corpus) => corpus?.fingerprint)
  const hash = compared(isTold ? 'sha256' : 'fingerprint', hashes)
  if (hash.isSame || hash.values.includes(null)) return []
  const label = texts.map((text) => text?.label)
  const words = texts.map((text) => text?.words)
  return [compared('label', label), compared('words', words), hash]
}

/** Config keys in which runs differ. What only says how they are run (threads, memory) is left out by `except`. */
export function differences(
  configs: Record<string, unknown>[],
  defaults: Record<string, unknown> = {},
  except: ReadonlySet<string> = new Set(),
): ComparedField[] {
  const keys = new Set([...Object.keys(defaults), ...configs.flatMap((config) => Object.keys(config))])
  return [...keys].flatMap((field) => {
    if (except.has(field)) return []
    const values = configs.map((config) => plainValue(config[field] ?? defaults[field]))
    return allSame(values) ? [] : [{ field, values, isSame: false }]
  })
}

function scoresOf(a: CatalogueRun | undefined, b: CatalogueRun | undefined): ComparedField[] {
  if (!a || !b) return []
  const paths = [...new Set([...a.mainScores, ...b.mainScores])]
  return paths.map((field) => {
    const values = [a, b].map((run) => run.scores[field] ?? null)
    return { field, values, isSame: allSame(values) }
  })
}

function runOf(entry: VersionRun, byFolder: Map<string, CatalogueRun>): CatalogueRun | undefined {
  return entry.folder === null ? undefined : byFolder.get(entry.folder)
}

/** By what they are among the recipe's runs: ids name the seed only where there are several. */
function entriesOf({ record }: Pick<CatalogueVersion, 'record'>): Map<string, VersionRun> {
  return new Map(
    (record?.runs ?? []).map((run) => [`${run.id.replace(/,?seed=[^,]*$/, '')} ${run.seed}`, run]),
  )
}

function plainValue(value: unknown): FieldValue {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : (value as FieldValue)
}

function allSame(values: FieldValue[]): boolean {
  return values.every((value) => value === values[0])
}
