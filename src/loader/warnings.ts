/** Says something on the process's warning channel (stderr, unless somebody listens). */
export function warn(code: string, message: string): void {
  process.emitWarning(message, { type: 'MillraceWarning', code })
}

/** Does it the first time only. */
export function once(body: () => void): () => void {
  let done = false
  return () => {
    if (!done) body()
    done = true
  }
}

/** A loader that has begun to share the samples itself is asked by the dataset which worker it is. */
export function warnOfLateAsking(): void {
  warn(
    'LOADER_ASKED_LATE',
    'the iterator asked for getWorkerInfo() after its first sample, when the loader had begun to share the samples ' +
      "between lanes by itself; if the iterator shares them too, samples are lost: set sharding: 'user'",
  )
}

/** How long lanes may go through samples that are not theirs before they say so. */
export const filterPatienceMs = 1000

/** Sums up what lanes waste on samples of other lanes, and says so once. */
export class FilterMeter {
  readonly #lanes: number
  #ms = 0
  #told = false

  constructor(lanes: number) {
    this.#lanes = lanes
  }

  /** `ms`: how long a lane was at work on samples, of which it keeps one in `lanes`. */
  add(ms: number): void {
    this.#ms += (ms * (this.#lanes - 1)) / this.#lanes
    if (this.#told || this.#ms < filterPatienceMs) return
    this.#told = true
    warn(
      'LOADER_FILTERED',
      `each of the ${this.#lanes} lanes goes through the whole dataset and keeps one sample in ${this.#lanes}, which has ` +
        `cost ${(this.#ms / 1000).toFixed(1)} s so far; give the dataset shard(lane, lanes), or share its samples by ` +
        `getWorkerInfo() or workerInit`,
    )
  }
}
