import { MillraceError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { type MatrixName, matrixNames, type SharedModel, type TrainConfig } from '../word2vec/index.ts'
import { divergenceCauses } from './divergence.ts'
import { rowParts } from './parameters.ts'
import type { BlockDone } from './threads.ts'

/**
 * A vector longer than this has run away.
 *
 * Measured on 8 MB of Wikipedia and on texts of 2 to 1000 words, every variant: where training works, the longest
 * vector is between 0.1 and 60 (cbow with a window of 50, 20 epochs; skip-gram stays below 10); where it diverges,
 * lengths grow by multiples within a few windows, and the first checkpoint after that found 1e12 and more, or no
 * numbers. So nothing healthy comes near, and nothing that diverges stays below for long.
 */
const longest = 10_000

/** Watches training for numbers that are none, or run away. What it finds ends the run before it is written. */
export class Guard {
  /** Path of the newest checkpoint: where the run goes on from. */
  checkpoint: string | undefined
  readonly #config: TrainConfig
  readonly #vocabulary: Vocabulary
  readonly #limit: number
  readonly #initLength: number

  /** initLength  of the longest vector that the run began with; 0 without `init`. May be long, and stay so. */
  constructor(config: TrainConfig, vocabulary: Vocabulary, initLength: number) {
    this.#config = config
    this.#vocabulary = vocabulary
    this.#initLength = initLength
    this.#limit = Math.max(longest, 10 * initLength)
  }

  /** throws  MillraceError if the loss of a block is no number */
  watchBlock(epoch: number, { loss }: BlockDone): void {
    if (!Number.isFinite(loss)) throw this.#diverged(epoch, 'the loss of a block is not a number')
  }

  /** throws  MillraceError if a parameter is no number, or a vector has run away */
  watchParameters(epoch: number, model: SharedModel): void {
    for (const name of matrixNames(model)) {
      const fault = this.#faultOf(model, name)
      if (fault) throw this.#diverged(epoch, fault)
    }
  }

  #faultOf(model: SharedModel, name: MatrixName): string | undefined {
    // Adagrad's sums of squares may be as large as they like.
    const limit = name === 'input' || name === 'output' ? this.#limit : Number.POSITIVE_INFINITY
    const { dim } = model
    for (const { first, rows } of rowParts(model, name)) {
      for (let begin = 0; begin < rows.length; begin += dim) {
        let square = 0
        for (let d = begin; d < begin + dim; d++) square += rows[d]! * rows[d]!
        // Also true of NaN. Float64 cannot overflow from float32.
        if (square <= limit * limit && square < Number.POSITIVE_INFINITY) continue
        const row = first + begin / dim
        if (!Number.isFinite(square)) return `${this.#nameOf(name, row)} is not made of numbers`
        const length = Math.sqrt(square).toPrecision(3)
        return `${this.#nameOf(name, row)} has run away to a length of ${length}`
      }
    }
    return undefined
  }

  #nameOf(name: MatrixName, row: number): string {
    // Rows of the output are nodes of a tree with hierarchical softmax.
    const isNode = name.startsWith('output') && this.#config.loss === 'hs'
    const whose = isNode ? `of node ${formatCount(row)}` : `of ${JSON.stringify(this.#vocabulary.word(row))}`
    return `the ${name.startsWith('output') ? 'output' : 'input'} vector ${whose}`
  }

  #diverged(epoch: number, how: string): MillraceError {
    const { causes, changes } = divergenceCauses(this.#config, this.#vocabulary, this.#initLength)
    const place = this.checkpoint
      ? 'in another folder with --out (this run stays as it was at its last checkpoint)'
      : 'in the same command: this run has no checkpoint yet, so its settings may change'
    return new MillraceError('DIVERGED', {
      what: `training diverged in epoch ${epoch}: ${how}`,
      why: causes.join('; '),
      mend: `${changes.join(', or ')}, ${place}`,
    })
  }
}
