import { relative } from 'node:path'
import { type Catalogue, type CatalogueRun, newestOf } from './catalogue.ts'
import { bytesIn } from './facts.ts'
import { RunFolder } from './folder.ts'
import { isAwaited } from './lock.ts'
import { guardOf, type PrunePlan } from './prunable.ts'
import { foldersWithin, isInside, referencesOf } from './references.ts'
import type { VersionFile } from './version-file.ts'

/**
 * Versions that are not the newest of their name and scale, that nobody is at work in, and that nothing which stays
 * refers to. One that holds runs which are not its own is kept, and so is one whose newest is not complete.
 */
export function planVersions(catalogue: Catalogue): PrunePlan {
  const all = foldersOf(catalogue)
  const entryOf = (path: string) => all.get(firstOf(catalogue, path))
  const newest = newestOf(catalogue)
  const kept: PrunePlan['kept'] = []
  const mustStay = (entry: NamedFolder) => {
    const { folder, name, record } = entry
    if (newest.has(`${entry.family}@${entry.version}`) || !mayGo(entry, catalogue)) return true
    const next = [...all.values()].find(
      (other) => newest.has(`${other.family}@${other.version}`) && isOfKind(other, entry),
    )
    if (!next || !isComplete(next, catalogue)) {
      kept.push({ name, why: `${next?.name ?? 'its newest version'} is not complete`, folder })
      return true
    }
    const own = new Set(record?.runs.map((run) => run.folder))
    const strange = foldersWithin(folder).find((path) => !own.has(path))
    if (strange === undefined) return false
    const what = relative(catalogue.folder, strange)
    kept.push({ name, why: `it holds ${what}, which is none of its own runs`, folder })
    return true
  }
  const staying = new Set([...all.values()].filter(mustStay))
  const references = referencesOf(catalogue)
  for (let before = -1; before !== staying.size; ) {
    before = staying.size
    for (const { from, to } of references) {
      const [referring, referred] = [entryOf(from), entryOf(to)]
      // What lies in a folder that is no version stays.
      if (referred && (!referring || staying.has(referring))) staying.add(referred)
    }
  }
  const items = [...all.values()]
    .filter((entry) => !staying.has(entry))
    .map((entry): PrunePlan['items'][number] => ({
      kind: 'version',
      name: entry.name,
      why: whyOf(entry),
      paths: [entry.folder],
      bytes: bytesIn(entry.folder),
      guards: [entry.folder, ...foldersWithin(entry.folder)].map(guardOf),
    }))
  return { items, kept }
}

interface NamedFolder {
  folder: string
  name: string
  family: string
  version: number
  record: VersionFile | undefined
  runs: CatalogueRun[]
}

/** The folders that are versions, by name, each with all that lies in it; one that only has runs below it is none. */
function foldersOf(catalogue: Catalogue): Map<string, NamedFolder> {
  const found = new Map<string, NamedFolder>()
  const records = new Map(catalogue.versions.map(({ folder, record }) => [folder, record]))
  for (const { folder, name, family, version } of [...catalogue.versions, ...catalogue.runs])
    if (!name.includes('/'))
      found.set(name, { folder, name, family, version, record: records.get(folder), runs: [] })
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
    runs.every((run) => run.state !== 'damaged') &&
    [folder, ...foldersWithin(folder)].every((path) => !isAwaited(new RunFolder(path)))
  )
}

function isOfKind(a: NamedFolder, b: NamedFolder): boolean {
  return a.family === b.family && (a.record?.scale ?? null) === (b.record?.scale ?? null)
}

/** Whether all that is to be run of it was run, wherever that lies. */
function isComplete({ folder, record }: NamedFolder, { runs }: Catalogue): boolean {
  const complete = new Set(runs.filter(({ state }) => state === 'complete').map((run) => run.folder))
  if (!record) return complete.has(folder)
  return record.runs.every((run) => run.skipped !== null || (run.folder !== null && complete.has(run.folder)))
}

function whyOf({ family, record }: NamedFolder): string {
  const scale = record?.scale == null ? '' : ` of scale ${record.scale}`
  return `${family} has a newer version${scale}, and nothing refers to this one`
}
