import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunFile, RunFolder } from '../run/index.ts'
import { stopsEarly } from '../word2vec/index.ts'
import { identityOf } from './identity.ts'
import type { RecordedRun } from './record.ts'
import { tryRead } from './version.ts'

/**
 * Runs of all recipes that were begun, by identity: where each lies, absolute. Of equal ones one that is complete. Of
 * two that want to go on with the same, the run folder's lock lets one.
 */
export function knownRuns(runsFolder: string): Map<string, string> {
  const known = new Map<string, string>()
  for (const file of globSync('*/experiment.json', { cwd: runsFolder }))
    for (const version of tryRead(join(runsFolder, dirname(file))))
      for (const run of version.record.runs) {
        const folder = version.folderOf(run)
        const found = folder && runFileOf(folder)
        if (!found) continue
        for (const identity of identitiesOf(run, found))
          if (found.status === 'complete' || !known.has(identity)) known.set(identity, folder.path)
      }
  return known
}

/**
 * What a recorded run can stand for: itself; and if it was scored while it was trained, a run that need not be, and one
 * that must be, as often.
 *
 * file  its `run.json`, if it was begun
 */
export function identitiesOf({ identity, config, corpus }: RecordedRun, file: RunFile | undefined): string[] {
  if (identity === null) return []
  const { init, earlyStop = 'none' } = config
  if (!corpus || init !== undefined || stopsEarly({ earlyStop })) return [identity]
  const evaluateEvery = file ? (file.config?.evaluateEvery as string | undefined) : config.evaluateEvery
  const { sha256 } = corpus
  return [identity, identityOf(config, sha256), identityOf(config, sha256, { evaluateEvery })]
}

/** `run.json` of a run that was begun; undefined if it is not there, or damaged. */
export function runFileOf(folder: RunFolder): RunFile | undefined {
  try {
    return folder.read()
  } catch {
    return undefined
  }
}
