import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { InputError } from '../core/errors.ts'
import { findCorpusFiles } from '../corpus/index.ts'
import type { CorpusPlan } from './corpus-spec.ts'
import type { DataEntry } from './entry.ts'
import { byHand } from './fetch.ts'
import { find, findEntry, type Places, requirePath } from './places.ts'
import { packingOf } from './unpack.ts'

/** A text that a corpus is made of, as it was named. */
export interface Source {
  name: string
  entry: DataEntry | undefined
  /** The file or folder, if it is on this machine as it is to be read. */
  path: string | undefined
  /** here: it is there, or a packed copy that needs no network; fetch: it can be downloaded */
  state: 'here' | 'fetch' | 'missing'
}

export interface SourceOptions extends Places {
  /** What paths are relative to (default: the working folder). */
  base?: string | undefined
  /** Whether what is not on this machine may be downloaded (default: yes). */
  fetch?: boolean | undefined
}

/** Which of a plan's choices is taken: the first that is there, else the first that can be downloaded, else the first. */
export function chooseSources({ choices }: CorpusPlan, options: SourceOptions): Source[] {
  const found = choices.map((names) => names.map((name) => sourceOf(name, options)))
  return (
    found.find((sources) => sources.every(({ state }) => state === 'here')) ??
    found.find((sources) => sources.every(({ state }) => state !== 'missing')) ??
    found[0]!
  )
}

/**
 * Refuses sources that cannot be had.
 *
 * throws  InputError saying for each choice how it could be had
 */
export function requireSources(sources: Source[], { choices }: CorpusPlan, options: SourceOptions): void {
  const missing = sources.find(
    ({ state }) => state === 'missing' || (state === 'fetch' && options.fetch === false),
  )
  if (!missing) return
  if (!missing.entry) requirePath(missing.name, options.base ?? '.', options)
  const others = choices.flat().filter((name) => name !== missing.name)
  throw new InputError('DATA_NOT_HERE', {
    what: `${missing.name} is not on this machine`,
    why: others.length > 0 ? `nor is ${others.join(' or ')}` : missing.entry!.what,
    mend: missing.state === 'fetch' ? `millrace data get ${missing.name}` : byHand(missing.entry!, options),
  })
}

/** The files of a source: the one that it is, packed or not, or a folder's. */
export function filesOf(path: string): string[] {
  if (statSync(path).isFile() && packingOf(path) !== undefined) return [path]
  return findCorpusFiles([path]).map((file) => file.path)
}

function sourceOf(name: string, options: SourceOptions): Source {
  const entry = findEntry(name, options)
  if (!entry) {
    const path = resolve(options.base ?? '.', name)
    const isHere = existsSync(path)
    return { name, entry, path: isHere ? path : undefined, state: isHere ? 'here' : 'missing' }
  }
  const { path, packed } = find(entry, options)
  const isHere = path !== undefined || packed !== undefined
  return { name, entry, path, state: isHere ? 'here' : entry.download ? 'fetch' : 'missing' }
}
