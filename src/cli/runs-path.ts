import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { ConfigError, InputError } from '../core/errors.ts'
import { type Found, findRun, RunFolder } from '../run/index.ts'
import { print, printJson } from './output.ts'
import type { RunsOptions } from './runs-options.ts'

type FileName = 'vectors' | 'report' | 'eval' | 'events' | 'checkpoints'

/** `millrace runs path`: one path on standard output. */
export function path(name: string, { runs, file, json }: RunsOptions & { file?: FileName }): void {
  const found = findRun(name, runs)
  const folder = found.kind === 'run' ? found.folder.path : found.path
  const result = file === undefined ? folder : fileOf(onlyRun(found, `--file ${file}`), file)
  if (json) printJson({ type: 'path', name: found.label, path: result })
  else print(relative('', result) || '.')
}

/**
 * The run that a name stands for: itself, or the only one of a version.
 *
 * throws  ConfigError if a version has several; InputError if its run is not there
 */
export function onlyRun(found: Found, what: string): RunFolder {
  if (found.kind === 'run') return found.folder
  const { runs } = found.record
  const [first] = runs
  if (runs.length === 1 && first!.folder !== null && new RunFolder(first!.folder).exists())
    return new RunFolder(first!.folder)
  if (runs.length > 1)
    throw new ConfigError('RUNS_SEVERAL', {
      what: `${found.label} has ${runs.length} runs; ${what} is of one`,
      mend: `name one of them, such as ${found.label}/${first!.id}`,
    })
  throw new InputError('RUN_NOT_THERE', {
    what: `the run of ${found.label} is not there`,
    mend: 'run the recipe again: `millrace experiment` runs what is missing',
  })
}

function fileOf(folder: RunFolder, file: FileName): string {
  const place = {
    vectors: folder.vectors,
    report: folder.report,
    eval: folder.scores,
    events: folder.events,
    checkpoints: folder.checkpoints,
  }[file]
  if (existsSync(place)) return place
  const here = relative('', folder.path) || '.'
  const mend = {
    vectors: 'they are written when a run is complete; `millrace runs show` tells how to go on with it',
    report: `millrace report ${here}`,
    eval: `it is scored by its recipe, or: millrace eval ${here} --analogies FILE`,
    events: undefined,
    checkpoints: undefined,
  }[file]
  throw new InputError('RUN_FILE', { what: `there is no ${relative('', place)}`, ...(mend && { mend }) })
}
