import { StoppedError } from '../core/errors.ts'
import { passedOn } from '../supervise/heartbeat.ts'
import { memoryUse, nearLimit } from '../supervise/memory.ts'
import type { TrainObserver, TrainRequest } from '../train/index.ts'
import { withBeats } from './beats.ts'
import { note } from './output.ts'
import { stopController } from './signals.ts'
import { commandLine } from './supervised.ts'

type RunRequest = Pick<TrainRequest, 'observer' | 'signal' | 'supervisor' | 'checkpointWithinMs'>

/** What a command that may run for days hands to training, and how it tells of a stop. */
export interface LongRun {
  request: Partial<RunRequest>
  /** The error to tell for one that ended the run: a stop says with which command to go on. */
  ended(error: unknown): unknown
}

/** Ties a run to its supervisor, or, without one, to a guard of its own memory. */
export function longRun(observer: TrainObserver): LongRun {
  const passed = passedOn()
  const controller = stopController()
  const { signal } = controller
  const guarded = passed ? withBeats(observer) : withMemoryGuard(observer, controller)
  return {
    request: {
      observer: guarded,
      signal,
      ...(passed && { supervisor: { pid: passed.supervisor, deaths: passed.deaths } }),
      // One that lived so long saved nothing: those after it save well before.
      ...(passed?.livedSeconds && { checkpointWithinMs: 250 * passed.livedSeconds }),
    },
    ended: (error) => {
      if (!(error instanceof StoppedError)) return error
      // The supervisor has asked for it, or been told; what there is to say, it says.
      if (passed) return new StoppedError('RESTART', error.parts)
      const mend = `go on with ${commandLine(process.argv.slice(2))}`
      return new StoppedError(error.code, { ...error.parts, mend })
    },
  }
}

/** Near the limit, the run saves and ends with 75, for whoever starts it again. */
function withMemoryGuard(observer: TrainObserver, controller: AbortController): TrainObserver {
  let limit: number | undefined
  let plan: number | undefined
  const timer = setInterval(() => {
    const why = nearLimit(memoryUse(process.pid), { limit, plan })
    if (why === undefined || controller.signal.aborted) return
    note(`\nmemory is short: ${why}; the run saves and ends, to be started again`)
    controller.abort()
  }, 1000)
  timer.unref()
  return {
    ...observer,
    began: (folder, memoryLimit) => {
      limit = memoryLimit
      observer.began?.(folder, memoryLimit)
    },
    countingPlanned: (counting) => {
      plan = counting.most
      observer.countingPlanned?.(counting)
    },
    planned: (training, ...rest) => {
      plan = training.bytes
      observer.planned?.(training, ...rest)
    },
  }
}
