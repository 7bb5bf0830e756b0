import type { Vocabulary } from '../corpus/index.ts'
import type { EventLog, ScoredPoint } from '../run/index.ts'
import { collectGarbage } from '../runtime/collect.ts'
import { KeyedVectors, VectorTable } from '../vectors/index.ts'
import { type SharedModel, stopsEarly, type TrainConfig } from '../word2vec/index.ts'
import { judgeScore, requireScore } from './early-stop.ts'
import type { Guard } from './guard.ts'
import { rowParts } from './parameters.ts'
import { Points } from './points.ts'
import type { Evaluation, TrainObserver } from './request.ts'
import { type TrainState, totalOf } from './state.ts'

/** What scoring is handed. */
export interface ScoringParts {
  config: TrainConfig
  evaluation: Evaluation
  model: SharedModel
  vocabulary: Vocabulary
  /** Words of each block. */
  blockWords: Uint32Array
  guard: Guard
  events: EventLog
  observer: TrainObserver | undefined
  warn: (message: string) => void
}

/**
 * Scores the vectors of a run while it is trained: when, with what came of it in the events and in the run's state.
 *
 * memory  a copy of the input vectors, as wide as the plan says, taken when this is made and used each time: they lie
 *         in the model in rows of another width, and the search wants their lengths
 */
export class Scoring {
  readonly #parts: ScoringParts
  readonly #points: Points
  readonly #table: VectorTable
  readonly #blocks: number
  #checked = false

  constructor(parts: ScoringParts) {
    const { config, vocabulary, blockWords } = parts
    this.#parts = parts
    this.#points = new Points(config, blockWords)
    this.#blocks = blockWords.length
    this.#table = new VectorTable(vocabulary.length, config.dim, vocabulary.arena.length)
    for (let i = 0; i < vocabulary.length; i++) this.#table.add(vocabulary.bytes(i))
    this.#table.counts = vocabulary.counts
  }

  /** The place in the epoch at work before which threads must be stopped. */
  endOf({ epoch, place }: TrainState): number {
    return this.#points.endOf(epoch, place)
  }

  /** Whether the vectors are to be scored where training stands, and were not yet. */
  isDue(state: TrainState): boolean {
    const steps = this.#stepsOf(state)
    return state.scoredSteps !== steps && this.#points.has(steps)
  }

  /**
   * Scores the vectors while the threads are idle, and decides whether training is to go on.
   *
   * throws  MillraceError if the parameters are not sound; what the evaluation throws; ConfigError if it has no score
   *         of the name that early stopping goes by
   */
  async take(state: TrainState): Promise<void> {
    const { config, evaluation, guard, model, events, observer } = this.#parts
    const beganMs = performance.now()
    const steps = this.#stepsOf(state)
    const epoch = Math.max(1, Math.ceil(steps / this.#blocks))
    const alive = () => observer?.alive?.()
    guard.watchParameters(epoch, model)
    const timer = setInterval(alive, 1000)
    let told: Record<string, number | null>
    try {
      told = await evaluation.score(this.#vectors(alive), stopsEarly(config) ? [config.earlyStop] : [])
    } finally {
      clearInterval(timer)
      // Questions and answers are many small objects: point by point they would pile up.
      collectGarbage()
    }
    alive()
    const scores = Object.fromEntries(
      Object.entries(told).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
    )
    const point: ScoredPoint = {
      epoch,
      place: steps - (epoch - 1) * this.#blocks,
      seconds: totalOf(state, 'seconds'),
      tookSeconds: (performance.now() - beganMs) / 1000,
      scores,
    }
    this.#judge(state, scores, steps)
    state.scoredSteps = steps
    events.append(totalOf(state, 'words'), { type: 'scores', ...point })
    observer?.scored?.(point)
  }

  #judge(state: TrainState, scores: Record<string, number | null>, steps: number): void {
    const { config, warn } = this.#parts
    if (!stopsEarly(config)) return
    requireScore(config, Object.keys(scores))
    const value = scores[config.earlyStop]!
    if (value === null && !this.#checked)
      warn(`${config.earlyStop}, which training is to stop on, has no value yet: it is waited for`)
    this.#checked = true
    judgeScore(state, config, value, steps / this.#blocks, state.epoch > config.epochs)
  }

  /** The vectors as they are now. */
  #vectors(alive: () => void): KeyedVectors {
    const { model } = this.#parts
    const { dim } = model
    for (const { first, rows } of rowParts(model, 'input')) {
      for (let begin = 0; begin < rows.length; begin += dim)
        this.#table.row(first + begin / dim).set(rows.subarray(begin, begin + dim))
      alive()
    }
    return new KeyedVectors(this.#table)
  }

  #stepsOf({ epoch, place }: TrainState): number {
    return (epoch - 1) * this.#blocks + place
  }
}
