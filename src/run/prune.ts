import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { CheckpointStore } from '../checkpoint/index.ts'
import { currentDisk, diskError } from '../core/disk.ts'
import { SafetensorsFile } from '../core/safetensors.ts'
import type { Catalogue, CatalogueRun } from './catalogue.ts'
import { bytesIn } from './facts.ts'
import { RunFolder } from './folder.ts'
import { acquireLock, isAwaited } from './lock.ts'
import { guardOf, type Prunable, type PrunePlan, stampOf } from './prunable.ts'
import { planVersions } from './prune-versions.ts'
import { foldersWithin, holds, isInside, isPruned, isReferred, referencesOf } from './references.ts'

export interface PruneOptions {
  /** Of complete runs: `old`, all but the newest sound one, from which training can go on; `all`; or `none`. */
  checkpoints: 'old' | 'all' | 'none'
  /** Runs that failed or died, and were not touched for so long. */
  olderThanMs: number
  /** Versions that are not the newest of their name and scale, and that no version that stays refers to. */
  oldVersions: boolean
  /** In ms since 1970. */
  now: number
}

/**
 * What can go in a runs folder. Never a run that a process is at work in, one that lies elsewhere by way of a link, one
 * whose `run.json` is damaged, nor one that another version, another run's `init` or a link refers to. No run and no
 * version while an `experiment.json` cannot be read: what it refers to is not known.
 */
export function planPrune(catalogue: Catalogue, options: PruneOptions): PrunePlan {
  const runs = catalogue.runs.filter(
    ({ folder }) => isInside(folder, catalogue.folder) && !isAwaited(new RunFolder(folder)),
  )
  const unreadable = catalogue.versions.filter(({ record }) => record === undefined)
  const isKnown = unreadable.length === 0
  const versions = options.oldVersions && isKnown ? planVersions(catalogue) : { items: [], kept: [] }
  const rest = runs.filter((run) => !versions.items.some(({ paths }) => holds(paths[0]!, run.folder)))
  const dead = isKnown ? planDead(rest, catalogue, options) : { items: [], kept: [] }
  const goes = new Set(dead.items.flatMap(({ paths }) => paths))
  const staying = rest.filter(({ folder }) => !goes.has(folder))
  return {
    items: [
      ...leftoversOf(catalogue),
      ...staying.flatMap((run) => [
        ...leftoversIn(run, catalogue.folder),
        ...checkpointsOf(run, catalogue.folder, options),
      ]),
      ...dead.items,
      ...versions.items,
    ],
    kept: [
      ...unreadable.map(({ name, fault }) => ({
        name,
        why: `its experiment.json cannot be read (${fault}). What it refers to is not known, so no run and no version is removed; bring the file back, or remove ${name} by hand`,
        folder: null,
      })),
      ...dead.kept,
      ...versions.kept,
    ],
  }
}

/** Runs that failed or died, and that nobody needs. */
function planDead(runs: CatalogueRun[], catalogue: Catalogue, options: PruneOptions): PrunePlan {
  const references = referencesOf(catalogue)
  const plan: PrunePlan = { items: [], kept: [] }
  for (const run of runs) {
    const { folder, name } = run
    // Whoever runs a recipe may be about to start its runs again.
    const around = catalogue.versions.filter((version) => holds(version.folder, folder))
    const isAtWork = around.some((version) => isAwaited(new RunFolder(version.folder)))
    if (!isOver(run, options) || isAtWork || isReferred(folder, references)) continue
    const reason = reasonToKeep(folder, catalogue.folder)
    if (reason !== undefined) {
      plan.kept.push({ name, why: `${run.state}, and ${reason}`, folder })
      continue
    }
    const guarded = new Set([folder, ...around.map((version) => version.folder)])
    plan.items.push({
      kind: 'run',
      name,
      why: `${run.state} ${daysOf(options.now - Date.parse(run.changedAt))} ago, at ${Math.floor(100 * run.fraction)} %`,
      paths: [folder],
      bytes: run.bytes,
      guards: [...guarded].map(guardOf),
    })
  }
  return plan
}

