import type { IndexFeed } from './map-lane.ts'
import type { ToWorker } from './messages.ts'

/** The batches of indices that the consumer has sent, as a worker's lanes take them. */
export class PostedIndices implements IndexFeed {
  #pass = -1
  #batches = new Map<number, ArrayLike<number>>()
  #total = Number.POSITIVE_INFINITY
  #arrived: (() => void) | null = null

  /** Forgets what was posted for an earlier pass, and ends who still waits for it. */
  begin(pass: number): void {
    this.#pass = pass
    this.#batches = new Map()
    this.#total = Number.POSITIVE_INFINITY
    this.#arrived?.()
  }

  post({ pass, batches, total }: Extract<ToWorker, { type: 'indices' }>): void {
    if (pass !== this.#pass) return
    for (const [number, indices] of batches) this.#batches.set(number, indices)
    if (total !== null) this.#total = total
    this.#arrived?.()
  }

  take(number: number): ArrayLike<number> | null | Promise<ArrayLike<number> | null> {
    const indices = this.#batches.get(number)
    if (indices) {
      this.#batches.delete(number)
      return indices
    }
    return number >= this.#total ? null : this.#takeLater(number)
  }

  async #takeLater(number: number): Promise<ArrayLike<number> | null> {
    const pass = this.#pass
    await new Promise<void>((resolve) => {
      this.#arrived = resolve
    })
    return pass === this.#pass ? await this.take(number) : null
  }
}
