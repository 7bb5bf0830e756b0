import { relative } from 'node:path'
import { Command } from 'commander'
import { InputError } from '../core/errors.ts'
// Not from the index: what gets texts and recipes ready has no place in the memory of a trainer.
import { runRecorded } from '../experiment/run-recorded.ts'
import { Version } from '../experiment/version.ts'
import { type LongRun, longRun } from './long-run.ts'
import { note, print, printJson } from './output.ts'
import { LiveLine, trainObserver } from './progress.ts'

interface Options {
  threads?: string
  memory?: string
  json?: boolean
}

export interface OneOptions {
  share: { threads?: number; memory?: number }
  line: LiveLine
  long: LongRun
  json: boolean
  /** Says nothing of its result. */
  quiet?: boolean
}

/** One run of a recipe, in a process of its own: what `experiment` starts. */
export function command(): Command {
  return new Command('experiment-run')
    .argument('<folder>', "of a recipe's version: it holds experiment.json")
    .argument('<run>', 'its id')
    .option('--threads <n>')
    .option('--memory <bytes>')
    .option('--json')
    .action(run)
}

async function run(folder: string, id: string, { threads, memory, json }: Options): Promise<void> {
  const share = {
    ...(threads !== undefined && { threads: Number(threads) }),
    ...(memory !== undefined && { memory: Number(memory) }),
  }
  const line = new LiveLine()
  await runOne(Version.read(folder), id, {
    share,
    line,
    long: longRun(trainObserver(line)),
    json: json ?? false,
  })
}

/** Trains, scores and shows a run of a version in this process. */
export async function runOne(
  version: Version,
  id: string,
  { share, line, long, json, quiet }: OneOptions,
): Promise<void> {
  try {
    const outcome = await runRecorded(version, id, { ...share, ...long.request })
    line.end()
    const { folder, result, scores, wasComplete } = outcome
    if (quiet) return
    const { summary, writeReport } = await import('../report/index.ts')
    const { KeyedVectors } = await import('../vectors/index.ts')
    if (wasComplete) note(`${relative('.', folder.path)} is complete; nothing was trained`)
    const { words, groups } = version.record.recipe.report
    const report = writeReport(folder, { ...(words && { words }), ...(groups && { groups }) })
    if (json) return printJson({ ...result, scores, report })
    print(summary(folder, KeyedVectors.load(folder.path), scores, words ? { words } : {}))
  } catch (error) {
    line.end()
    throw long.ended(atWork(error))
  } finally {
    line.end()
  }
}

/** A lock in words of an experiment, which has no --out. */
export function atWork(error: unknown): unknown {
  if (!(error instanceof InputError) || error.code !== 'RUN_LOCKED') return error
  return new InputError('EXPERIMENT_LOCKED', {
    what: error.parts.what.replace('is training', 'is at work'),
    why: 'two experiments on one version would start the same runs',
    mend: 'wait for it, or stop it with Ctrl-C or SIGTERM: the same command goes on then',
    cause: error,
  })
}
