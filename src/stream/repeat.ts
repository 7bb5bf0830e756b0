import { deriveSeed } from '../core/random.ts'
import { requireCount } from './checks.ts'
import { type Cursor, end, type OpenOptions, type Source, type StreamState } from './contract.ts'
import { placeFrom } from './place.ts'
import { more, Stage, type Step } from './stage.ts'

/**
 * The whole stream `count` times, each time with another pass number, so that what is drawn from a seed differs.
 * A pass without an element ends it, as there is nothing to repeat.
 *
 * in/out  Stream<T> -> Stream<T>
 * state   the number of the repetition, whether it gave something, and the upstream state
 * throws  ConfigError if `count` is not a whole number >= 0, or Infinity
 */
export function repeat<T>(source: Source<T>, count = Infinity): Source<T> {
  requireCount('repeat.count', count, 0, 'or Infinity')
  return {
    open(state, options) {
      const place = placeFrom('repeat', state, {
        round: 0,
        given: false,
        source: undefined as StreamState | undefined,
      })
      return new RepeatCursor(source, options, count, place)
    },
  }
}

/** The pass numbers of repetitions: 0, 1, 2, … over the passes of what repeats them, as far as these can be counted. */
export function passOf(outerPass: number, count: number, round: number): number {
  const pass = outerPass === 0 ? round : outerPass * count + round
  return Number.isSafeInteger(pass) ? pass : Number(deriveSeed(outerPass, round) >> 11n)
}

type Place = { round: number; given: boolean; source: StreamState | undefined }

class RepeatCursor<T> extends Stage<T, T> {
  readonly #source: Source<T>
  readonly #options: OpenOptions
  readonly #count: number
  #round: number
  #given: boolean

  constructor(source: Source<T>, options: OpenOptions = {}, count: number, place: Place) {
    super(openRound(source, options, count, place.round, place.source))
    this.#source = source
    this.#options = options
    this.#count = count
    this.#round = place.round
    this.#given = place.given
    if (count === 0) this.close()
  }

  protected react(item: T): T {
    this.#given = true
    return item
  }

  protected override finish(): Step<T> {
    this.current.close()
    if (!this.#given || this.#round + 1 >= this.#count) return end
    this.#given = false
    this.#round++
    this.current = openRound(this.#source, this.#options, this.#count, this.#round)
    return more
  }

  override state(): StreamState {
    return { round: this.#round, given: this.#given, source: this.current.state() }
  }
}

function openRound<T>(
  source: Source<T>,
  options: OpenOptions,
  count: number,
  round: number,
  state?: StreamState,
): Cursor<T> {
  return source.open(state, { ...options, pass: passOf(options.pass ?? 0, count, round) })
}
