import type { RunFolder, RunStatus } from './folder.ts'
import { isHeld } from './lock.ts'

/** A run that says it is running, and that no living process holds, is `dead`. */
export type RunState = RunStatus | 'dead' | 'damaged'

/**
 * How a run stands: as its `run.json` says, but `dead` where that says it is running and no living process of this
 * machine holds its lock. A process id alone would not do: by now it may be another process's.
 *
 * status  what `run.json` says
 */
export function stateOfRun(folder: RunFolder, status: RunStatus): RunStatus | 'dead' {
  return status === 'running' && !isHeld(folder) ? 'dead' : status
}
