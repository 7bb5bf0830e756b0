import { instantiate } from '../runtime/wasm.ts'
import { type Duty, dutyOf } from './columns.ts'
import { batchesAtOnce, type LocalLayout, sumsAtOnce } from './layout.ts'
import { type SharedModel, segmentPointer, type TrainKernel } from './model.ts'

/** A copy between two memories, of fixed places. */
interface Copy {
  from: Uint8Array
  to: Uint8Array
}

/**
 * One thread's share of windows that all threads go through together: it multiplies and moves its columns of them. A
 * batch of windows is drawn, multiplied by all, and, when all have met, moved by all.
 *
 * Where columns lie in memories of their own, jobs and gradients are copied there, and dot products back.
 */
export class ColumnKernel {
  readonly #model: SharedModel
  readonly #kernels: TrainKernel[]
  readonly #places: LocalLayout[]
  readonly #thread: number
  #duty: Duty
  #segments: number[] = []
  /** For each batch that threads may be at. */
  #jobsOut: Copy[][] = []
  #sumsBack: Copy[][] = []
  #gradientsOut: Copy[] = []

  constructor(model: SharedModel, kernel: TrainKernel, thread: number) {
    const { layout, memories } = model
    this.#model = model
    this.#thread = thread
    this.#kernels = memories.map((memory, i) => (i === 0 ? kernel : instantiate(model.module, memory)))
    this.#places = [layout.threads[thread]!, ...layout.locals.map((locals) => locals[thread]!)]
    this.#segments = layout.segments.map(({ memory }, i) => segmentPointer(model, this.#places[memory]!, i))
    this.#duty = dutyOf(layout, layout.batch, thread, layout.threads.length)
    this.join(layout.threads.length)
  }

  /** Takes this thread's share of the work of `active` threads. */
  join(active: number): void {
    const { layout } = this.#model
    this.#duty = dutyOf(layout, layout.batch, this.#thread, active)
    const apart = layout.segments[0]!.memory !== 0
    if (apart) this.#planCopies()
  }

  /** Whether all must have moved before anyone multiplies again. */
  get mustMeetTwice(): boolean {
    return !this.#duty.ownColumns
  }

  /** Batches that go through `total` kept words. */
  batches(total: number): number {
    return this.#stretch(total) / this.#model.layout.beside
  }

