/** The first rounds are slow, for the engine still compiles. */
const firstRounds = 2
/** Between two trials goes by so many times what the last one took: doubled each time that it was slower. */
const firstPause = 8
const longestPause = 64
/** Half of them must be faster by this, for one round tells little. */
const clearly = 1.15

/** measured: as many as are fastest; for tests, always all, or another number in each round */
export type TeamMode = 'measured' | 'all' | 'changing'

/**
 * How many threads go through the same blocks. They wait for one another, so where something else keeps a core busy,
 * all are no faster than the one that is not given a core, and one thread alone may be faster. The result is the same for
 * any number, so the number is free to follow what is measured.
 */
export class Team {
  readonly #threads: number
  readonly #mode: TeamMode
  #rounds = 0
  /** Words a millisecond of all threads and of half of them: over their last rounds, or, of a trial, in that round. */
  readonly #speed = { all: 0, half: 0 }
  #chosen: 'all' | 'half' = 'all'
  #pause = firstPause
  /** Milliseconds, or rounds at first, before the next trial. */
  #left = firstRounds

  constructor(threads: number, mode: TeamMode) {
    this.#threads = threads
    this.#mode = threads === 1 ? 'all' : mode
  }

  /** Threads of the next round. */
  choose(): number {
    if (this.#mode === 'changing') return 1 + (this.#rounds++ % this.#threads)
    const isTrial = this.#mode === 'measured' && this.#left <= 0
    return (this.#chosen === 'half') !== isTrial ? this.#threads >> 1 : this.#threads
  }

  /** Tells how a round went. */
  tell(active: number, words: number, milliseconds: number): void {
    if (this.#mode !== 'measured' || words === 0) return
    const speed = words / Math.max(milliseconds, 1e-3)
    const size = active < this.#threads ? 'half' : 'all'
    if (size === this.#chosen) {
      const before = this.#speed[size]
      this.#speed[size] = before === 0 ? speed : (before + speed) / 2
      this.#left -= this.#speed.half === 0 ? 1 : milliseconds
      return
    }
    this.#speed[size] = speed
    const isBetter = speed > this.#speed[this.#chosen] * (size === 'half' ? clearly : 1)
    if (isBetter) this.#chosen = size
    this.#pause = isBetter ? firstPause : Math.min(longestPause, 2 * this.#pause)
    this.#left = this.#pause * milliseconds
  }
}
