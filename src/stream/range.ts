import { optionError, requireFinite } from './checks.ts'
import { type Cursor, type End, end, type Source, type StreamState } from './contract.ts'
import { countFrom, misfit } from './place.ts'
import { Stream } from './stream.ts'

/**
 * The numbers from `start` to before `stop`: `range(stop)`, or `range(start, stop, step)`. `stop` may be infinite.
 *
 * out     Stream<number>
 * state   the number of elements given
 * throws  ConfigError if `start` or `step` is not finite, `step` is 0, or `stop` is no number
 */
export function range(stop: number): Stream<number>
export function range(start: number, stop: number, step?: number): Stream<number>
export function range(first: number, second?: number, step = 1): Stream<number> {
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  requireFinite('range.start', start)
  requireFinite('range.step', step)
  if (typeof stop !== 'number' || Number.isNaN(stop))
    throw optionError('range.stop', stop, 'it must be a number')
  if (step === 0) throw optionError('range.step', step, 'it would not come nearer to range.stop')
  return new Stream(rangeSource(start, Math.max(0, Math.ceil((stop - start) / step)), step))
}

function rangeSource(start: number, count: number, step: number): Source<number> {
  return {
    open(state) {
      const index = countFrom('range', state)
      if (index > count) throw misfit('range', `is at place ${index} of ${count} numbers`)
      return new RangeCursor(start, count, step, index)
    },
  }
}

class RangeCursor implements Cursor<number> {
  readonly #start: number
  readonly #step: number
  #count: number
  #index: number

  constructor(start: number, count: number, step: number, index: number) {
    this.#start = start
    this.#step = step
    this.#count = count
    this.#index = index
  }

  next(): number | End {
    // Multiplied, not summed: so a fraction does not drift, and every place is reached the same way.
    return this.#index < this.#count ? this.#start + this.#index++ * this.#step : end
  }

  skip(): boolean {
    if (this.#index >= this.#count) return false
    this.#index++
    return true
  }

  state(): StreamState {
    return this.#index
  }

  close(): void {
    this.#count = 0
  }
}