/** What a run that failed or died may still be good for. */
function reasonToKeep(folder: string, home: string): string | undefined {
  const [deeper] = foldersWithin(folder)
  if (deeper !== undefined) return `it holds ${relative(home, deeper)}`
  // They are written when it is complete: it failed when it was to go on.
  return existsSync(new RunFolder(folder).vectors) ? 'it has vectors, of when it was complete' : undefined
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
      if (stampOf(folder) !== stamp) return `${basename(folder)} has changed meanwhile`
      if (isAwaited(new RunFolder(folder))) return `a process is at work in ${basename(folder)}`
      try {
        locks.push(acquireLock(new RunFolder(folder)))
      } catch {
        return `a process is at work in ${basename(folder)}`
      }
    }
    if (item.kind === 'checkpoints' && isNeeded(item.paths)) return 'the last checkpoint is damaged'
    const came = item.kind === 'run' || item.kind === 'version' ? strangeIn(item) : undefined
    if (came !== undefined) return `${basename(came)} has come into it meanwhile`
    for (const path of item.paths) remove(path)
    return undefined
  } finally {
    // Of a folder that is gone, the lock is as well.
    for (const lock of locks) lock.release()
  }
}

/** A run or version in what is to go of which the plan did not know. */
function strangeIn({ paths, guards }: Prunable): string | undefined {
  return paths.flatMap(foldersWithin).find((path) => !guards.some(({ folder }) => folder === path))
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
const leftover = /\.\d+\.tmp$|^lock(\.\d+)+$/

/** Of runs and versions that a prune was removing. */
function leftoversOf({ folder: home, versions, runs }: Catalogue): Prunable[] {
  const ofRuns = new Set(runs.map(({ folder }) => folder))
  const places = versions.map(({ folder }) => folder).filter((folder) => !ofRuns.has(folder))
  return [home, ...places.filter((place) => isInside(place, home))].flatMap((place) =>
    namesIn(place)
      .filter(isPruned)
      .map((name) => join(place, name))
      .map((path) => leftoverAt(path, relative(home, path), [])),
  )
}

function leftoversIn(run: CatalogueRun, home: string): Prunable[] {
  const { folder, name } = run
  const places = [folder, join(folder, 'checkpoints')].filter((place) => isInside(place, home))
  const found = places.flatMap((place) =>
    namesIn(place)
      .filter((entry) => isPruned(entry) || leftover.test(entry))
      .map((entry) => join(place, entry)),
  )
  const counting = join(folder, 'counting')
  if (run.state === 'complete' && existsSync(counting)) found.push(counting)
  return found.map((path) => leftoverAt(path, `${name}/${relative(folder, path)}`, [guardOf(folder)]))
}

function leftoverAt(path: string, name: string, guards: Prunable['guards']): Prunable {
  const bytes = statSync(path, { throwIfNoEntry: false })?.isFile() ? statSync(path).size : bytesIn(path)
  return { kind: 'leftover', name, why: 'left by a process that was killed', paths: [path], bytes, guards }
}

function checkpointsOf(run: CatalogueRun, home: string, { checkpoints }: PruneOptions): Prunable[] {
  const store = join(run.folder, 'checkpoints')
  if (checkpoints === 'none' || run.state !== 'complete' || !isInside(store, home)) return []
  const paths = numbered(store).slice(checkpoints === 'all' ? 0 : 1)
  // Without vectors, the last checkpoint is all there is of the run.
  if (paths.length === 0 || (checkpoints === 'all' && !isWhole(run.folder))) return []
  const bytes = paths.reduce((sum, path) => sum + bytesIn(path), 0)
  const count = `${paths.length} ${paths.length === 1 ? 'checkpoint' : 'checkpoints'}`
  const why =
    checkpoints === 'all' ? `${count}: it cannot go on to more epochs then` : `${count} before its last`
  return [
    {
      kind: 'checkpoints',
      name: `${run.name}/checkpoints`,
      why,
      paths,
      bytes,
      guards: [guardOf(run.folder)],
    },
  ]
}

/** Whether a run's vectors are there, as long as they should be. */
function isWhole(folder: string): boolean {
  try {
    new SafetensorsFile(new RunFolder(folder).vectors).close()
    return true
  } catch {
    return false
  }
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
