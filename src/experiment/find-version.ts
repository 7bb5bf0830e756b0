import { join, relative } from 'node:path'
import type { Questions } from '../evaluate/index.ts'
import { nextVersion, RunFolder, versionFolder } from '../run/index.ts'
import { stopsEarly, type TrainConfigInput } from '../word2vec/index.ts'
import type { Expansion } from './expand.ts'
import { digest, identityOf, lastingSettings, questionsThatEnd } from './identity.ts'
import { identitiesOf, knownRuns, runFileOf } from './known-runs.ts'
import { isOlderRun } from './older-run.ts'
import type { Recipe } from './recipe.ts'
import type { ExperimentRecord, RecordedCorpus, RecordedRun } from './record.ts'
import { runScores } from './shown.ts'
import { Version, versionsOf } from './version.ts'

/** A run of an expansion, its corpus ready. */
export type PreparedRun = Expansion['runs'][number] & {
  prepared: RecordedCorpus | null
  /** Fingerprint of the vectors that it begins with, if any. */
  init?: string | null
  /** Why it could not be got ready. */
  fault?: string | null
}

/**
 * The version of a recipe that these runs are: the one that has the same, else the next. Version 1 lies in
 * `runs/NAME`, version n in `runs/NAME@n`. Nothing is written. A run that another version has begun, of this recipe or
 * of another, lies there.
 *
 * throws  InputError if the record of a version of the recipe is damaged
 */
export function findVersion(
  runsFolder: string,
  recipe: Recipe,
  { scale, evaluate, figures = [] }: Pick<Expansion, 'scale' | 'evaluate'> & Partial<Expansion>,
  prepared: PreparedRun[],
  millrace: string,
): Version {
  // What a damaged record knows of would be trained again, without a word.
  const mine = versionsOf(runsFolder, recipe.name, (path) => [Version.read(path)])
  const runs = prepared.map(({ corpus: _, prepared: corpus, init, fault, ...run }): RecordedRun => {
    const identity = corpus && fullIdentity(run.config, corpus.sha256, init, { evaluate, figures })
    return { ...run, identity, folder: null, corpus, failure: fault ?? null }
  })
  const same = mine.find((version) => isSame(version, scale, runs) && isOneText(version.record, prepared))
  const version =
    same?.record.version ?? (isOlder(runsFolder, recipe, prepared) ? 1 : nextVersion(runsFolder, recipe.name))
  const path = versionFolder(runsFolder, recipe.name, version)
  const known = knownRuns(runsFolder)
  for (const run of runs) {
    const before = same?.record.runs.find(({ id }) => id === run.id)
    run.corpus ??= before?.corpus ?? null
    run.identity ??= before?.identity ?? null
    run.failure ??= before?.failure ?? null
    if (run.skipped !== null || run.identity === null) continue
    const own =
      before?.folder && new RunFolder(join(path, before.folder)).exists() ? before.folder : undefined
    const shared = known.get(run.identity)
    run.folder = own ?? (shared ? relative(path, shared) || '.' : prepared.length === 1 ? '.' : run.id)
    // Two rows may be the same run.
    known.set(run.identity, join(path, run.folder))
  }
  const now = new Date().toISOString()
  return new Version(path, {
    format: 1,
    name: recipe.name,
    version,
    scale,
    createdAt: same?.record.createdAt ?? now,
    ranAt: now,
    millrace,
    recipe,
    evaluate: evaluate ?? null,
    runs,
  })
}

/** With all that the result, or what a figure shows of it, depends on; null if that cannot be told. */
function fullIdentity(
  config: TrainConfigInput,
  corpus: string,
  init: string | null | undefined,
  { evaluate, figures }: Pick<Expansion, 'evaluate' | 'figures'>,
): string | null {
  if (config.init !== undefined && !init) return null
  // Scores during training cannot be had of a run that is over.
  const isShown = figures.some(({ kind, ...figure }) => {
    return kind === 'training' && 'y' in figure && !runScores.includes(figure.y)
  })
  const isEnded = stopsEarly({ earlyStop: config.earlyStop ?? 'none' })
  try {
    return identityOf(config, corpus, {
      init: init ?? undefined,
      evaluateEvery: isShown && !isEnded ? config.evaluateEvery : undefined,
      endedBy: questionsThatEnd(config, evaluate as Questions | undefined),
    })
  } catch {
    // The questions by which it ends are not here.
    return null
  }
}

/** Equal runs at one scale. What is scored, drawn or said does not make another version. */
function isSame(version: Version, scale: string | null, runs: RecordedRun[]): boolean {
  const { record } = version
  if (record.scale !== scale || planDigest(record.runs) !== planDigest(runs)) return false
  // Another text under the same name is another version.
  return runs.every(({ id, identity }) => {
    const before = record.runs.find((run) => run.id === id)
    if (identity === null || before?.identity == null) return true
    const folder = version.folderOf(before)
    return identitiesOf(before, folder && runFileOf(folder)).includes(identity)
  })
}

/** Runs that name one text must have read the same: with `--only` it may have changed between them. */
function isOneText(record: ExperimentRecord, runs: PreparedRun[]): boolean {
  const texts = new Map<string, string>()
  return runs.every(({ id, corpus, prepared, skipped }) => {
    const sha256 = (prepared ?? record.runs.find((run) => run.id === id)?.corpus)?.sha256
    if (sha256 === undefined || skipped !== null) return true
    const key = JSON.stringify(corpus)
    const other = texts.get(key) ?? sha256
    texts.set(key, other)
    return other === sha256
  })
}

function planDigest(runs: RecordedRun[]): string {
  return digest(
    runs.map(({ id, config, skipped, cell }) => [
      id,
      skipped === null ? lastingSettings(config) : null,
      cell,
    ]),
  )
}

/** Whether the first folder has the recipe's only run, and no record of the recipe. */
function isOlder(runsFolder: string, { name }: Recipe, runs: PreparedRun[]): boolean {
  const [run] = runs
  const path = versionFolder(runsFolder, name, 1)
  return runs.length === 1 && isOlderRun(path, run!.config, run!.prepared, run!.init ?? null)
}
