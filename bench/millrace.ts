import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../src/core/errors.ts'
import { RunFolder, readEvents, type TrainResult } from '../src/run/index.ts'
import { lastJson, run } from './process.ts'
import { type Job, type Outcome, settings, type Tool } from './tool.ts'

const root = join(import.meta.dirname, '..')

/**
 * The command `millrace`, as users run it, or from the sources, which takes more memory.
 *
 * throws  ConfigError if it is not built, or from older sources
 */
export function millraceCommand(fromSource: boolean): string[] {
  if (fromSource)
    return [process.execPath, '--conditions=millrace-source', join(root, 'bench/millrace-source.ts')]
  const stale = globSync('**/*.ts', { cwd: join(root, 'src') }).find(isStale)
  if (stale === undefined) return [process.execPath, join(root, 'bin/millrace.js')]
  throw new ConfigError('NOT_BUILT', {
    what: `dist/ is missing, or older than src/${stale}`,
    why: 'Millrace is measured as it is installed, and the table names the commit',
    mend: 'run `npm run build`, or give --source to run from src/',
  })
}

function isStale(source: string): boolean {
  if (/\.(test|d)\.ts$/.test(source)) return false
  const built = statSync(join(root, 'dist', source.replace(/ts$/, 'js')), { throwIfNoEntry: false })
  return !built || built.mtimeMs < statSync(join(root, 'src', source)).mtimeMs
}

export function millrace(command: readonly string[], version: string): Tool {
  return { name: 'Millrace', version, train: (job) => train(command, job) }
}

async function train(command: readonly string[], job: Job): Promise<Outcome> {
  const folder = new RunFolder(join(job.out, 'run'))
  const lines = await run([...command, ...trainArguments(job, folder)])
  const result: TrainResult = lastJson(lines)
  const counted = readEvents(folder.events).find((event) => event.type === 'vocabulary')!
  return {
    vocabularySeconds: counted.seconds,
    trainSeconds: result.seconds,
    vocabulary: result.vocabulary,
    words: result.words,
    peakBytes: result.peakRssBytes,
    vectors: result.vectors,
  }
}

/** The command line of a job, which trains into a run folder. */
export function trainArguments(job: Job, folder: RunFolder): string[] {
  return [
    ...['train', job.corpus, '--out', folder.path, '--json'],
    ...['--model', job.model, '--loss', job.loss, '--dim', `${job.dim}`, '--lr', `${job.lr}`],
    ...['--window', `${settings.window}`, '--sample', `${settings.sample}`],
    // Hierarchical softmax draws none, and the flag would be refused.
    ...(job.loss === 'hs' ? [] : ['--negative', `${settings.negative}`]),
    ...['--min-count', `${settings.minCount}`, '--seed', `${job.seed}`],
    ...['--epochs', `${job.epochs}`, '--threads', `${job.threads}`],
    ...(job.deterministic ? ['--deterministic'] : []),
  ]
}
