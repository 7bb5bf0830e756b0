import { parsePlaceCadence } from '../checkpoint/index.ts'
import { deriveSeed, permutation } from '../core/random.ts'
import { standardEvaluateEvery, type TrainConfig } from '../word2vec/index.ts'

/** Of a sum of parts of epochs, such as ten times 0.1, what may be lost in rounding. */
const rounding = 1e-9

/**
 * Where in training vectors are scored: before it, at its end, and behind each block with which another `evaluateEvery`
 * is full, counted from the start of the run. That depends on nothing but epoch and place, so a run that was stopped
 * anywhere is scored where it would have been. Words are those that were counted, in quarantine or not.
 */
export class Points {
  readonly #config: Pick<TrainConfig, 'seed' | 'epochs' | 'evaluateEvery'>
  /** Words of each block. */
  readonly #words: Uint32Array
  readonly #wordsTotal: number

  constructor(config: Pick<TrainConfig, 'seed' | 'epochs' | 'evaluateEvery'>, words: Uint32Array) {
    this.#config = config
    this.#words = words
    this.#wordsTotal = words.reduce((sum, count) => sum + count, 0)
  }

  /** Whether vectors are scored when so many blocks are done, in all epochs. */
  has(steps: number): boolean {
    const blocks = this.#words.length
    if (steps === 0 || steps === blocks * this.#config.epochs) return true
    const epoch = Math.ceil(steps / blocks)
    const full = this.#fullAt(epoch)
    const place = steps - (epoch - 1) * blocks
    return full[place]! > full[place - 1]!
  }

  /** The first place behind `place` at which they are scored, or the end of the epoch. */
  endOf(epoch: number, place: number): number {
    const full = this.#fullAt(epoch)
    const end = full.findIndex((count, i) => i > place && count > full[place]!)
    return end < 0 ? this.#words.length : end
  }

  /** For each place of an epoch, its end included, how many times `evaluateEvery` is full when training comes there. */
  #fullAt(epoch: number): Float64Array {
    const { evaluateEvery = standardEvaluateEvery, seed } = this.#config
    const { unit, count } = parsePlaceCadence(evaluateEvery)!
    const blocks = this.#words.length
    const before = (epoch - 1) * { epochs: 1, steps: blocks, words: this.#wordsTotal }[unit]
    const order = unit === 'words' ? permutation(blocks, deriveSeed(seed, epoch)) : undefined
    let words = 0
    return Float64Array.from({ length: blocks + 1 }, (_, place) => {
      if (order && place > 0) words += this.#words[order[place - 1]!]!
      const done = { epochs: place / blocks, steps: place, words }[unit]
      return Math.floor((before + done) / count + rounding)
    })
  }
}