  /**
   * Draws the windows of a batch, by its number from 0. Each thread draws them all for itself: what another has drawn
   * takes longer to come.
   *
   * turn  counts batches from block to block
   */
  draw(turn: number, kept: number, total: number, number: number): void {
    const { batch, beside, segments } = this.#model.layout
    const { params } = this.#places[0]!
    const stretch = this.#stretch(total)
    const isPacked = segments[0]!.memory === 0
    this.#kernels[0]!.drawWindows(
      params,
      kept,
      total,
      stretch,
      beside,
      number,
      this.#jobs(turn),
      batch,
      isPacked,
    )
  }

  /** Multiplies this thread's columns of the batch. */
  multiply(turn: number): void {
    const { layout } = this.#model
    copyAll(this.#jobsOut[turn % batchesAtOnce])
    const { dots, parts } = this.#duty
    for (let i = 0; i < dots.length; i++) {
      const { leaf, part, fromWindow, toWindow } = dots[i]!
      const { segment, from, bytes } = layout.leaves[leaf]!
      const { memory } = layout.segments[segment]!
      const { params, sums } = this.#places[memory]!
      const isHub = memory === 0
      this.#kernels[memory]!.dotsWindows(
        params,
        this.#segments[segment]!,
        from,
        bytes,
        parts < layout.leaves.length ? layout.leaves[leaf + 1]!.bytes : 0,
        this.#jobs(turn, memory),
        this.#hidden(turn, memory),
        fromWindow,
        toWindow,
        isHub ? this.#sums(turn, part) : sums,
      )
    }
    copyAll(this.#sumsBack[turn % sumsAtOnce])
  }

  /** Moves this thread's columns of the batch; every thread must have multiplied its own. */
  move(turn: number, learningRate: number): void {
    const { layout } = this.#model
    const { params, gradients } = this.#places[0]!
    const { parts, moves } = this.#duty
    const jobs = this.#jobs(turn)
    const sums = this.#sums(turn, 0)
    this.#kernels[0]!.activateWindows(
      params,
      jobs,
      layout.batch,
      sums,
      parts,
      this.#sumsBytes,
      gradients,
      learningRate,
    )
    copyAll(this.#gradientsOut)
    for (let i = 0; i < moves.length; i++) {
      const { segment, from, bytes } = moves[i]!
      const { memory } = layout.segments[segment]!
      const there = this.#places[memory]!
      this.#kernels[memory]!.moveWindows(
        there.params,
        this.#segments[segment]!,
        from,
        bytes,
        this.#jobs(turn, memory),
        this.#hidden(turn, memory),
        layout.batch,
        there.gradients,
        learningRate,
      )
    }
  }

  /** Words of each of the stretches that a batch has windows of. */
  #stretch(total: number): number {
    const { batch, beside } = this.#model.layout
    return Math.ceil(total / batch) * beside
  }

  #jobs(turn: number, memory = 0): number {
    const { batch, job } = this.#model.layout
    return this.#places[memory]!.jobs + (turn % batchesAtOnce) * batch * job.windowBytes
  }

  #hidden(turn: number, memory: number): number {
    const { batch, scratchRowBytes } = this.#model.layout
    return this.#places[memory]!.hidden + (turn % batchesAtOnce) * batch * scratchRowBytes[memory]!
  }

  get #sumsBytes(): number {
    const { batch, job } = this.#model.layout
    return batch * (job.windowBytes / job.bytes) * job.gradientBytes
  }

  #sums(turn: number, part: number): number {
    const slot = turn % sumsAtOnce
    return this.#places[0]!.sums + (this.#model.layout.leaves.length * slot + part) * this.#sumsBytes
  }

  /** The copies that this thread's duty needs where columns lie in memories of their own. */
  #planCopies(): void {
    const { layout, memories } = this.#model
    const { dots, moves } = this.#duty
    const memoryOf = (segment: number) => layout.segments[segment]!.memory
    const dotsIn = dots.map(({ leaf }) => memoryOf(layout.leaves[leaf]!.segment))
    const movesIn = moves.map(({ segment }) => memoryOf(segment))
    const view = (memory: number, offset: number, bytes: number) =>
      new Uint8Array(memories[memory]!.buffer, offset, bytes)
    const jobsBytes = layout.batch * layout.job.windowBytes
    const windowSums = this.#sumsBytes / layout.batch
    const turns = (length: number) => Array.from({ length }, (_, turn) => turn)
    this.#jobsOut = turns(batchesAtOnce).map((turn) =>
      [...new Set([...dotsIn, ...movesIn])].map((memory) => ({
        from: view(0, this.#jobs(turn), jobsBytes),
        to: view(memory, this.#jobs(turn, memory), jobsBytes),
      })),
    )
    this.#sumsBack = turns(sumsAtOnce).map((turn) =>
      dots.map(({ part, fromWindow, toWindow }, i) => {
        const at = fromWindow * windowSums
        const bytes = (toWindow - fromWindow) * windowSums
        return {
          from: view(dotsIn[i]!, this.#places[dotsIn[i]!]!.sums + at, bytes),
          to: view(0, this.#sums(turn, part) + at, bytes),
        }
      }),
    )
    const { gradients } = this.#places[0]!
    this.#gradientsOut = [...new Set(movesIn)].map((memory) => ({
      from: view(0, gradients, this.#sumsBytes),
      to: view(memory, this.#places[memory]!.gradients, this.#sumsBytes),
    }))
  }
}

function copyAll(copies: Copy[] | undefined): void {
  if (copies) for (let i = 0; i < copies.length; i++) copies[i]!.to.set(copies[i]!.from)
}
