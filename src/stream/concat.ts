import { end, type OpenOptions, type Source, type StreamState } from './contract.ts'
import { misfit, placeFrom } from './place.ts'
import { more, nothing, Stage, type Step } from './stage.ts'

/**
 * One source after the other; each is opened when the one before it has ended.
 *
 * in/out  Stream<T>… -> Stream<T>
 * state   the number of the source, and its state
 */
export function concat<T>(sources: readonly Source<T>[]): Source<T> {
  return {
    open(state, options) {
      const place = placeFrom('concat', state, { index: 0, source: undefined as StreamState | undefined })
      if (place.index > sources.length)
        throw misfit('concat', `is in source ${place.index} of ${sources.length}`)
      return new ConcatCursor(sources, options, place.index, place.source)
    },
  }
}

class ConcatCursor<T> extends Stage<T, T> {
  readonly #sources: readonly Source<T>[]
  readonly #options: OpenOptions | undefined
  #index: number

  constructor(
    sources: readonly Source<T>[],
    options: OpenOptions | undefined,
    index: number,
    state: StreamState | undefined,
  ) {
    super(sources[index]?.open(state, options) ?? nothing)
    this.#sources = sources
    this.#options = options
    this.#index = index
  }

  protected react(item: T): T {
    return item
  }

  protected override finish(): Step<T> {
    this.current.close()
    this.current = nothing
    if (this.#index >= this.#sources.length) return end
    this.#index++
    const source = this.#sources[this.#index]
    if (!source) return end
    this.current = source.open(undefined, this.#options)
    return more
  }

  override state(): StreamState {
    return { index: this.#index, source: this.current.state() }
  }
}
