import { existsSync } from 'node:fs'
import { writeFileAtomically } from '../core/disk.ts'
import { MillraceError } from '../core/errors.ts'
import { readScores } from '../evaluate/index.ts'
import type { RunFolder } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { repeatCommand } from './command.ts'
import { readHistory } from './history.ts'
import { page } from './page.ts'
import { neighboursOf } from './tables.ts'
import { type WordGroups, wordsPicture } from './words.ts'

export interface ReportOptions {
  /** Words whose neighbours to show; a few telling ones by default. */
  words?: string[]
  /** Words for the picture, by group; well-known ones by default. */
  groups?: WordGroups
  /** The run's vectors if they are loaded already. */
  vectors?: KeyedVectors
  /** Where to write; `report.html` in the run folder by default. */
  path?: string
}

/**
 * Makes a run's report from its folder alone, complete or not, and returns the path of the file.
 *
 * throws  InputError if the folder holds no run; ResourceError if the report cannot be written
 */
export function writeReport(folder: RunFolder, options: ReportOptions = {}): string {
  const path = options.path ?? folder.report
  const html = reportHtml(folder, options)
  writeFileAtomically(path, (write) => write(Buffer.from(html)))
  return path
}

/** The report as text. */
export function reportHtml(
  folder: RunFolder,
  { words, groups, vectors: loaded }: ReportOptions = {},
): string {
  const history = readHistory(folder)
  const faults: string[] = []
  const vectors = loaded ?? attempt(() => readVectors(folder), faults)
  const scores = attempt(() => readScores(folder), faults)
  const unknown = vectors && words ? words.filter((word) => !vectors.has(word)) : []
  if (unknown.length > 0) faults.push(`Not in the vocabulary: ${unknown.join(', ')}`)
  const drawn = groups ? { groups } : {}
  const wide = vectors && wordsPicture(vectors, drawn)
  const narrow = vectors && wordsPicture(vectors, { ...drawn, width: 400, height: 620 })
  return page({
    history,
    words: wide && narrow ? { wide, narrow } : undefined,
    neighbours: vectors ? neighboursOf(vectors, words ? { words } : {}) : [],
    scores,
    faults,
    command: repeatCommand(history.run, folder),
  })
}

/** Undefined while a run has none: before the end of its training. */
function readVectors(folder: RunFolder): KeyedVectors | undefined {
  return existsSync(folder.vectors) ? KeyedVectors.load(folder.vectors) : undefined
}

/** A damaged part is told in the report, and does not cost the rest of it. */
function attempt<T>(read: () => T | undefined, faults: string[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    faults.push(error.parts.why ? `${error.parts.what}: ${error.parts.why}` : error.parts.what)
    return undefined
  }
}
