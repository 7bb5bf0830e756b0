import { deriveSeed } from '../core/random.ts'
import { ColumnKernel } from '../word2vec/column-kernel.ts'
import type { KernelThread, SharedModel, TrainConfig } from '../word2vec/index.ts'
import type { Meeting } from './meeting.ts'
import { rateAt } from './schedule.ts'

/** A block that is to be gone through. */
export interface BlockToWalk {
  /** Seeds its windows. */
  seed: bigint
  /** Where its kept words lie in the first memory, and how many there are. */
  kept: number
  length: number
  /** Shares of all words of the run before it and behind it. */
  from: number
  to: number
}

/**
 * Goes through the windows of a block in step with the other threads.
 *
 * A batch has two neighbouring windows of each of several equal stretches of the block. Its gradients are taken before
 * any window of it, or of the batch before it, moves: so no thread waits for another's dot products, but for those that
 * the other should have finished a batch ago. On repetitive text many neighbouring windows would push the same words all
 * at once, too far; two, because the rows of one are those of the next, and stay in the first cache.
 */
export class ColumnWalk {
  readonly #kernel: KernelThread
  readonly #columns: ColumnKernel
  readonly #meeting: Meeting
  readonly #config: TrainConfig
  #turn = 0
  /** Batches that this thread took part in. */
  batches = 0

  constructor(
    model: SharedModel,
    kernel: KernelThread,
    config: TrainConfig,
    meeting: Meeting,
    thread: number,
  ) {
    this.#kernel = kernel
    this.#columns = new ColumnKernel(model, kernel.kernel, thread)
    this.#meeting = meeting
    this.#config = config
  }

  join(active: number): void {
    this.#columns.join(active)
    this.#turn = 0
  }

  walk({ seed, kept, length, from, to }: BlockToWalk): void {
    const columns = this.#columns
    const meeting = this.#meeting
    this.#kernel.seed(seed)
    const batches = columns.batches(length)
    if (batches === 0) return
    const first = this.#turn
    columns.draw(first, kept, length, 0)
    columns.multiply(first)
    meeting.arrive()
    for (let i = 0; i < batches; i++) {
      if (i + 1 < batches) {
        columns.draw(first + i + 1, kept, length, i + 1)
        columns.multiply(first + i + 1)
      }
      meeting.arrive()
      // Until all have multiplied this batch; or the next one too, if what they multiply is moved here.
      meeting.await(columns.mustMeetTwice ? 0 : 1)
      columns.move(first + i, rateAt(this.#config, from + (to - from) * (i / batches)))
      if (columns.mustMeetTwice) meeting.meet()
    }
    this.#turn += batches
    this.batches += batches
  }
}

/** The seed of what is drawn at random on a block. */
export function blockSeed(config: TrainConfig, epoch: number, block: number): bigint {
  return deriveSeed(config.seed, epoch, block)
}
