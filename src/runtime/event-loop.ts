import { setImmediate } from 'node:timers/promises'

/** How long work may go on without the event loop having its turn: timers, signals, aborts. */
const sliceMs = 20

/**
 * The time since the event loop had its turn. Promises alone never give it one: a `for await` over what is there
 * already starves every timer and signal handler.
 */
export class TimeSlice {
  #end = performance.now() + sliceMs

  get isOver(): boolean {
    return performance.now() > this.#end
  }

  /** Gives the event loop its turn. */
  async renew(): Promise<void> {
    await setImmediate()
    this.#end = performance.now() + sliceMs
  }
}
