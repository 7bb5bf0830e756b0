import { setImmediate as soon } from 'node:timers/promises'
import type { RecordedRun } from './record.ts'
import { stateOf } from './run-recorded.ts'
import type { Version } from './version.ts'

/** What a run may take of the machine. */
export interface Share {
  threads: number
  /** Bytes; undefined: all that there is. */
  memory: number | undefined
}

/** How a run ended that was started. */
export type RunEnd =
  | { state: 'complete' }
  | { state: 'failed'; why: string }
  | { state: 'stopped' }
  /** Its memory plan does not fit in its share. */
  | { state: 'too large'; why: string }

export interface RunAllOptions {
  /** Trains and scores a run, wherever that is done. Never rejects. */
  launch(run: RecordedRun, share: Share): Promise<RunEnd>
  /** Threads that the machine has room for. */
  cores: number
  /** Bytes that there are. */
  memory: number
  /** Threads of each run; by default the cores are divided among the runs, one each where there are many. */
  threads?: number | undefined
  /** Runs at once at most; by default as many as the cores allow. */
  parallel?: number | undefined
  stop?: AbortSignal | undefined
  observer?: {
    started?(run: RecordedRun, share: Share): void
    ended?(run: RecordedRun, end: RunEnd): void
  }
}

/** How the runs of a version share the machine. */
export interface Sharing {
  /** Threads of each run. */
  threads: number
  /** Runs at once. */
  parallel: number
}

/**
 * One thread for each run and as many runs as there are cores is the fastest, and with one thread a run is the same
 * bits each time. All runs of a version get the same, whichever are left, so that their speeds can be compared.
 */
export function shareOf(
  runCount: number,
  { cores, threads, parallel }: Pick<RunAllOptions, 'cores' | 'threads' | 'parallel'>,
): Sharing {
  const each = threads ?? Math.max(1, Math.floor(cores / Math.min(runCount, parallel ?? runCount)))
  return { threads: each, parallel: parallel ?? Math.max(1, Math.floor(cores / each)) }
}

/** The sharing of a version's runs: as many threads as was asked for, else as its recipe says. */
export function sharingOf(
  { record }: Version,
  { threads, ...options }: Parameters<typeof shareOf>[1],
): Sharing {
  const runs = record.runs.filter(({ skipped }) => skipped === null)
  return shareOf(runs.length, { ...options, threads: threads ?? runs[0]?.config.threads })
}

/**
 * Runs what is missing, several at once where cores and memory allow, the longest first. One that fails does not stop
 * the others; one whose memory plan does not fit beside others is run alone. Stopped, it starts no more and waits for
 * those at work.
 *
 * ids  of the runs; those that are complete, or could not be got ready, are passed over
 */
export async function runAll(
  version: Version,
  ids: string[],
  options: RunAllOptions,
): Promise<Map<string, RunEnd>> {
  const { launch, stop, observer } = options
  const { threads, parallel } = sharingOf(version, options)
  const waiting = version.record.runs
    .filter(({ id }) => ids.includes(id))
    .filter((run) => run.folder !== null && !['complete', 'skipped'].includes(stateOf(version, run).state))
    .sort((a, b) => workOf(b) - workOf(a))
    // Rows that are the same run have one folder.
    .filter((run, i, all) => all.findIndex(({ folder }) => folder === run.folder) === i)
  const alone: RecordedRun[] = []
  const ends = new Map<string, RunEnd>()
  const active = new Map<string, Promise<void>>()
  const start = (run: RecordedRun, isAlone: boolean) => {
    const share = {
      threads,
      memory: isAlone || parallel === 1 ? undefined : Math.floor(options.memory / parallel),
    }
    observer?.started?.(run, share)
    const ended = launch(run, share).then((end) => {
      active.delete(run.id)
      if (end.state === 'too large' && !isAlone && parallel > 1) return void alone.push(run)
      ends.set(run.id, end)
      run.failure = 'why' in end ? end.why : null
      version.write()
      observer?.ended?.(run, end)
    })
    active.set(run.id, ended)
  }
  while (waiting.length + alone.length + active.size > 0) {
    if (!stop?.aborted) {
      while (waiting.length > 0 && active.size < parallel) start(waiting.shift()!, false)
      if (waiting.length === 0 && active.size === 0 && alone.length > 0) start(alone.shift()!, true)
    }
    if (active.size === 0) break
    await Promise.race(active.values())
    await soon()
  }
  return ends
}

/** A rough measure of how long a run takes, to begin with the longest. */
function workOf({ config, corpus }: RecordedRun): number {
  const { dim = 100, epochs = 5, window = 5, negative = 5, model, loss } = config
  const targets = loss === 'hs' ? 14 : negative + 1
  return (corpus?.words ?? 1) * epochs * dim * targets * (model === 'cbow' ? 2 : window + 1)
}
