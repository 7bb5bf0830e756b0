import { type Cursor, end, type Source, type StreamState } from './contract.ts'
import { misfit, placeFrom } from './place.ts'
import { more, nothing, openAll, Stage, type Step } from './stage.ts'

/**
 * One element of each source in turn, until all have ended.
 *
 * in/out  Stream<T>… -> Stream<T>
 * state   whose turn it is, and each source's state
 */
export function interleave<T>(sources: readonly Source<T>[]): Source<T> {
  return {
    open(state, options) {
      const place = placeFrom('interleave', state, { turn: 0, sources: [] as StreamState[] })
      if (state !== undefined && place.sources.length !== sources.length)
        throw misfit('interleave', `found ${place.sources.length} sources; here are ${sources.length}`)
      const open = (source: Source<T>, index: number) => {
        const at = place.sources[index]
        if (at === null) return null
        return source.open(at === undefined ? at : placeFrom('interleave', at, { at: undefined }).at, options)
      }
      return new InterleaveCursor(openAll(sources, open), place.turn)
    },
  }
}

class InterleaveCursor<T> extends Stage<T, T> {
  /** null for those that have ended. */
  readonly #cursors: (Cursor<T> | null)[]
  #turn: number

  constructor(cursors: (Cursor<T> | null)[], turn: number) {
    super(nothing)
    this.#cursors = cursors
    this.#turn = turn
    this.#advance(turn)
  }

  protected react(item: T): T {
    this.#advance(this.#turn + 1)
    return item
  }

  protected override finish(): Step<T> {
    if (this.current === nothing) return end
    this.current.close()
    this.#cursors[this.#turn] = null
    this.#advance(this.#turn + 1)
    return more
  }

  override state(): StreamState {
    return { turn: this.#turn, sources: this.#cursors.map((cursor) => cursor && { at: cursor.state() }) }
  }

  protected override closeSources(): void {
    for (const cursor of this.#cursors) cursor?.close()
  }

  /** Gives the turn to the first source from `turn` on that has not ended. */
  #advance(turn: number): void {
    const count = this.#cursors.length
    this.current = nothing
    for (let i = 0; i < count && this.current === nothing; i++) {
      this.#turn = (turn + i) % count
      this.current = this.#cursors[this.#turn] ?? nothing
    }
  }
}
