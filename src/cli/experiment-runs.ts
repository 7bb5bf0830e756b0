import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, relative } from 'node:path'
import { formatSeconds } from '../core/text.ts'
import {
  memoryOf,
  type RecordedRun,
  type RunEnd,
  runAll,
  type Share,
  sharingOf,
  stateOf,
  type Version,
} from '../experiment/index.ts'
import { acquireLock, isHeld, type Lock, RunFolder } from '../run/index.ts'
import { availableMemory } from '../word2vec/index.ts'
import type { ExperimentOptions } from './experiment.ts'
import { logOf } from './experiment.ts'
import { atWork, runOne } from './experiment-run.ts'
import { liveLines, runsJson } from './experiment-table.ts'
import { LiveTable } from './live-table.ts'
import { longRun } from './long-run.ts'
import { note, printJson, tellError } from './output.ts'
import { LiveLine, trainObserver } from './progress.ts'
import { superviseTrainer } from './supervised.ts'

interface RunsOptions extends ExperimentOptions {
  /** The recipe. */
  path: string
  /** Process ids of what is at work. */
  running: Set<number>
  /** Aborted with a signal's name. */
  stop: AbortSignal | undefined
}

/** Writes a version and runs what is missing of it; returns the exit code. */
export async function runVersion(version: Version, ids: string[], options: RunsOptions): Promise<number> {
  const { runs } = version.record
  const [only] = runs
  const lock = writeLocked(version)
  try {
    if (!options.supervise) return await runHere(version, ids, options)
    return await (runs.length === 1 ? runAlone(version, only!, options) : runMany(version, ids, options))
  } finally {
    lock?.release()
  }
}

/**
 * Writes a version, and keeps others from it: two experiments at once would start the same runs, and write over each
 * other's record. The folder of a single run has the run's own lock, behind which training waits where it may.
 *
 * throws  InputError if somebody is at work there
 */
function writeLocked(version: Version): Lock | undefined {
  const folder = new RunFolder(version.path)
  const isSingle = version.record.runs.length === 1
  if (isSingle && isHeld(folder) && existsSync(version.file)) return undefined
  try {
    const lock = isSingle ? undefined : acquireLock(folder)
    version.write()
    return lock
  } catch (error) {
    throw atWork(error)
  }
}

/** The only run of a recipe shows all that it does, as `train` would. */
async function runAlone(version: Version, run: RecordedRun, options: RunsOptions): Promise<number> {
  const { threads, json } = options
  const { code, error } = await superviseTrainer({
    ...trainerOf(options),
    args: childArgs(version, run, { threads, memory: undefined }, json ?? false),
  })
  return error ? tellError(error, json ?? false) : code
}

/** One after the other in this process. */
async function runHere(version: Version, ids: string[], options: RunsOptions): Promise<number> {
  const line = new LiveLine()
  const long = longRun(trainObserver(line))
  const wanted = version.record.runs.filter(({ id, skipped }) => skipped === null && ids.includes(id))
  const many = version.record.runs.length > 1
  const { threads } = many
    ? sharingOf(version, { cores: availableParallelism(), threads: options.threads, parallel: 1 })
    : options
  let failed = many && tellUnready(version, ids)
  let code = 0
  for (const run of wanted) {
    if (many && (run.folder === null || stateOf(version, run).state === 'complete')) continue
    if (many) note(`${version.name} ${run.id}`)
    const share = threads === undefined ? {} : { threads }
    run.failure = null
    try {
      await runOne(version, run.id, { share, line, long, json: options.json ?? false, quiet: many })
    } catch (error) {
      code = tellError(error, !many && (options.json ?? false))
      if (code === 75) break
      if (!many) return code
      run.failure = (error as Error).message
      failed = true
    } finally {
      version.write()
    }
  }
  if (many && options.json) printJson(runsJson(version, ids))
  return code === 75 ? code : failed ? 1 : 0
}

