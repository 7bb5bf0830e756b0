/** A round of all threads is slow if it has less than this share of the best speed that rounds of all had. */
const slow = 0.6
/** Rounds of fewer threads before all are tried again: doubled each time that all are still slow. */
const firstPause = 2
const longestPause = 64

/** measured: as many as are fastest; for tests, always all, or another number in each round */
export type TeamMode = 'measured' | 'all' | 'changing'

/**
 * How many threads go through the same windows. They wait for one another, so where something else keeps a core busy,
 * all are no faster than the one that is not given a core, and one thread alone may be faster. The result is the same for
 * any number, so the number is free to follow what is measured.
 */
export class Team {
  readonly #threads: number
  readonly #mode: TeamMode
  #rounds = 0
  /** Words a millisecond: the best that all threads had, and what half of them had when last at work. */
  #best = 0
  #half = 0
  #pause = firstPause
  /** Rounds of fewer threads still to come. */
  #left = 0

  constructor(threads: number, mode: TeamMode) {
    this.#threads = threads
    this.#mode = threads === 1 ? 'all' : mode
  }

  /** Threads of the next round. */
  choose(): number {
    if (this.#mode === 'changing') return 1 + (this.#rounds++ % this.#threads)
    return this.#left > 0 ? Math.max(1, this.#threads >> 1) : this.#threads
  }

  /** Tells how a round went. */
  tell(active: number, words: number, milliseconds: number): void {
    if (this.#mode !== 'measured' || words === 0) return
    const speed = words / Math.max(milliseconds, 1e-3)
    if (active < this.#threads) {
      this.#half = speed
      this.#left--
      return
    }
    this.#best = Math.max(this.#best, speed)
    // Half of them may be slow too, and then there is nothing to gain.
    const isSlow = speed < slow * this.#best && (this.#half === 0 || speed < this.#half)
    if (!isSlow) {
      this.#pause = firstPause
      return
    }
    this.#left = this.#pause
    this.#pause = Math.min(longestPause, 2 * this.#pause)
  }
}
