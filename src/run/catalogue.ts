import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { CatalogueStore, type Entry } from './catalogue-store.ts'
import { type RunFacts, readFacts, stampOfRun, statOf } from './facts.ts'
import { RunFolder } from './folder.ts'
import { parseRunName } from './names.ts'
import { type RunState, stateOfRun } from './run-state.ts'
import { readVersionFile, type VersionFile, versionFileOf } from './version-file.ts'

/** A run of a runs folder, as the index knows it. */
export interface CatalogueRun extends Omit<RunFacts, 'corpus'> {
  /** As `findRun` takes it: `quick`, `table2@2/dim=50`. */
  name: string
  /** Its folder, absolute. */
  folder: string
  state: RunState
  /** `label`: as the recipe calls it, else the names of its files. */
  corpus: RunFacts['corpus'] & { label: string }
  /** The name and version of the folder that it lies in, such as `table2` and 2. */
  family: string
  version: number
}

/** A recipe's version. */
export interface CatalogueVersion {
  /** As `findRun` takes it. */
  name: string
  folder: string
  family: string
  version: number
  /** Undefined if its `experiment.json` is damaged. */
  record: VersionFile | undefined
  fault: string | null
}

export interface Catalogue {
  /** The runs folder, absolute. */
  folder: string
  /** By name, with numbers in their order. */
  runs: CatalogueRun[]
  versions: CatalogueVersion[]
  /** How many folders had changed since the index was written, and were read. */
  readCount: number
}

/** The index; it may be deleted at any time. */
export const indexFile = '.index.sqlite'

/** A runs folder holds names, these hold runs, and there may be a folder between. */
const deepest = 3

/**
 * All runs and versions in a runs folder, `deepest` folders down. What has not changed since the last time comes out of
 * `.index.sqlite` there; the rest is read and entered. Nothing is there, nothing is written.
 *
 * time    some calls of `stat` for each run; nothing else of it is read unless it changed
 * throws  nothing for what is damaged: that is told in `fault`
 */
export function readCatalogue(runs = 'runs'): Catalogue {
  const folder = resolve(runs)
  if (!existsSync(folder)) return { folder, runs: [], versions: [], readCount: 0 }
  const { runPaths, versionPaths } = walk(folder)
  return CatalogueStore.use(join(folder, indexFile), (store) => {
    const known = store.all()
    const fresh = new Map<string, Entry>()
    /** What was known of a folder, if it has not changed, else what is read of it now. */
    const lookUp = <T>(path: string, stamp: string, read: () => T): T => {
      const entry = known.get(path)
      known.delete(path)
      const before = entry?.stamp === stamp ? parseFacts(entry.facts) : undefined
      if (before !== undefined) return before as T
      const facts = read()
      fresh.set(path, { stamp, facts: JSON.stringify(facts) })
      return facts
    }
    const found = [...runPaths].map(([path, stamp]) => ({
      path,
      facts: lookUp(path, stamp, () => readFacts(join(folder, path))),
    }))
    const versions = [...versionPaths].map(([path, stamp]) =>
      versionOf(
        folder,
        path,
        lookUp(`${path}/experiment.json`, stamp, () => tryRead(join(folder, path))),
      ),
    )
    // What is left of `known` is no longer there.
    if (fresh.size + known.size > 0) store.update(fresh, known.keys())
    const labels = labelsOf(versions)
    return {
      folder,
      runs: found.map(({ path, facts }) => runOf(folder, path, facts, labels)).sort(byName),
      versions: versions.sort(byName),
      readCount: fresh.size,
    }
  })
}

/** One run, read now, wherever it lies. `name`: what to call it. */
export function readRun(folder: string, name: string): CatalogueRun {
  const path = resolve(folder)
  const versions = [path, join(path, '..')].filter((place) => existsSync(versionFileOf(place)))
  const labels = labelsOf(versions.map((place) => ({ folder: place, ...tryRead(place) })))
  return describe(path, name, readFacts(path), labels)
}

/**
 * The newest version of each name and scale, as `name@version`: of a recipe the one that it was last run as. A run that
 * is of no recipe is of no scale; a version whose `experiment.json` is damaged is of one of its own.
 */
