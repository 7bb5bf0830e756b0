import type { Progress } from '../run/index.ts'
import type { BlockDone } from './threads.ts'

const windowMs = 1000

/** Turns finished blocks into the figures of the progress line. */
export class Meter {
  #words = 0
  #loss = 0
  #pairs = 0
  #sinceMs: number
  #wordsPerSecond = 0
  #meanLoss: number | null = null

  constructor(nowMs: number) {
    this.#sinceMs = nowMs
  }

  add({ words, loss, pairs }: BlockDone): void {
    this.#words += words
    this.#loss += loss
    this.#pairs += pairs
  }

  /** Time that is not of training: it is left out of the window. */
  skip(ms: number): void {
    this.#sinceMs += ms
  }

  /** Whether a window is full. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#sinceMs >= windowMs
  }

  /** Closes the window and gives its figures. `wordsDone` of `wordsTotal`, over all epochs and attempts. */
  read(
    nowMs: number,
    run: {
      epoch: number
      wordsDone: number
      wordsTotal: number
      seconds: number
      rateAt: (share: number) => number
      planBytes: number
    },
  ): Progress {
    const seconds = (nowMs - this.#sinceMs) / 1000
    // A last short window would tell chance, not speed; unless there was no other.
    if (seconds >= 0.25 || this.#wordsPerSecond === 0)
      this.#wordsPerSecond = this.#words / Math.max(seconds, 1e-3)
    if (this.#pairs > 0) this.#meanLoss = this.#loss / this.#pairs
    this.#words = this.#loss = this.#pairs = 0
    this.#sinceMs = nowMs
    const fraction = run.wordsDone / run.wordsTotal
    const wordsPerSecond = Math.round(this.#wordsPerSecond)
    return {
      epoch: run.epoch,
      fraction,
      wordsPerSecond,
      learningRate: run.rateAt(fraction),
      loss: this.#meanLoss,
      rssBytes: process.memoryUsage.rss(),
      planBytes: run.planBytes,
      secondsLeft: wordsPerSecond > 0 ? (run.wordsTotal - run.wordsDone) / wordsPerSecond : null,
      seconds: run.seconds,
    }
  }
}
