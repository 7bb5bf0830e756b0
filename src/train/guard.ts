import { MillraceError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { type MatrixName, matrixNames, type SharedModel, type TrainConfig } from '../word2vec/index.ts'
import { noiseOffsets } from '../word2vec/tables.ts'
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

/**
 * A block whose mean loss is so many times that of an untrained model has diverged, though its numbers may hold.
 *
 * Measured in the same runs: no block of 1000 pairs has more than an untrained model where training works (ln 2 with
 * sigmoids around nothing); where it diverges without leaving the range of numbers, some have a hundred times that.
 */
const worse = 10
const enoughPairs = 1000

/** Watches training for numbers that are none, or run away. What it finds ends the run before it is written. */
export class Guard {
  /** Path of the newest checkpoint: where the run goes on from. */
  checkpoint: string | undefined
  readonly #config: TrainConfig
  readonly #vocabulary: Vocabulary
  readonly #limit: number
  readonly #untrained: number
  readonly #initLength: number

  /** initLength  of the longest vector that the run began with; 0 without `init`. May be long, and stay so. */
  constructor(config: TrainConfig, vocabulary: Vocabulary, initLength: number) {
    this.#config = config
    this.#vocabulary = vocabulary
    this.#initLength = initLength
    this.#limit = Math.max(longest, 10 * initLength)
    this.#untrained = untrainedLoss(config, vocabulary)
  }

  /** throws  MillraceError if the loss of a block is no number, or far above that of an untrained model */
  watchBlock(epoch: number, { loss, pairs }: BlockDone): void {
    if (!Number.isFinite(loss)) throw this.#diverged(epoch, 'the loss of a block is not a number')
    const mean = loss / pairs
    if (pairs < enoughPairs || mean <= worse * this.#untrained) return
    throw this.#diverged(epoch, `the loss of a block is ${this.#compared(mean)}`)
  }

  /** What is to be told of an epoch's loss: that it is worse than an untrained model's; else undefined. */
  judgeEpoch(epoch: number, { loss: sum, pairs }: { loss: number; pairs: number }): string | undefined {
    const loss = sum / pairs
    // Where there is nothing to learn, it stays about that.
    if (pairs < enoughPairs || loss <= 1.1 * this.#untrained) return undefined
    const { causes, changes } = this.#causes()
    return `the loss of epoch ${epoch} is ${this.#compared(loss)}: ${causes.join('; ')}; try ${changes.join(', or ')}`
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

  #compared(loss: number): string {
    return `${loss.toPrecision(3)} nats per pair, where an untrained model has ${this.#untrained.toPrecision(3)}`
  }

  #causes() {
    return divergenceCauses(this.#config, this.#vocabulary, this.#initLength)
  }

  #diverged(epoch: number, how: string): MillraceError {
    const { causes, changes } = this.#causes()
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

/** The mean loss of a pair before anything is learned, in nats; with nce at most. */
function untrainedLoss({ loss, noiseExponent, negative }: TrainConfig, { counts }: Vocabulary): number {
  if (loss !== 'nce') return Math.LN2
  const offsets = new Float32Array(counts.length)
  noiseOffsets(counts, noiseExponent, negative, offsets)
  return Math.LN2 + offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0)
}
