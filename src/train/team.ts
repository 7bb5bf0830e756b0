/** Rounds between two looks at how fast another number of threads would be. */
const lookAfter = 64
/** By how much another number of threads must be faster. */
const margin = 1.1

/**
 * How many threads go through the same windows. They wait for one another, so where something else keeps a core busy,
 * fewer are faster than all: the one that is not given a core holds the others up. The result is the same for any
 * number, so the number is free to follow what is measured.
 */
export class Team {
  readonly #threads: number
  readonly #all: boolean
  /** Words a millisecond with 1, 2, … threads; 0 if not known. */
  readonly #speeds: number[]
  #active: number
  #rounds = 0
  #best = 0

  /** all  always all of them */
  constructor(threads: number, all: boolean) {
    this.#threads = threads
    this.#all = all
    this.#speeds = Array<number>(threads + 1).fill(0)
    this.#active = threads
  }

  /** For the next round. */
  choose(): number {
    if (this.#all || this.#threads === 1) return this.#threads
    return this.#isLook() ? this.#other() : this.#active
  }

  /** Tells how a round went. */
  tell(active: number, words: number, milliseconds: number): void {
    this.#rounds++
    if (words === 0) return
    const speed = words / Math.max(milliseconds, 1e-3)
    const before = this.#speeds[active]!
    this.#speeds[active] = before === 0 ? speed : 0.7 * before + 0.3 * speed
    if (active !== this.#active) {
      if (speed > margin * this.#speeds[this.#active]!) {
        this.#active = active
        this.#speeds[active] = speed
      }
    } else if (active === this.#threads) this.#best = Math.max(this.#best, this.#speeds[active]!)
  }

  /** Looks are rare while all threads run about as fast as they ever did. */
  #isLook(): boolean {
    const held = this.#active < this.#threads || this.#speeds[this.#active]! < 0.7 * this.#best
    return this.#rounds % (held ? 8 : lookAfter) === (held ? 7 : lookAfter - 1)
  }

  /** Half as many threads, or as many again. */
  #other(): number {
    const fewer = Math.max(1, this.#active >> 1)
    const more = Math.min(this.#threads, this.#active * 2)
    if (more === this.#active) return fewer
    return fewer === this.#active || this.#rounds % 16 > 7 ? more : fewer
  }
}
