import { existsSync, readdirSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { InputError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { RunFolder } from './folder.ts'
import { readVersionFile, type VersionFile, versionFileOf } from './version-file.ts'

/** `NAME`, `NAME@2`, `NAME@2/ID` or `NAME/ID`: no version means the newest. */
export interface RunName {
  name: string
  version: number | null
  /** Of a run inside a recipe's version. */
  id: string | null
}

/** What a name stands for. */
export type Found = FoundRun | FoundVersion

export interface FoundRun {
  kind: 'run'
  folder: RunFolder
  /** As it is called: `quick`, `table2@2/dim=50`, or a path where it lies elsewhere. */
  label: string
}

/** A recipe's version, of one run or of many. */
export interface FoundVersion {
  kind: 'version'
  path: string
  label: string
  record: VersionFile
}

export function parseRunName(text: string): RunName {
  const [, name, version, id] = /^([^/]+?)(?:@([1-9]\d*))?(?:\/(.+))?$/.exec(text) ?? []
  return { name: name ?? text, version: version ? Number(version) : null, id: id ?? null }
}

/** Where version `version` of a name lies: the first in the folder of that name itself. */
export function versionFolder(runs: string, name: string, version: number): string {
  return join(runs, version === 1 ? name : `${name}@${version}`)
}

/** The versions there are of a name, the oldest first: folders that hold a run or a recipe's version. */
export function versionsOf(runs: string, name: string): number[] {
  const isThere = (version: number) => holdsSomething(versionFolder(runs, name, version))
  return numbersOf(runs, name).filter(isThere)
}

/**
 * The number that a new version gets: behind the highest one, whatever that folder holds. 1 if there is none, or
 * nothing in it.
 */
export function nextVersion(runs: string, name: string): number {
  const taken = numbersOf(runs, name).filter((version) => !isEmpty(versionFolder(runs, name, version)))
  return Math.max(0, ...taken) + 1
}

/**
 * What a name or a path stands for: see `RunName`. A path is one with a `.` or `/` before it, and whatever is no name
 * of a run in `runs`.
 *
 * throws  InputError if there is nothing of that name, with the nearest; or if what there is, is damaged
 */
export function findRun(text: string, runs = 'runs'): Found {
  const trimmed = text.replace(/(?<=.)\/+$/, '')
  if (!isPath(trimmed)) {
    const named = findNamed(trimmed, runs)
    if (named) return named
  }
  const found = lookInto(resolve(trimmed), runs)
  if (found) return found
  throw unknown(trimmed, runs)
}

/** How a folder is called: by its name where it lies in `runs`, else by its path from here. */
export function labelOf(folder: string, runs: string): string {
  const inside = relative(resolve(runs), resolve(folder))
  const isInside = inside !== '' && !inside.startsWith('..') && !isAbsolute(inside)
  return isInside ? inside.split(sep).join('/') : relative('', folder) || '.'
}

function isPath(text: string): boolean {
  return isAbsolute(text) || /^\.{1,2}(\/|$)/.test(text)
}

function findNamed(text: string, runs: string): Found | undefined {
  const { name, version, id } = parseRunName(text)
  const number = version ?? versionsOf(runs, name).at(-1)
  const folder = number === undefined ? undefined : folderOfVersion(runs, name, number)
  if (folder === undefined) return lookInto(join(runs, text), runs)
  return id === null ? lookInto(folder, runs) : findInside(folder, id, runs)
}

/** A copy may have kept `NAME@1` in its name. */
function folderOfVersion(runs: string, name: string, version: number): string | undefined {
  return [versionFolder(runs, name, version), join(runs, `${name}@${version}`)].find(holdsSomething)
}

/** A run of a version by its id, wherever it lies; else by its folder. */
function findInside(folder: string, id: string, runs: string): Found | undefined {
  if (!existsSync(versionFileOf(folder))) return lookInto(join(folder, id), runs)
  const { runs: entries } = readVersionFile(folder)
  const entry = entries.find((run) => run.id === id)
  if (!entry) {
    const inside = lookInto(join(folder, id), runs)
    if (inside) return inside
    const ids = entries.map((run) => run.id)
    throw new InputError('RUN_UNKNOWN', {
      what: `there is no run ${id} in ${labelOf(folder, runs)}`,
      mend: nearestOf(id, ids),
    })
  }
  const label = `${labelOf(folder, runs)}/${id}`
  if (entry.folder !== null && new RunFolder(entry.folder).exists())
    return { kind: 'run', folder: new RunFolder(entry.folder), label }
  throw new InputError('RUN_NOT_THERE', {
    what: `the run ${label} is not there`,
    why: entry.skipped ?? entry.failure ?? 'it was not run yet, or its folder was removed',
    ...(!entry.skipped && { mend: 'run the recipe again: `millrace experiment` runs what is missing' }),
  })
}

function lookInto(path: string, runs: string): Found | undefined {
  const folder = new RunFolder(path)
  const label = labelOf(path, runs)
  if (folder.exists()) return { kind: 'run', folder, label }
  if (existsSync(versionFileOf(path)))
    return { kind: 'version', path: folder.path, label, record: readVersionFile(path) }
  return undefined
}

/** The numbers that folders of a name have, the lowest first. */
function numbersOf(runs: string, name: string): number[] {
  const parent = join(runs, name, '..')
  const base = name.split('/').at(-1)!
  const numbers = namesIn(parent).flatMap((entry) => {
    if (entry === base) return [1]
    const found = parseRunName(entry)
    return found.name === base && found.version !== null ? [found.version] : []
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function holdsSomething(folder: string): boolean {
  return new RunFolder(folder).exists() || existsSync(versionFileOf(folder))
}

/** What a process that took the lock and died leaves behind is nothing. */
function isEmpty(folder: string): boolean {
  if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false)) return !existsSync(folder)
  return namesIn(folder).every((name) => name === 'lock' || /^lock(\.\d+)+$|\.\d+\.tmp$/.test(name))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function unknown(text: string, runs: string): InputError {
  const names = namesIn(runs).filter((name) => holdsSomething(join(runs, name)))
  const { name, version } = parseRunName(text)
  const versions = versionsOf(runs, name)
  if (version !== null && versions.length > 0)
    return new InputError('RUN_UNKNOWN', {
      what: `there is no ${text}`,
      mend: `${name} has ${versions.length === 1 ? 'version' : 'versions'} ${versions.join(', ')}`,
    })
  return new InputError('RUN_UNKNOWN', {
    what: `there is no run ${text}`,
    why: `no folder of that name holds a run.json, here or in ${runs}`,
    mend: names.length > 0 ? nearestOf(text, names) : `${runs} holds no runs; --runs names another folder`,
  })
}

function nearestOf(text: string, known: string[]): string {
  const nearest = nearestName(text, known)
  if (nearest) return `did you mean ${nearest}?`
  const some = known.slice(0, 8).join(', ')
  return known.length > 8 ? `there are ${known.length}, such as ${some}` : `there are ${some}`
}
