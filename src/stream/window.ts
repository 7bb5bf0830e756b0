import { requireCount, requireFlag, requireOptions } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { placeFrom } from './place.ts'
import { more, Stage, type Step } from './stage.ts'

export interface WindowOptions {
  /** How many items the next window begins after this one; 1 by default. */
  step?: number
  /** Give the windows at the end of the stream that are cut short by it. By default they are left out. */
  partial?: boolean
}

/**
 * Windows that slide over the stream: window k holds the `size` items from item k × `step` on.
 *
 * in/out  Stream<T> -> Stream<T[]>, each of length `size`; with `partial` the last ones are shorter
 * memory  one window, and an upstream state for each window that begins in it
 * state   the upstream state at the start of the next window, or before it and the number of items between
 * throws  ConfigError if `size` or `step` is not a whole number >= 1
 */
export function window<T>(source: Source<T>, size: number, options: WindowOptions = {}): Source<T[]> {
  requireCount('window.size', size, 1)
  requireOptions('window', options, ['step', 'partial'])
  const { step = 1, partial = false } = options
  requireCount('window.step', step, 1)
  requireFlag('window.partial', partial)
  return {
    open(state, options) {
      const place = placeFrom('window', state, { gap: 0, source: undefined as StreamState | undefined })
      return new WindowCursor(source.open(place.source, options), { size, step, partial }, place.gap)
    },
  }
}

class WindowCursor<T> extends Stage<T, T[]> {
  readonly #size: number
  readonly #step: number
  readonly #partial: boolean
  /** The items from the start of the next window on. */
  #items: T[] = []
  /** The upstream states at the starts of the windows that begin in `#items`, in order. */
  #starts: StreamState[] = []
  /** How many items lie between the upstream's place and the next window. */
  #gap: number
  #ended = false

  constructor(
    source: Cursor<T>,
    { size, step, partial }: Required<WindowOptions> & { size: number },
    gap: number,
  ) {
    super(source)
    this.#size = size
    this.#step = step
    this.#partial = partial
    this.#gap = gap
  }

  override next(): MaybePromise<T[] | End> {
    if (this.#ended && !this.closed && this.#items.length > 0) return this.#give()
    this.#noteStart()
    return super.next()
  }

  protected react(item: T): Step<T[]> {
    if (this.#gap > 0) this.#gap--
    else this.#items.push(item)
    if (this.#items.length === this.#size) return this.#give()
    this.#noteStart()
    return more
  }

  protected override finish(): Step<T[]> {
    this.#ended = true
    return this.#partial && this.#items.length > 0 ? this.#give() : end
  }

  override state(): StreamState {
    if (this.#items.length > 0) return { gap: 0, source: this.#starts[0]! }
    return { gap: this.#gap, source: this.current.state() }
  }

  /** Keeps the upstream's place where a window begins with the next item. */
  #noteStart(): void {
    const begins = this.#gap === 0 && this.#items.length % this.#step === 0
    if (begins && this.#starts.length === this.#items.length / this.#step)
      this.#starts.push(this.current.state())
  }

  #give(): T[] {
    const given = this.#items
    this.#items = given.slice(this.#step)
    this.#starts.shift()
    this.#gap = Math.max(0, this.#step - given.length)
    return given
  }
}
