import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { InputError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { corpora } from './corpora.ts'
import type { DataEntry } from './entry.ts'
import { testSets } from './test-sets.ts'

/** All that has a name: corpora first, then test sets. */
export const catalogue: DataEntry[] = [...corpora, ...testSets]

/** Where data is looked for and kept. What is left out is as on this machine. */
export interface Places {
  /** The one folder that is written to (default: MILLRACE_CACHE, else the user's cache folder). */
  cache?: string | undefined
  /** A folder that is only read, looked into first (default: MILLRACE_DATA); null for none. */
  data?: string | null | undefined
  /** The names there are (default: `catalogue`). */
  entries?: DataEntry[] | undefined
}

/** The cache folder: MILLRACE_CACHE, else `millrace` in the user's cache folder. */
export function cacheFolder({ cache }: Places = {}): string {
  if (cache !== undefined) return resolve(cache)
  const { MILLRACE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (MILLRACE_CACHE) return resolve(MILLRACE_CACHE)
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'millrace')
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/millrace')
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'millrace/Cache')
  return join(homedir(), '.cache/millrace')
}

/** The folder of data that is only read, if there is one. */
export function dataFolder({ data }: Places = {}): string | undefined {
  const given = data === undefined ? process.env.MILLRACE_DATA : data
  return given ? resolve(given) : undefined
}

/** The entry of a name, or undefined. */
export function findEntry(name: string, { entries = catalogue }: Places = {}): DataEntry | undefined {
  return entries.find((entry) => entry.name === name)
}

/**
 * The entry of a name.
 *
 * throws  InputError naming the nearest name there is
 */
export function requireEntry(name: string, places: Places = {}): DataEntry {
  return findEntry(name, places) ?? refuse(name, places, `there is no data named ${name}`)
}

/** What of an entry is on this machine. */
export interface Found {
  /** The file as it is to be read, or a folder of text files. */
  path: string | undefined
  /** A packed copy of it, where it is not there unpacked. */
  packed: string | undefined
  /** Where the unpacked file is put, or to be put by hand. */
  target: string
}

/** Looks for an entry below MILLRACE_DATA, then in the cache, then in the packages that are installed. */
export function find(entry: DataEntry, places: Places = {}): Found {
  const data = dataFolder(places)
  const target = join(cacheFolder(places), entry.file)
  const paths = [data && join(data, entry.file), target].filter((path) => path !== undefined)
  const packed = entry.packed && data && join(data, entry.packed.file)
  return {
    path: paths.find((path) => path && existsSync(path)) || packageFolder(entry),
    packed: packed && existsSync(packed) ? packed : undefined,
    target,
  }
}

/**
 * Where a test set or another single file lies: a name, by the catalogue, or a path, which means itself.
 *
 * base    what a path is relative to
 * throws  InputError if it is not there: for a name how to get it, else the nearest name
 */
export function dataFile(nameOrPath: string, base = '.', places: Places = {}): string {
  const entry = findEntry(nameOrPath, places)
  if (!entry) return requirePath(nameOrPath, base, places)
  const { path, packed } = find(entry, places)
  if (path !== undefined) return path
  throw new InputError('DATA_NOT_HERE', {
    what: packed ? `${entry.name} has not been unpacked yet` : `${entry.name} is not on this machine`,
    why: packed
      ? `there is ${packed}`
      : `it is neither below ${dataFolder(places) ?? 'MILLRACE_DATA, which is not set,'} nor in ${cacheFolder(places)}`,
    mend: `millrace data get ${entry.name}`,
  })
}

/** The absolute path of a file or folder that must be there. */
export function requirePath(path: string, base: string, places: Places): string {
  const absolute = resolve(base, path)
  if (existsSync(absolute)) return absolute
  return refuse(path, places, `there is no file ${absolute}, and no data named ${path}`)
}

function refuse(name: string, { entries = catalogue }: Places, what: string): never {
  const names = entries.map((entry) => entry.name)
  const nearest = nearestName(name, names)
  throw new InputError('DATA_NAME', {
    what,
    mend: nearest ? `did you mean ${nearest}?` : `the names are ${names.join(', ')}`,
  })
}

function packageFolder({ npm }: DataEntry): string | undefined {
  if (!npm) return undefined
  // As installed beside the working folder, or beside Millrace itself.
  for (const from of [resolve('package.json'), import.meta.filename]) {
    for (const folder of createRequire(from).resolve.paths(npm.name) ?? []) {
      const path = join(folder, npm.name, npm.folder)
      if (existsSync(path)) return path
    }
  }
  return undefined
}

/** The version of an installed package, from the folder in it that holds the data. */
export function packageVersion(folder: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(dirname(folder), 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}