export function newestOf({ runs, versions }: Pick<Catalogue, 'runs' | 'versions'>): Set<string> {
  const recorded = new Set(versions.map(({ family, version }) => `${family}@${version}`))
  const entries = [
    ...versions.map(({ family, version, record }) => ({
      family,
      version,
      scale: JSON.stringify(record ? record.scale : [version]),
      ranAt: record?.ranAt ?? '',
    })),
    ...runs
      .filter(({ family, version }) => !recorded.has(`${family}@${version}`))
      .map(({ family, version, createdAt }) => ({ family, version, scale: 'null', ranAt: createdAt ?? '' })),
  ]
  const newest = new Map<string, (typeof entries)[number]>()
  for (const entry of entries) {
    const key = `${entry.family} ${entry.scale}`
    const before = newest.get(key)
    const isNewer =
      before && (entry.ranAt === before.ranAt ? entry.version >= before.version : entry.ranAt > before.ranAt)
    if (isNewer ?? true) newest.set(key, entry)
  }
  return new Set([...newest.values()].map(({ family, version }) => `${family}@${version}`))
}

/** Folders with a `run.json` and with an `experiment.json`, relative, with their stamps. */
function walk(folder: string): { runPaths: Map<string, string>; versionPaths: Map<string, string> } {
  const runPaths = new Map<string, string>()
  const versionPaths = new Map<string, string>()
  const visit = (path: string, depth: number) => {
    const full = path === '' ? folder : `${folder}/${path}`
    if (depth > 0) {
      const version = statOf(`${full}/experiment.json`)
      const run = stampOfRun(full)
      if (version !== undefined) versionPaths.set(path, version)
      if (run !== undefined) runPaths.set(path, run)
    }
    if (depth === deepest) return
    for (const entry of entriesOf(full)) {
      const mayHold = entry.isDirectory() || entry.isSymbolicLink()
      if (mayHold && !entry.name.startsWith('.') && entry.name !== 'checkpoints')
        visit(path === '' ? entry.name : `${path}/${entry.name}`, depth + 1)
    }
  }
  visit('', 0)
  return { runPaths, versionPaths }
}

/** What a row says, if it is what was written: all facts have a fault, be it null. */
function parseFacts(text: string): { fault: string | null } | undefined {
  try {
    const facts = JSON.parse(text)
    return facts instanceof Object && 'fault' in facts ? facts : undefined
  } catch {
    return undefined
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

interface VersionFacts {
  record?: VersionFile
  fault: string | null
}

function tryRead(folder: string): VersionFacts {
  try {
    const record = readVersionFile(folder)
    // Relative, so that it holds where the runs folder is copied or moved.
    const runs = record.runs.map((run) => ({ ...run, folder: run.folder && relative(folder, run.folder) }))
    return { record: { ...record, runs }, fault: null }
  } catch (error) {
    return { fault: (error as { parts?: { why?: string } }).parts?.why ?? String(error) }
  }
}

function versionOf(runs: string, path: string, { record, fault }: VersionFacts): CatalogueVersion {
  const folder = join(runs, path)
  const { name: family, version } = parseRunName(path)
  const entries = record?.runs.map((run) => ({
    ...run,
    folder: run.folder === null ? null : resolve(folder, run.folder),
  }))
  return {
    name: path,
    folder,
    family,
    version: version ?? 1,
    record: record && { ...record, runs: entries! },
    fault,
  }
}

function runOf(runs: string, path: string, facts: RunFacts, labels: Map<string, string>): CatalogueRun {
  return describe(join(runs, path), path, facts, labels)
}

function describe(folder: string, path: string, facts: RunFacts, labels: Map<string, string>): CatalogueRun {
  const { name: family, version } = parseRunName(path)
  const label = labels.get(folder) ?? facts.corpus.paths.map((file) => basename(file)).join(' ')
  return {
    ...facts,
    name: path,
    folder,
    state: facts.status === 'damaged' ? facts.status : stateOfRun(new RunFolder(folder), facts.status),
    corpus: { ...facts.corpus, label },
    family,
    version: version ?? 1,
  }
}

/** What recipes call the corpora of runs, by folder. */
function labelsOf(versions: { folder: string; record?: VersionFile | undefined }[]): Map<string, string> {
  const labels = new Map<string, string>()
  for (const { folder: from, record } of versions)
    for (const { folder, corpus } of record?.runs ?? [])
      if (folder !== null && corpus?.label) labels.set(resolve(from, folder), corpus.label)
  return labels
}

const collator = new Intl.Collator('en', { numeric: true })

/** By name, then version, then what lies in it; numbers in their order. */
export function byName(a: { name: string }, b: { name: string }): number {
  const [one, other] = [parseRunName(a.name), parseRunName(b.name)]
  return (
    collator.compare(one.name, other.name) ||
    (one.version ?? 1) - (other.version ?? 1) ||
    collator.compare(one.id ?? '', other.id ?? '')
  )
}
