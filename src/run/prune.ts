import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { CheckpointStore } from '../checkpoint/index.ts'
import { currentDisk, diskError } from '../core/disk.ts'
import { type Catalogue, type CatalogueRun, newestOf } from './catalogue.ts'
import { bytesIn, statOf } from './facts.ts'
import { RunFolder } from './folder.ts'
import { acquireLock, isHeld } from './lock.ts'

export interface PruneOptions {
  /** Of complete runs: `old`, all but the newest sound one, from which training can go on; `all`; or `none`. */
  checkpoints: 'old' | 'all' | 'none'
  /** Runs that failed or died, and were not touched for so long. */
  olderThanMs: number
  /** Versions that are not the newest of their name, and that no version that stays refers to. */
  oldVersions: boolean
  /** In ms since 1970. */
  now: number
}

/** Something that may go. */
export interface Prunable {
  kind: 'leftover' | 'checkpoints' | 'run' | 'version'
  /** What it is called, and why it may go. */
  name: string
  why: string
  /** What is removed, absolute. */
  paths: string[]
  bytes: number
  /** Run folders that nobody may be at work in, and their `run.json` as it was when this was found. */
  guards: { folder: string; stamp: string | undefined }[]
}

/**
 * What can go in a runs folder. Never a run that a process is at work in, one that lies elsewhere by way of a link, one
 * whose `run.json` is damaged, nor one that another version or another run's `init` refers to.
 */
export function planPrune(catalogue: Catalogue, options: PruneOptions): Prunable[] {
  const runs = catalogue.runs.filter((run) => isInside(run.folder, catalogue.folder))
  const free = runs.filter((run) => !isHeld(new RunFolder(run.folder)))
  const versions = options.oldVersions ? oldVersions(catalogue) : []
  const goesWithVersion = (run: CatalogueRun) => versions.some(({ paths }) => holds(paths[0]!, run.folder))
  const referred = referencesOf(catalogue)
  const rest = free.filter((run) => !goesWithVersion(run))
  const dead = rest.filter((run) => isOver(run, options) && !isReferred(run, referred))
  return [
    ...leftoversOf(catalogue.folder),
    ...rest
      .filter((run) => !dead.includes(run))
      .flatMap((run) => [...leftoversIn(run), ...checkpointsOf(run, options)]),
    ...dead.map(
      (run): Prunable => ({
        kind: 'run',
        name: run.name,
        why: `${run.state} ${daysOf(options.now - Date.parse(run.changedAt))} ago, at ${Math.floor(100 * run.fraction)} %`,
        paths: [run.folder],
        bytes: run.bytes,
        guards: [guardOf(run)],
      }),
    ),
    ...versions,
  ]
}

/**
 * Removes what was planned: run folders in one step, by another name first.
 *
 * Returns why it was left, if it was: somebody is at work there, or it is not what it was when it was planned.
 * throws  ResourceError if the disk refuses
 */
export function pruneOne(item: Prunable): string | undefined {
  const locks: { release(): void }[] = []
  try {
    for (const { folder, stamp } of item.guards) {
      if (statOf(new RunFolder(folder).runFile) !== stamp) return `${basename(folder)} has changed meanwhile`
      try {
        locks.push(acquireLock(new RunFolder(folder)))
      } catch {
        return `a process is at work in ${basename(folder)}`
      }
    }
    if (item.kind === 'checkpoints' && isNeeded(item.paths)) return 'the last checkpoint is damaged'
    for (const path of item.paths) remove(path)
    return undefined
  } finally {
    // Of a folder that is gone, the lock is as well.
    for (const lock of locks) lock.release()
  }
}

