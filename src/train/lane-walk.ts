import { deriveSeed } from '../core/random.ts'
import type { KernelThread, SharedModel, TrainConfig } from '../word2vec/index.ts'
import { type KeptBlock, LaneKernel, lanesOf } from '../word2vec/lane-kernel.ts'
import { laneCount } from '../word2vec/layout.ts'
import type { Meeting } from './meeting.ts'
import { rateAt } from './schedule.ts'

/** A block that is to be gone through. */
export interface BlockToWalk extends KeptBlock {
  /** Shares of all words of the run before it and behind it. */
  from: number
  to: number
}

/**
 * Goes through the lanes of a block together with the other threads. A thread that is done with its own lanes claims those
 * of the others, so that nobody waits long for one that was not given a core: who had which changes nothing.
 */
export class LaneWalk {
  readonly #lanes: LaneKernel
  readonly #meeting: Meeting
  readonly #config: TrainConfig
  readonly #thread: number
  #active = 1
  /** Rounds that this thread took part in. */
  rounds = 0

  constructor(
    model: SharedModel,
    kernel: KernelThread,
    config: TrainConfig,
    meeting: Meeting,
    thread: number,
  ) {
    this.#lanes = new LaneKernel(model, kernel.kernel, thread)
    this.#meeting = meeting
    this.#config = config
    this.#thread = thread
  }

  join(active: number): void {
    this.#active = active
  }

  walk(block: BlockToWalk): void {
    const { from, to } = block
    const lanes = this.#lanes
    const rounds = lanes.rounds(block.length)
    const own = lanesOf(this.#thread, this.#active)
    if (this.#thread === 0) lanes.clearSums()
    for (let round = 0; round < rounds; round++) {
      for (let lane = own.from; lane < own.to; lane++) lanes.mark(lane, block, round)
      this.#meeting.meet()
      const rate = rateAt(this.#config, from + (to - from) * (round / rounds))
      // Its own first: their copies are in this core's cache.
      for (let i = 0; i < laneCount; i++) {
        const lane = (own.from + i) % laneCount
        if (this.#meeting.claim(lane)) lanes.train(lane, block, round, rate)
      }
      this.#meeting.meet()
      lanes.merge(own)
    }
    this.rounds += rounds
  }

  /** Of the block that was gone through: the loss in nats, and the pairs of words it is over. */
  sums(): { loss: number; pairs: number } {
    return this.#lanes.sums()
  }
}

/** The seed of what is drawn at random on a block. */
export function blockSeed(config: TrainConfig, epoch: number, block: number): bigint {
  return deriveSeed(config.seed, epoch, block)
}
