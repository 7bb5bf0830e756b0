import type { MaybePromise } from '../stream/contract.ts'
import type { IndexFeed } from './lane.ts'

type Indices = ArrayLike<number>

/**
 * A pass's batches of indices, drawn from the sampler as they are wanted.
 *
 * memory  the batches drawn and not yet taken
 */
export class IndexDealer implements IndexFeed {
  readonly #iterator: Iterator<Indices>
  #drawn: number
  /** How many batches the pass has, once the sampler has ended. */
  total: number | null = null

  /** Begins at batch `from` of the pass; those before it are drawn again, and left. */
  constructor(batches: Iterable<Indices>, from: number) {
    this.#iterator = batches[Symbol.iterator]()
    this.#drawn = 0
    while (this.#drawn < from && this.#draw()) {}
  }

  /** How many batches have been drawn. */
  get drawn(): number {
    return this.#drawn
  }

  #draw(): Indices | null {
    if (this.total !== null) return null
    const { done, value } = this.#iterator.next()
    if (done) {
      this.total = this.#drawn
      return null
    }
    this.#drawn++
    return value
  }

  /** The next batches, up to number `until`. */
  deal(until: number): [number: number, indices: Indices][] {
    const dealt: [number, Indices][] = []
    while (this.#drawn < until) {
      const indices = this.#draw()
      if (!indices) break
      dealt.push([this.#drawn - 1, indices])
    }
    return dealt
  }

  /** Batch `number`. Lanes that take turns in one thread ask for them one after the other. */
  take(number: number): MaybePromise<Indices | null> {
    return number < this.#drawn ? null : this.#draw()
  }

  close(): void {
    this.#iterator.return?.()
  }
}
