import { setTimeout as sleep } from 'node:timers/promises'
import { Attempt, type Ending } from './attempt.ts'
import type { Passed } from './heartbeat.ts'

export interface SuperviseOptions {
  /** The program and its arguments; asked for before each attempt if they may change. */
  command: string[] | (() => string[])
  /** Deaths running without progress after which it gives up; 8. */
  restarts?: number
  /** Whether an exit code of the program's is its last word. 0 always is. */
  isFinal?: (code: number) => boolean
  /** A program that has beaten once, and then does not for so long, is stuck and killed; 5 minutes. */
  patienceMs?: number
  /** Bytes of resident memory that it may use, unless it tells of a limit itself. */
  memoryLimit?: number
  /** Signals go to all of its process group, and none of that is left when it dies. */
  group?: boolean
  /** A file descriptor for all that the program prints; by default it prints where this process does. */
  output?: number
  /** Saved units of work from which on an attempt counts as progress; 10. */
  progress?: number
  /** Waits before the program is started again, doubled with each death without progress. */
  backoff?: { firstMs: number; mostMs: number }
  /** Ends supervision: aborted with a signal's name, that is passed on to the program. */
  stop?: AbortSignal
  observer?: SuperviseObserver
}

export interface SuperviseObserver {
  /** The program runs. */
  started?(pid: number): void
  /** Memory is short: the program was asked to save and will be started afresh. */
  memory?(why: string): void
  /** It died, and will be started again after a while, unless `waitMs` is undefined. */
  died?(ending: Ending, deaths: Deaths): void
}

/** How often it died. */
export interface Deaths {
  all: number
  /** Running, without progress. */
  running: number
  limit: number
  /** Until it is started again; undefined if it is not. */
  waitMs: number | undefined
}

export interface SuperviseOutcome {
  /** The program's last exit code; undefined if it ended otherwise. */
  code: number | undefined
  /** Whether it was given up after too many deaths, or could not even be started. */
  gaveUp: boolean
  /** Whether supervision was stopped from outside. */
  stopped: boolean
  deaths: number
  last: Ending
}

/**
 * Runs a program until it has come to its end, and starts it again when it dies: killed by a signal or for want of
 * memory, stuck, or with an exit code that is not final.
 *
 * Progress is what the program tells to be saved (`heartbeat`). One that tells nothing has made progress if it lived
 * for a minute.
 */
export async function supervise(options: SuperviseOptions): Promise<SuperviseOutcome> {
  const { restarts = 8, isFinal = () => false, stop, observer } = options
  const { firstMs, mostMs } = options.backoff ?? { firstMs: 250, mostMs: 60_000 }
  const passed: Passed = { supervisor: process.pid, deaths: 0, livedSeconds: null }
  /** The most that any attempt has told to be saved: to come there again is no progress. */
  let best: number | undefined
  let withoutProgress = 0
  for (let all = 0; ; ) {
    const ending = await attempt(options, passed)
    const done =
      ending.cause === 'exit' && ending.code !== null && (ending.code === 0 || isFinal(ending.code))
    const outcome = { code: ending.code ?? undefined, stopped: stop?.aborted ?? false, last: ending }
    if (done || outcome.stopped) return { ...outcome, gaveUp: false, deaths: all }
    all++
    const { saved } = ending.beat
    best ??= ending.savedAtStart
    // One that is short of memory again within a minute of its start is so by its nature.
    const isShort = ending.cause === 'memory' && ending.seconds < 60
    const isSilent = best === undefined && Object.keys(ending.beat).length === 0
    const isFurther = isSilent ? ending.seconds >= 60 : (saved ?? 0) - (best ?? 0) >= (options.progress ?? 10)
    const hasProgress = isFurther && !isShort
    if (best !== undefined && saved !== undefined && saved <= best) passed.livedSeconds = ending.secondsAtWork
    if (isFurther) best = saved
    withoutProgress = hasProgress ? 0 : withoutProgress + 1
    passed.deaths = withoutProgress + (hasProgress ? 1 : 0)
    const gaveUp = withoutProgress > restarts || ending.cause === 'start'
    const waitMs = Math.min(mostMs, firstMs * 2 ** Math.max(0, withoutProgress - 1))
    observer?.died?.(ending, {
      all,
      running: withoutProgress,
      limit: restarts,
      waitMs: gaveUp ? undefined : waitMs,
    })
    if (gaveUp) return { ...outcome, gaveUp, deaths: all }
    // Rejects if it is stopped meanwhile.
    await sleep(waitMs, undefined, stop && { signal: stop }).catch(() => {})
    if (stop?.aborted) return { ...outcome, gaveUp: false, stopped: true, deaths: all }
  }
}

async function attempt(options: SuperviseOptions, passed: Passed): Promise<Ending> {
  const { command, patienceMs = 5 * 60_000, memoryLimit, group, output, stop, observer } = options
  const attempt = new Attempt({
    command: typeof command === 'function' ? command() : command,
    passed,
    patienceMs,
    memoryLimit,
    group,
    output,
    onMemory: (why) => observer?.memory?.(why),
  })
  const pass = () => attempt.kill(stop!.reason as NodeJS.Signals)
  if (attempt.pid !== undefined) observer?.started?.(attempt.pid)
  if (stop?.aborted) pass()
  stop?.addEventListener('abort', pass)
  try {
    return await attempt.ended
  } finally {
    stop?.removeEventListener('abort', pass)
  }
}
