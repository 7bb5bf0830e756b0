import { setTimeout as sleep } from 'node:timers/promises'
import { isDiskError } from '../core/disk.ts'
import { formatSeconds } from '../core/text.ts'

/** Waits between tries; the last one again and again while there is patience. */
const waitsMs = [50, 500, 3000, 10_000, 20_000]

/** Somebody who has stopped the run waits no longer than this. */
const stoppedMs = 4000

/** For how long a disk is asked for what training cannot end without, and who hears of it. */
export interface Patience {
  /** In milliseconds, from the first failure on. */
  patienceMs: number
  warn(message: string): void
  alive(): void
  signal?: AbortSignal | undefined
}

/**
 * Does what training cannot end without, again if the disk refuses: somebody may free it.
 *
 * throws  the last error, when patience is at an end or the signal aborts
 */
export async function persist<T>(task: () => T | Promise<T>, patience: Patience): Promise<T> {
  const began = performance.now()
  for (let failures = 0; ; failures++) {
    try {
      return await task()
    } catch (error) {
      const waitMs = waitsMs[Math.min(failures, waitsMs.length - 1)]!
      const isStopped = patience.signal?.aborted ?? false
      const mostMs = isStopped ? Math.min(stoppedMs, patience.patienceMs) : patience.patienceMs
      if (!isDiskError(error) || performance.now() - began + waitMs > mostMs) throw error
      const { what, why } = error.parts
      if (waitMs >= 3000)
        patience.warn(`${what}: ${why}; it is tried again in ${formatSeconds(waitMs / 1000)}`)
      patience.alive()
      const { signal } = patience
      await sleep(waitMs, undefined, signal && !isStopped ? { signal } : {}).catch(() => {})
    }
  }
}
