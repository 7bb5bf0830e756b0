import { requireCount } from './checks.ts'
import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'

/**
 * Pulls up to `count` elements ahead in the background, where the stages above wait for something. What is
 * synchronous is pulled as it is asked for. Errors come at their turn.
 *
 * in/out  Stream<T> -> Stream<T>
 * memory  `count` elements, with an upstream state for each
 * state   the upstream state behind the last element given
 * throws  ConfigError if `count` is not a whole number >= 1
 */
export function prefetch<T>(source: Source<T>, count: number): Source<T> {
  requireCount('prefetch.count', count, 1)
  return { open: (state, options) => new PrefetchCursor(source.open(state, options), count) }
}

/** What was pulled, and the upstream's place behind it. */
type Pulled<T> = ({ item: T | End } | { error: unknown }) & { state: StreamState }

class PrefetchCursor<T> implements Cursor<T> {
  readonly #source: Cursor<T>
  readonly #count: number
  readonly #ahead: Pulled<T>[] = []
  #state: StreamState
  #waiting: PromiseWithResolvers<T | End> | undefined
  #isPulling = false
  #isAsync = false
  #ended = false
  #closed = false

  constructor(source: Cursor<T>, count: number) {
    this.#source = source
    this.#count = count
    this.#state = source.state()
  }

  next(): MaybePromise<T | End> {
    if (this.#closed) return end
    if (this.#ahead.length === 0 && !this.#isPulling && !this.#ended) this.#pull()
    const first = this.#ahead.shift()
    if (this.#isAsync) this.#pullAhead()
    if (first) return this.#give(first)
    if (this.#ended) return this.#end()
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  state(): StreamState {
    return this.#state
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ahead.length = 0
    this.#waiting?.resolve(end)
    this.#waiting = undefined
    this.#source.close()
  }

  #pullAhead(): void {
    while (this.#ahead.length < this.#count && !this.#isPulling && !this.#ended && !this.#closed) this.#pull()
  }

  #pull(): void {
    try {
      const item = this.#source.next()
      if (!(item instanceof Promise)) {
        this.#keep({ item, state: this.#source.state() })
        return
      }
      this.#isAsync = this.#isPulling = true
      item.then(
        (item) => this.#arrive({ item, state: this.#source.state() }),
        (error) => this.#arrive({ error, state: this.#source.state() }),
      )
    } catch (error) {
      this.#keep({ error, state: this.#source.state() })
    }
  }

  #arrive(pulled: Pulled<T>): void {
    this.#isPulling = false
    if (this.#closed) return
    this.#keep(pulled)
    const waiting = this.#waiting
    if (waiting) {
      this.#waiting = undefined
      try {
        waiting.resolve(this.#give(this.#ahead.shift()!))
      } catch (error) {
        waiting.reject(error)
      }
    }
    this.#pullAhead()
  }

  #keep(pulled: Pulled<T>): void {
    this.#ahead.push(pulled)
    if ('item' in pulled && pulled.item === end) this.#ended = true
  }

  #give(pulled: Pulled<T>): T | End {
    this.#state = pulled.state
    if ('error' in pulled) throw pulled.error
    return pulled.item === end ? this.#end() : pulled.item
  }

  #end(): End {
    this.close()
    return end
  }
}
