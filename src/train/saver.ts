import { parseCadence } from '../checkpoint/index.ts'
import { isDiskError } from '../core/disk.ts'
import { formatSeconds } from '../core/text.ts'
import { peakRssBytes } from '../runtime/memory.ts'
import { parameterTensors } from './parameters.ts'
import { persist } from './persist.ts'
import { type TrainState, totalOf } from './state.ts'
import type { Training } from './train.ts'

/** Checkpoints may cost a hundredth of the time. */
const worth = 100
const defaultPauseMs = 60_000
const leastPauseMs = 500
const firstRetryMs = 10_000
/** Timers wait no longer. */
const longestMs = 2 ** 31 - 1

/**
 * Takes the checkpoints of a run: knows when the next is due, holds training up while the system takes the bytes, and
 * sees to the rest while training goes on. A disk that refuses does not end training: it is told, and tried again.
 */
export class Saver {
  readonly #training: Training
  readonly #state: TrainState
  /** At the last checkpoint that was begun, or at the start. */
  #last: { ms: number; steps: number; words: number }
  #savedSteps: number
  #stallMs = 0
  #dueMs: number
  #failures = 0
  /** Of the checkpoint that the disk has not got yet; never rejected. */
  #finishing: Promise<void> | undefined
  /** What was no fault of the disk. */
  #failure: unknown
  /** Stops the threads; undefined while they are idle. */
  #stop: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(training: Training, state: TrainState) {
    this.#training = training
    this.#state = state
    this.#last = this.#now()
    this.#savedSteps = this.#last.steps
    this.#dueMs = this.#last.ms + this.#pauseMs()
  }

  /** Has a checkpoint taken as soon as the threads have come to the end of their blocks. */
  readonly request = (): void => {
    this.#dueMs = 0
    this.#wake()
  }

  /** The state has changed, though no block was done: the next checkpoint is not what the last one is. */
  changed(): void {
    this.#savedSteps = -1
  }

  /** The threads begin: `stop` is called when a checkpoint is due. */
  arm(stop: () => void): void {
    this.#stop = stop
    this.#wake()
  }

  /** The threads are idle. */
  disarm(): void {
    this.#stop = undefined
    clearTimeout(this.#timer)
  }

  /** The place in the epoch's order before which threads must be stopped, where steps or words say when. */
  endOf(order: Uint32Array): number {
    const { audits, blocks } = this.#training
    const { place } = this.#state
    const left = this.#left()
    if (left.steps !== undefined) return Math.min(blocks.length, place + Math.max(1, left.steps))
    if (left.words === undefined) return blocks.length
    let end = place
    for (let words = 0; end < blocks.length && (end === place || words < left.words); end++)
      words += audits.words[order[end]!]!
    return end
  }

  /** Whether the end of an epoch is a time for a checkpoint. Where epochs take less than a moment, not each of them. */
  isTime(): boolean {
    const { steps = 1, words = 1 } = this.#left()
    const { ms } = this.#now()
    if (ms >= this.#dueMs || steps <= 0 || words <= 0) return true
    return !this.#finishing && this.#failures === 0 && ms - this.#last.ms >= worth * this.#stallMs
  }

  /**
   * Takes a checkpoint while the threads are idle; they may go on when it returns.
   *
   * throws  MillraceError if the parameters are not sound
   */
  async save(idleSinceMs: number): Promise<void> {
    await this.#settle()
    const { steps } = (this.#last = this.#now())
    const finished = this.#write(() => stallMs / 1000)
    const stallMs = performance.now() - idleSinceMs
    this.#stallMs = stallMs
    this.#state.stallSeconds = (this.#state.stallSeconds ?? 0) + stallMs / 1000
    this.#dueMs = this.#last.ms + this.#pauseMs()
    const succeeded = () => {
      this.#savedSteps = steps
      this.#failures = 0
    }
    this.#finishing = finished
      .then(succeeded, (error) => this.#failed(error))
      .finally(() => {
        this.#finishing = undefined
      })
  }

  /**
   * Sees to it that the newest checkpoint holds all that was done, and that the disk has it.
   *
   * throws  ResourceError if the disk refuses several times; MillraceError if the parameters are not sound
   */
  async finish(): Promise<void> {
    await this.#settle()
    if (this.#savedSteps === this.#now().steps) return
    await persist(() => this.#write(() => 0), this.#training.patience)
    this.#savedSteps = this.#now().steps
  }

  /** Lets go: nothing is at work any more when it returns, and no timer holds a failed process. */
  async close(): Promise<void> {
    this.disarm()
    await this.#finishing
  }

  /** Reads state and parameters before it returns. The stall is asked for when the disk has it all. */
  #write(stallSeconds: () => number): Promise<void> {
    const { store, events, guard, model } = this.#training
    const state = this.#state
    const { epoch, place } = state
    guard.watchParameters(place === 0 ? epoch - 1 : epoch, model)
    const began = performance.now()
    const words = totalOf(state, 'words')
    state.wallSeconds = this.#training.wallSecondsBefore + (began - this.#training.beganMs) / 1000
    state.peakRssBytes = Math.max(state.peakRssBytes, peakRssBytes())
    const checkpoints = state.checkpoints ?? 0
    state.checkpoints = checkpoints + 1
    return store
      .write(
        state,
        parameterTensors(model, () => this.#training.observer?.alive?.()),
      )
      .then(
        ({ path, bytes }) => {
          guard.checkpoint = path
          this.#training.observer?.saved?.(epoch * this.#training.blocks.length + place)
          const seconds = (performance.now() - began) / 1000
          const times = { seconds, stallSeconds: stallSeconds() }
          events.append(words, { type: 'checkpoint', path, epoch, bytes, ...times })
        },
        (error) => {
          state.checkpoints = checkpoints
          throw error
        },
      )
  }

  async #settle(): Promise<void> {
    await this.#finishing
    if (this.#failure) throw this.#failure
  }

  #failed(error: unknown): void {
    if (!isDiskError(error)) {
      this.#failure = error
      this.#stop?.()
      return
    }
    this.#failures++
    const pauseMs = this.#pauseMs()
    const most = Number.isFinite(pauseMs) ? pauseMs : defaultPauseMs
    const waitMs = Math.min(firstRetryMs * 2 ** (this.#failures - 1), most)
    this.#dueMs = performance.now() + waitMs
    const { what, why } = error.parts
    const message = `${what}: ${why}; training goes on, and tries again in ${formatSeconds(waitMs / 1000)}`
    this.#training.events.append(totalOf(this.#state, 'words'), { type: 'warning', message })
    this.#training.observer?.warning?.(message)
    this.#wake()
  }

  #wake(): void {
    clearTimeout(this.#timer)
    if (!this.#stop || this.#dueMs === Number.POSITIVE_INFINITY) return
    const stop = () => {
      // One at a time: the threads need not be idle while the one before is finished.
      if (this.#finishing) this.#finishing.then(() => this.#wake())
      else this.#stop?.()
    }
    this.#timer = setTimeout(stop, Math.min(Math.max(0, this.#dueMs - performance.now()), longestMs))
  }

  #pauseMs(): number {
    const { config, checkpointWithinMs = Number.POSITIVE_INFINITY } = this.#training
    const cadence = config.checkpointEvery === undefined ? undefined : parseCadence(config.checkpointEvery)
    if (cadence) return cadence.unit === 'ms' ? cadence.count : Number.POSITIVE_INFINITY
    // Asked for more often than that, they would leave no time to train.
    const within = Math.max(checkpointWithinMs, leastPauseMs, 4 * this.#stallMs)
    return Math.min(within, Math.max(defaultPauseMs, worth * this.#stallMs))
  }

  /** What is left until the next is due, where steps or words say when. */
  #left(): { steps?: number; words?: number } {
    const { checkpointEvery } = this.#training.config
    const cadence = checkpointEvery === undefined ? undefined : parseCadence(checkpointEvery)
    if (!cadence || cadence.unit === 'ms') return {}
    return { [cadence.unit]: cadence.count + this.#last[cadence.unit] - this.#now()[cadence.unit] }
  }

  #now(): { ms: number; steps: number; words: number } {
    const { epoch, place } = this.#state
    const steps = (epoch - 1) * this.#training.blocks.length + place
    return { ms: performance.now(), steps, words: totalOf(this.#state, 'words') }
  }
}
