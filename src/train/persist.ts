import { setTimeout as sleep } from 'node:timers/promises'
import { isDiskError } from '../core/disk.ts'

/** Waits between tries: a disk that is full for a moment, or a server that is away, may be back by then. */
const waitsMs = [50, 500, 3000]

/**
 * Does what training cannot end without, again if the disk refuses.
 *
 * throws  the last error, after four tries
 */
export async function persist<T>(task: () => T | Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await task()
    } catch (error) {
      const waitMs = waitsMs[failures]
      if (waitMs === undefined || !isDiskError(error)) throw error
      await sleep(waitMs)
    }
  }
}
