import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sha256OfFiles } from '../core/sha256.ts'
import { findCorpusFiles } from '../corpus/index.ts'
import { type RunFile, RunFolder } from '../run/index.ts'
import type { TrainConfigInput } from '../word2vec/index.ts'
import { lastingSettings } from './identity.ts'
import type { RecordedCorpus } from './record.ts'

/**
 * Whether a folder holds a run that `train` made, or a Millrace that kept no record of its recipe, and that is this one:
 * the same settings, text and vectors to begin with. Such a run goes on. One of which that cannot be told is another.
 *
 * init  fingerprint of the vectors that it is to begin with
 */
export function isOlderRun(
  path: string,
  config: TrainConfigInput,
  corpus: RecordedCorpus | null,
  init: string | null,
): boolean {
  const folder = new RunFolder(path)
  if (!corpus || existsSync(join(path, 'experiment.json')) || !folder.exists()) return false
  try {
    const run = folder.read()
    const { corpus: _, ...stored } = run.config
    return (
      settingsOf(stored as TrainConfigInput) === settingsOf(config) &&
      (run.fingerprints.init ?? null) === init &&
      isSameText(folder, run, corpus)
    )
  } catch {
    return false
  }
}

/** Vectors to begin with are compared by their content. */
function settingsOf({ init: _, ...config }: TrainConfigInput): string {
  return JSON.stringify(lastingSettings(config))
}

/** The files that it counted must be as they were then, and be these or have the same bytes. */
function isSameText(folder: RunFolder, run: RunFile, { paths, sha256 }: RecordedCorpus): boolean {
  if (!existsSync(folder.corpus))
    // It was not counted yet.
    return JSON.stringify(run.config.corpus) === JSON.stringify(paths.map((path) => resolve(path)))
  const { files } = JSON.parse(readFileSync(folder.corpus, 'utf8')) as {
    files: { path: string; bytes: number; mtimeMs: number }[]
  }
  const isUnchanged = files.every(({ path, bytes, mtimeMs }) => {
    const now = statSync(path)
    return now.size === bytes && now.mtimeMs === mtimeMs
  })
  if (!isUnchanged) return false
  const own = files.map(({ path }) => resolve(path))
  const wanted = findCorpusFiles(paths).map(({ path }) => resolve(path))
  return JSON.stringify(own) === JSON.stringify(wanted) || sha256OfFiles(own) === sha256
}
