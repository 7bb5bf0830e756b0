import { deriveSeed } from '../core/random.ts'
import { optionError, requireCount, requireFunction, requireOptions } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'
import { itemBytes } from './item-bytes.ts'
import { misfit, placeFrom } from './place.ts'
import { QuickRandom } from './quick-random.ts'
import { more, Stage, type Step } from './stage.ts'

export interface ShuffleOptions {
  /** How much is shuffled at a time: a number of elements, or of bytes. 10,000 elements by default. */
  window?: number | ByteWindow
  /** A whole number; another one gives another order. 0 by default. */
  seed?: number
}

export interface ByteWindow {
  /** A window is full with the element that reaches it. */
  bytes: number
  /** The bytes of an element; by default what its strings, typed arrays and numbers take. */
  bytesOf?: (item: any) => number
}

/**
 * Cuts the stream into windows and puts each into an order of its own, drawn from the seed, the number of the pass
 * and that of the window.
 *
 * in/out  Stream<T> -> Stream<T>
 * memory  one window
 * state   the upstream state at the start of the window, its number, and the place in it. On resume the window is
 *         filled again from the source
 * throws  ConfigError if `window` or `window.bytes` is not a whole number >= 1, or `seed` is not a whole number
 */
export function shuffle<T>(source: Source<T>, options: ShuffleOptions = {}): Source<T> {
  requireOptions('shuffle', options, ['window', 'seed'])
  const { window = 10_000, seed = 0 } = options
  if (!Number.isSafeInteger(seed)) throw optionError('shuffle.seed', seed, 'it must be a whole number')
  const sizes = windowSizes(window)
  return {
    open(state, options) {
      const place = placeFrom('shuffle', state, {
        source: undefined as StreamState | undefined,
        window: 0,
        place: 0,
      })
      const draw = (window: number) => new QuickRandom(deriveSeed(seed, options?.pass ?? 0, window))
      return new ShuffleCursor(source.open(place.source, options), sizes, draw, place)
    },
  }
}

interface WindowSizes<T> {
  full: number
  sizeOf: (item: T) => number
}

class ShuffleCursor<T> extends Stage<T, T> {
  readonly #sizes: WindowSizes<T>
  readonly #draw: (window: number) => QuickRandom
  #items: (T | undefined)[] = []
  #size = 0
  /** Set while the window is given; unset while it is filled. */
  #random: QuickRandom | undefined
  #window: number
  #place = 0
  /** The place to go on from, in the first window. */
  #resumeAt: number
  /** The upstream state at the start of the window. */
  #start: StreamState

  constructor(
    source: Cursor<T>,
    sizes: WindowSizes<T>,
    draw: (window: number) => QuickRandom,
    place: { window: number; place: number },
  ) {
    super(source)
    this.#sizes = sizes
    this.#draw = draw
    this.#window = place.window
    this.#resumeAt = place.place
    this.#start = source.state()
  }

  override next(): MaybePromise<T | End> {
    if (this.closed) return end
    if (this.#random) return this.#give()
    if (this.#items.length === 0) this.#start = this.current.state()
    return super.next()
  }

  protected react(item: T): Step<T> {
    this.#size += this.#sizes.sizeOf(item)
    this.#items.push(item)
    return this.#size < this.#sizes.full ? more : this.#begin()
  }

  protected override finish(): Step<T> {
    if (this.#items.length > 0) return this.#begin()
    if (this.#resumeAt > 0) throw misfit('shuffle', 'found the end where there was a window')
    return end
  }

  override state(): StreamState {
    const isBetween = this.#items.length === 0
    return {
      source: isBetween ? this.current.state() : this.#start,
      window: this.#window,
      place: this.#random ? this.#place : this.#resumeAt,
    }
  }

  /** Starts to give the window that is full now. */
  #begin(): T {
    if (this.#resumeAt >= this.#items.length)
      throw misfit('shuffle', `is at place ${this.#resumeAt} of a window of ${this.#items.length}`)
    this.#random = this.#draw(this.#window)
    while (this.#place < this.#resumeAt) this.#pick()
    this.#resumeAt = 0
    return this.#give()
  }

  #give(): T {
    const item = this.#pick()
    if (this.#place === this.#items.length) this.#leave()
    return item
  }

  /** The next of the window: one step of Fisher and Yates. */
  #pick(): T {
    const items = this.#items
    const place = this.#place++
    const other = place + this.#random!.below(items.length - place)
    const item = items[other] as T
    items[other] = items[place]
    items[place] = undefined
    return item
  }

  #leave(): void {
    this.#items = []
    this.#size = 0
    this.#random = undefined
    this.#window++
    this.#place = 0
  }
}

function windowSizes(window: number | ByteWindow): WindowSizes<unknown> {
  if (typeof window !== 'object') {
    requireCount('shuffle.window', window, 1)
    return { full: window, sizeOf: () => 1 }
  }
  requireOptions('shuffle.window', window, ['bytes', 'bytesOf'])
  const { bytes, bytesOf = (item: unknown) => itemBytes(item) } = window
  requireCount('shuffle.window.bytes', bytes, 1)
  requireFunction('shuffle.window.bytesOf', bytesOf)
  const sizeOf = (item: unknown) => {
    const size = bytesOf(item)
    if (!(size >= 0)) throw optionError('what shuffle.window.bytesOf gave', size, 'it must be a number >= 0')
    return size
  }
  return { full: bytes, sizeOf }
}
