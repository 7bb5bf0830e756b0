import { InputError } from '../core/errors.ts'
import type { MaybePromise } from '../stream/contract.ts'
import type { IndexFeed } from './map-lane.ts'

type Indices = ArrayLike<number>

/**
 * A pass's batches of indices, drawn from the sampler as they are wanted.
 *
 * memory  the batches drawn and not yet taken
 */
export class IndexDealer implements IndexFeed {
  readonly #iterator: Iterator<Indices>
  #drawn: number
  readonly #length: number
  /** How many batches the pass has, once the sampler has ended. */
  total: number | null = null

  /** Begins at batch `from` of the pass; those before it are drawn again, and left. `length`: of the dataset. */
  constructor(batches: Iterable<Indices>, from: number, length: number) {
    this.#length = length
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
    if (typeof value !== 'object' || value === null || typeof value.length !== 'number')
      throw new InputError('SAMPLER_BATCH', {
        what: `the batch sampler gave ${String(value)} as batch ${this.#drawn}`,
        why: 'a batch is a list of indices',
        mend: 'give the indices as sampler instead, or lists of them',
      })
    for (let i = 0; i < value.length; i++) {
      if (value[i]! >= 0 && value[i]! < this.#length && Number.isInteger(value[i])) continue
      throw new InputError('SAMPLER_INDEX', {
        what: `the sampler gave ${String(value[i])}, which is no index of the dataset`,
        why: `the dataset has ${this.#length} samples, numbered from 0`,
        mend: 'look at the sampler, or at the length of the dataset',
      })
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
