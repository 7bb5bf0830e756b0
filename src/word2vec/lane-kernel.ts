import { FarRows } from './far-rows.ts'
import { laneCount, paramsBytes } from './layout.ts'
import { fields, type SharedModel, type TrainKernel } from './model.ts'

/** A block of kept words, breaks among them. */
export interface KeptBlock {
  /** Seeds its windows. */
  seed: bigint
  /** Where they lie in the first memory, and how many there are. */
  kept: number
  length: number
}

/** Lanes from one to before another. */
export interface LaneRange {
  from: number
  to: number
}

/** The lanes that are first of all a thread's, of `active` threads. */
export function lanesOf(thread: number, active: number): LaneRange {
  const first = (thread: number) => Math.floor((thread * laneCount) / active)
  return { from: first(thread), to: first(thread + 1) }
}

/**
 * One thread's calls on the lanes of a block. A block is gone through in rounds, and each lane has a stretch of its words
 * in each round: marked by one thread, trained on by one thread when all are marked, and merged by all when all are
 * trained. The result is the same whoever does what.
 */
export class LaneKernel {
  readonly #model: SharedModel
  readonly #kernel: TrainKernel
  readonly #thread: number
  readonly #view: DataView
  readonly #far: FarRows | undefined

  constructor(model: SharedModel, kernel: TrainKernel, thread: number) {
    this.#model = model
    this.#kernel = kernel
    this.#thread = thread
    this.#view = new DataView(model.memories[0]!.buffer)
    this.#far = model.layout.far && new FarRows(model, model.layout.far, kernel, thread)
  }

  /** Rounds that go through `length` kept words. */
  rounds(length: number): number {
    return Math.ceil(length / (laneCount * this.#model.layout.laneWords))
  }

  /** Sets the sums of all lanes to nothing. */
  clearSums(): void {
    for (const { params } of this.#model.layout.lanes) {
      for (const field of [fields.loss, fields.pairs]) this.#view.setFloat64(params + field, 0, true)
      this.#view.setFloat64(params + fields.product, 1, true)
    }
  }

  /** Tells which rows a lane will use. */
  mark(lane: number, block: KeptBlock, round: number): void {
    const { params } = this.#model.layout.lanes[lane]!
    const { from, to } = this.#stretch(block, round, lane)
    this.#view.setBigUint64(params + fields.seed, block.seed, true)
    this.#kernel.markLane(params, block.kept, block.length, from, to, tagOf(block, round))
  }

  /** Trains on a lane's stretch; all lanes must be marked. */
  train(lane: number, block: KeptBlock, round: number, learningRate: number): void {
    const { params } = this.#model.layout.lanes[lane]!
    const { from, to } = this.#stretch(block, round, lane)
    this.#kernel.openLane(params, block.kept, block.length, from, to, tagOf(block, round))
    this.#far?.fetchLane(lane)
    this.#kernel.trainLane(params, block.kept, from, to, learningRate)
  }

  /** Merges what lanes have learned, the part that falls to lanes `from` to `to`; all must be trained. */
  merge({ from, to }: LaneRange): void {
    const { lanes, copyPointers } = this.#model.layout
    const pointers = copyPointers[this.#thread]!
    if (!this.#far) this.#kernel.mergeLanes(lanes[0]!.params, paramsBytes, from, to, pointers)
    else for (let lane = from; lane < to; lane++) this.#far.mergeLane(lane)
  }

  /** Sums since they were cleared, lane after lane: the loss in nats, and the pairs of words it is over. */
  sums(): { loss: number; pairs: number } {
    const sums = { loss: 0, pairs: 0 }
    for (const { params } of this.#model.layout.lanes) {
      const product = this.#view.getFloat64(params + fields.product, true)
      sums.loss += this.#view.getFloat64(params + fields.loss, true) - Math.log(product)
      sums.pairs += this.#view.getFloat64(params + fields.pairs, true)
    }
    return sums
  }

  /** The kept words that a lane has in a round: as many in each, but for the last ones. */
  #stretch({ length }: KeptBlock, round: number, lane: number): { from: number; to: number } {
    const words = Math.ceil(length / (laneCount * this.rounds(length)))
    const from = Math.min((round * laneCount + lane) * words, length)
    return { from, to: Math.min(from + words, length) }
  }
}

/** A round's mark, not 0: those of the last 254 rounds of its block are others, and those of other blocks mostly. */
function tagOf({ seed }: KeptBlock, round: number): number {
  return 1 + ((Number(seed & 0xffn) + round) % 255)
}
