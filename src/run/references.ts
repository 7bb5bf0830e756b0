import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Catalogue } from './catalogue.ts'
import { RunFolder } from './folder.ts'
import { versionFileOf } from './version-file.ts'

/** That what lies in one folder needs what lies at a path. */
export interface Reference {
  from: string
  to: string
}

/**
 * What is needed in a runs folder: what a version has for its own in another folder, what a run began with, and what a
 * link leads to.
 *
 * to  where it really lies: as a path in the runs folder, if it is in there
 */
export function referencesOf({ folder: home, runs, versions }: Catalogue): Reference[] {
  const references = [
    ...versions.flatMap(({ folder, record }) =>
      (record?.runs ?? []).flatMap((run) => (run.folder === null ? [] : [{ from: folder, to: run.folder }])),
    ),
    ...runs.flatMap(({ folder, config: { init } }) =>
      typeof init === 'string' ? [{ from: folder, to: resolve(init) }] : [],
    ),
    ...[...runs, ...versions]
      .filter(({ folder }) => !isInside(folder, home))
      .map(({ folder }) => ({ from: folder, to: folder })),
  ]
  const realHome = realPath(home)
  return references.map(({ from, to }) => {
    const real = realPath(to)
    return { from, to: holds(realHome, real) ? join(home, relative(realHome, real)) : real }
  })
}

/** Whether something that is neither in this folder nor holds it needs it, or what is in it. */
export function isReferred(folder: string, references: Reference[]): boolean {
  return references.some(({ from, to }) => holds(folder, to) && !holds(from, folder) && !holds(folder, from))
}

/** Whether a path is a folder, or in it. */
export function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Whether a folder really lies where its path says: by way of a link it may be anybody's. */
export function isInside(folder: string, home: string): boolean {
  return realPath(folder) === join(realPath(home), relative(home, folder))
}

/**
 * Folders below one, however deep, that hold a run or a version. What links lead to is elsewhere, what a prune was
 * removing is none, and a folder that cannot be read may hold one.
 */
export function foldersWithin(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !isPruned(entry.name))
    .flatMap(({ name }) => {
      const inside = join(folder, name)
      const isOne = new RunFolder(inside).exists() || existsSync(versionFileOf(inside))
      try {
        return [...(isOne ? [inside] : []), ...foldersWithin(inside)]
      } catch {
        return [inside]
      }
    })
}

/** Whether it is what a prune calls a folder while it removes it. */
export function isPruned(name: string): boolean {
  return /^\..+\.\d+\.pruned$/.test(name)
}

/** Without links, also for what is not there. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}