async function runMany(version: Version, ids: string[], options: RunsOptions): Promise<number> {
  const { stop, parallel, threads, json } = options
  const table = new LiveTable()
  const active = new Set<string>()
  const show = () => table.show(liveLines(version, ids, active))
  const tell = (text: string) => table.end(text.trimStart())
  const unready = tellUnready(version, ids)
  const timer = setInterval(show, 500)
  const ends = await runAll(version, ids, {
    cores: availableParallelism(),
    memory: availableMemory().bytes,
    threads,
    parallel,
    stop,
    launch: (run, share) => launch(version, run, share, options, tell),
    observer: {
      started: ({ id }, { threads }) => {
        active.add(id)
        if (!process.stderr.isTTY)
          note(`${id} began, with ${threads} ${threads === 1 ? 'thread' : 'threads'}`)
        show()
      },
      ended: (run, end) => {
        active.delete(run.id)
        tell(endText(version, run, end))
        show()
      },
    },
  }).finally(() => {
    clearInterval(timer)
    table.end()
  })
  if (json) printJson(runsJson(version, ids))
  if (stop?.aborted) {
    note(`stopped; all work is saved\n  try: the same command again to go on`)
    return 75
  }
  return unready || [...ends.values()].some(({ state }) => state === 'failed' || state === 'too large')
    ? 1
    : 0
}

/** Tells of runs whose texts could not be got ready. Whether there are any. */
function tellUnready({ record }: Version, ids: string[]): boolean {
  const unready = record.runs.filter(
    ({ id, skipped, folder, failure }) =>
      ids.includes(id) && skipped === null && folder === null && failure !== null,
  )
  for (const { id, failure } of unready) note(`${id} cannot be run: ${failure}`)
  return unready.length > 0
}

/** Runs a run in processes of its own, its output in a file. */
async function launch(
  version: Version,
  run: RecordedRun,
  share: Share,
  options: RunsOptions,
  tell: (text: string) => void,
): Promise<RunEnd> {
  const log = logOf(version, run.id)
  mkdirSync(dirname(log), { recursive: true })
  const output = openSync(log, 'w')
  try {
    const { code, error } = await superviseTrainer({
      ...trainerOf(options),
      args: childArgs(version, run, share, true),
      output,
      tell: (text) => tell(`${run.id}: ${text.trimStart()}`),
    })
    if (code === 0) return { state: 'complete' }
    if (options.stop?.aborted) return { state: 'stopped' }
    const told = lastJson(log)
    const why = error?.parts.what ?? told?.what ?? `it ended with ${code}; see ${relative('.', log)}`
    // Where the recipe's own limit is the lower one, more is of no use.
    const isShort = share.memory !== undefined && memoryOf(run, share.memory) === share.memory
    if (told?.code === 'MEMORY_PLAN' && isShort) return { state: 'too large', why }
    return { state: 'failed', why }
  } catch (error) {
    return { state: 'failed', why: (error as Error).message }
  } finally {
    closeSync(output)
  }
}

/** Keeps the set of process ids true. */
function trainerOf({ running, stop }: RunsOptions) {
  let own: number | undefined
  return {
    userArgs: process.argv.slice(2),
    stop: stop!,
    running: (pid: number | undefined) => {
      if (own !== undefined) running.delete(own)
      if (pid !== undefined) running.add(pid)
      own = pid
    },
  }
}

function childArgs(
  version: Version,
  run: RecordedRun,
  { threads, memory }: { threads: number | undefined; memory: number | undefined },
  json: boolean,
): string[] {
  return [
    'experiment-run',
    version.path,
    run.id,
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...(memory === undefined ? [] : ['--memory', String(memory)]),
    ...(json ? ['--json'] : []),
  ]
}

/** What a child said last for machines. */
function lastJson(log: string): { code?: string; what?: string } | undefined {
  const lines = readFileSync(log, 'utf8').split('\n')
  const line = lines.findLast((line) => line.startsWith('{'))
  try {
    return line === undefined ? undefined : JSON.parse(line)
  } catch {
    return undefined
  }
}

function endText(version: Version, run: RecordedRun, end: RunEnd): string {
  if (end.state === 'complete') {
    const seconds = version.folderOf(run)?.read().result?.seconds
    return `${run.id} is complete${seconds === undefined ? '' : `, trained in ${formatSeconds(seconds)}`}`
  }
  if (end.state === 'stopped') return `${run.id} has stopped; its work is saved`
  return `${run.id} has failed: ${end.why}\n  its output: ${relative('.', logOf(version, run.id))}`
}