function remove(path: string): void {
  const disk = currentDisk()
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.pruned`)
  try {
    // A process that dies now leaves a leftover, and not half a run.
    disk.renameSync(path, aside)
    disk.rmSync(aside, { recursive: true, force: true })
  } catch (error) {
    throw diskError(error, path)
  }
}

/** What a prune or a write that was killed leaves behind. */
const leftover = /^\..+\.\d+\.pruned$|\.\d+\.tmp$|^lock(\.\d+)+$|^\.\d+\.tmp$/

function leftoversOf(runs: string): Prunable[] {
  return namesIn(runs)
    .filter((name) => /^\..+\.\d+\.pruned$/.test(name))
    .map((name) => leftoverAt(join(runs, name), name, []))
}

function leftoversIn(run: CatalogueRun): Prunable[] {
  const { folder, name } = run
  const places = [folder, join(folder, 'checkpoints')]
  const found = places.flatMap((place) =>
    namesIn(place)
      .filter((entry) => leftover.test(entry))
      .map((entry) => join(place, entry)),
  )
  const counting = join(folder, 'counting')
  if (run.state === 'complete' && existsSync(counting)) found.push(counting)
  return found.map((path) => leftoverAt(path, `${name}/${relative(folder, path)}`, [guardOf(run)]))
}

function leftoverAt(path: string, name: string, guards: Prunable['guards']): Prunable {
  const bytes = statSync(path, { throwIfNoEntry: false })?.isFile() ? statSync(path).size : bytesIn(path)
  return { kind: 'leftover', name, why: 'left by a process that was killed', paths: [path], bytes, guards }
}

function checkpointsOf(run: CatalogueRun, { checkpoints }: PruneOptions): Prunable[] {
  if (checkpoints === 'none' || run.state !== 'complete') return []
  const store = join(run.folder, 'checkpoints')
  const paths = numbered(store).slice(checkpoints === 'all' ? 0 : 1)
  // Without vectors, the last checkpoint is all there is of the run.
  const hasVectors = existsSync(new RunFolder(run.folder).vectors)
  if (paths.length === 0 || (checkpoints === 'all' && !hasVectors)) return []
  const bytes = paths.reduce((sum, path) => sum + bytesIn(path), 0)
  const count = `${paths.length} ${paths.length === 1 ? 'checkpoint' : 'checkpoints'}`
  const why =
    checkpoints === 'all' ? `${count}: it cannot go on to more epochs then` : `${count} before its last`
  return [{ kind: 'checkpoints', name: `${run.name}/checkpoints`, why, paths, bytes, guards: [guardOf(run)] }]
}

/** Where one is to stay, it must be sound: its checksums are looked at. */
function isNeeded(paths: string[]): boolean {
  const store = dirname(paths[0]!)
  const staying = numbered(store).filter((path) => !paths.includes(path))
  return staying.length > 0 && !staying.includes(new CheckpointStore(store).newest()?.path ?? '')
}

/** Paths of checkpoints, the newest first. */
function numbered(store: string): string[] {
  const names = namesIn(store).filter((name) => /^\d{6,}$/.test(name))
  return names.sort((a, b) => Number(b) - Number(a)).map((name) => join(store, name))
}

function isOver(run: CatalogueRun, { olderThanMs, now }: PruneOptions): boolean {
  return ['failed', 'dead'].includes(run.state) && now - Date.parse(run.changedAt) > olderThanMs
}

/** Folders that a version in another folder has for its own, and those that another run began with. */
function referencesOf({ runs, versions }: Catalogue): { from: string; to: string }[] {
  return [
    ...versions.flatMap(({ folder, record }) =>
      (record?.runs ?? []).flatMap((run) => (run.folder === null ? [] : [{ from: folder, to: run.folder }])),
    ),
    ...runs.flatMap(({ folder, config: { init } }) =>
      typeof init === 'string' ? [{ from: folder, to: init }] : [],
    ),
  ]
}

function isReferred({ folder }: CatalogueRun, references: { from: string; to: string }[]): boolean {
  return references.some(({ from, to }) => holds(folder, to) && !holds(from, folder) && !holds(folder, from))
}

/** Folders of versions that are not the newest, that nobody is at work in, and that nothing which stays refers to. */
function oldVersions(catalogue: Catalogue): Prunable[] {
  const all = foldersOf(catalogue)
  const entryOf = (path: string) => all.get(firstOf(catalogue, path))
  const newest = new Set(newestOf([...all.values()]))
  const staying = new Set([...all.values()].filter((entry) => newest.has(entry) || !mayGo(entry, catalogue)))
  const references = referencesOf(catalogue)
  for (let before = -1; before !== staying.size; ) {
    before = staying.size
    for (const { from, to } of references) {
      const [referring, referred] = [entryOf(from), entryOf(to)]
      // What lies in a folder that is no version stays.
      if (referred && (!referring || staying.has(referring))) staying.add(referred)
    }
  }
  return [...all.values()]
    .filter((entry) => !staying.has(entry))
    .map(
      ({ folder, name, family, runs }): Prunable => ({
        kind: 'version',
        name,
        why: `${family} has a newer version, and nothing refers to this one`,
        paths: [folder],
        bytes: bytesIn(folder),
        guards: runs.map(guardOf),
      }),
    )
}

interface NamedFolder {
  folder: string
  name: string
  family: string
  version: number
  runs: CatalogueRun[]
}

/** The folders that are versions, by name, each with all that lies in it; one that only has runs below it is none. */
function foldersOf(catalogue: Catalogue): Map<string, NamedFolder> {
  const found = new Map<string, NamedFolder>()
  for (const { folder, name, family, version } of [...catalogue.versions, ...catalogue.runs])
    if (!name.includes('/')) found.set(name, { folder, name, family, version, runs: [] })
  for (const run of catalogue.runs) found.get(firstOf(catalogue, run.folder))?.runs.push(run)
  return found
}

/** The name of the folder that a path lies in, of those in the runs folder. */
function firstOf({ folder }: Catalogue, path: string): string {
  return relative(folder, path).split('/')[0]!
}

function mayGo({ folder, runs }: NamedFolder, catalogue: Catalogue): boolean {
  return (
    isInside(folder, catalogue.folder) &&
    !isHeld(new RunFolder(folder)) &&
    runs.every((run) => run.state !== 'damaged' && !isHeld(new RunFolder(run.folder)))
  )
}

function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Whether a folder really lies where its path says: by way of a link it may be anybody's. */
function isInside(folder: string, runs: string): boolean {
  try {
    return realpathSync(folder) === join(realpathSync(runs), relative(runs, folder))
  } catch {
    return false
  }
}

function guardOf({ folder }: CatalogueRun): Prunable['guards'][number] {
  return { folder, stamp: statOf(new RunFolder(folder).runFile) }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function daysOf(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  return days === 1 ? '1 day' : `${days} days`
}
