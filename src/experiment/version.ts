import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { nextVersion, type RunFile, RunFolder, versionFolder } from '../run/index.ts'
import type { TrainConfigInput } from '../word2vec/index.ts'
import type { Expansion } from './expand.ts'
import { digest, identityOf, lastingSettings } from './identity.ts'
import type { Recipe } from './recipe.ts'
import type { ExperimentRecord, RecordedCorpus, RecordedRun } from './record.ts'

/** The folder of a recipe's version, and its `experiment.json`. */
export class Version {
  readonly path: string
  readonly record: ExperimentRecord

  constructor(path: string, record: ExperimentRecord) {
    this.path = path
    this.record = record
  }

  /** throws  InputError if there is no `experiment.json`, or it is damaged */
  static read(path: string): Version {
    const file = join(path, 'experiment.json')
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as ExperimentRecord
      if (record.format !== 1) throw new Error(`it has format ${record.format}; this version reads format 1`)
      return new Version(path, record)
    } catch (cause) {
      throw new InputError('EXPERIMENT_RECORD', {
        what: `cannot read ${file}`,
        why: existsSync(file) ? (cause as Error).message : 'it is not there',
        mend: 'give the folder of a recipe that `millrace experiment` has run',
        cause,
      })
    }
  }

  get name(): string {
    return `${this.record.name}@${this.record.version}`
  }

  /** The run folder of a run; undefined if it is not begun. */
  folderOf({ folder }: RecordedRun): RunFolder | undefined {
    return folder === null ? undefined : new RunFolder(join(this.path, folder))
  }

  write(): void {
    mkdirSync(this.path, { recursive: true })
    const json = `${JSON.stringify(this.record, null, 2)}\n`
    writeFileAtomically(join(this.path, 'experiment.json'), (write) => write(Buffer.from(json)))
  }
}

/** A run of an expansion, its corpus ready; or why it could not be got ready. */
export type PreparedRun = Expansion['runs'][number] & { prepared: RecordedCorpus | null }

/**
 * The version of a recipe that these runs are: the one that has the same, else the next. Version 1 lies in
 * `runs/NAME`, version n in `runs/NAME@n`. Nothing is written. A run that another version has, of this recipe or of
 * another, lies there.
 */
export function findVersion(
  runsFolder: string,
  recipe: Recipe,
  { scale, evaluate }: Pick<Expansion, 'scale' | 'evaluate'>,
  prepared: PreparedRun[],
  millrace: string,
): Version {
  const mine = versionsOf(runsFolder, recipe.name)
  const runs = prepared.map(({ corpus: _, prepared: corpus, ...run }): RecordedRun => {
    const identity = corpus && identityOf(run.config, corpus.sha256)
    return { ...run, identity, folder: null, corpus, failure: null }
  })
  const same = mine.find(({ record }) => isSame(record, scale, runs))
  const version =
    same?.record.version ?? (isOlder(runsFolder, recipe, runs) ? 1 : nextVersion(runsFolder, recipe.name))
  const path = versionFolder(runsFolder, recipe.name, version)
  const known = knownRuns(runsFolder)
  for (const run of runs) {
    const before = same?.record.runs.find(({ id }) => id === run.id)
    run.corpus ??= before?.corpus ?? null
    run.identity ??= before?.identity ?? null
    run.failure = before?.failure ?? null
    if (run.skipped !== null || run.identity === null) continue
    const own =
      before?.folder && new RunFolder(join(path, before.folder)).exists() ? before.folder : undefined
    const shared = known.get(run.identity)
    run.folder = own ?? (shared ? relative(path, shared) || '.' : prepared.length === 1 ? '.' : run.id)
    // Two rows may be the same run.
    known.set(run.identity, join(path, run.folder))
  }
  return new Version(path, {
    format: 1,
    name: recipe.name,
    version,
    scale,
    createdAt: same?.record.createdAt ?? new Date().toISOString(),
    millrace,
    recipe,
    evaluate: evaluate ?? null,
    runs,
  })
}

/** The versions that there are of a recipe, the first one first. Damaged ones are passed over. */
export function versionsOf(runsFolder: string, name: string): Version[] {
  return globSync([`${name}/experiment.json`, `${name}@*/experiment.json`], { cwd: runsFolder })
    .flatMap((file) => tryRead(join(runsFolder, dirname(file))))
    .filter(({ record }) => record.name === name)
    .sort((a, b) => a.record.version - b.record.version)
}

/** Equal runs at one scale. What is scored, drawn or said does not make another version. */
function isSame(record: ExperimentRecord, scale: string | null, runs: RecordedRun[]): boolean {
  if (record.scale !== scale || planDigest(record.runs) !== planDigest(runs)) return false
  // Another text under the same name is another version.
  return runs.every(({ id, identity }) => {
    const before = record.runs.find((run) => run.id === id)?.identity
    return identity === null || before == null || identity === before
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

/** A run of a Millrace that kept no record of its recipe: it goes on if it is this one. */
function isOlder(runsFolder: string, recipe: Recipe, runs: RecordedRun[]): boolean {
  const folder = new RunFolder(versionFolder(runsFolder, recipe.name, 1))
  const [run] = runs
  if (runs.length !== 1 || existsSync(join(folder.path, 'experiment.json')) || !folder.exists()) return false
  try {
    const { corpus: _, ...config } = folder.read().config
    return digest(lastingSettings(config as TrainConfigInput)) === digest(lastingSettings(run!.config))
  } catch {
    return false
  }
}

/** Complete runs of all recipes by their identity. */
function knownRuns(runsFolder: string): Map<string, string> {
  const known = new Map<string, string>()
  for (const file of globSync('*/experiment.json', { cwd: runsFolder }))
    for (const version of tryRead(join(runsFolder, dirname(file))))
      for (const run of version.record.runs) {
        const folder = version.folderOf(run)
        if (run.identity !== null && folder && statusOf(folder) === 'complete')
          known.set(run.identity, folder.path)
      }
  return known
}

function statusOf(folder: RunFolder): RunFile['status'] | undefined {
  try {
    return folder.read().status
  } catch {
    return undefined
  }
}

function tryRead(path: string): Version[] {
  try {
    return [Version.read(path)]
  } catch {
    return []
  }
}
