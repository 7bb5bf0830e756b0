import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { stopsEarly, type TrainConfig } from '../word2vec/index.ts'
import type { TrainRequest } from './request.ts'
import type { TrainState } from './state.ts'

/** What decides when a run ends. */
export type EndRule = Pick<TrainConfig, 'epochs' | 'earlyStop' | 'patience' | 'leastGain' | 'evaluateEvery'>

/** Whether a score has ended training, by the settings that there are now. */
export function hasEnded({ ended }: TrainState, rule: EndRule): boolean {
  return ended !== undefined && ended.under === underOf(rule)
}

/** Whether two settings end a run at the same place. Without early stopping the number of epochs alone decides. */
export function endsAlike(a: EndRule, b: EndRule): boolean {
  return underOf(a) === underOf(b)
}

function underOf(rule: EndRule): string {
  const { epochs, earlyStop, patience, leastGain, evaluateEvery } = rule
  return JSON.stringify(stopsEarly(rule) ? [epochs, earlyStop, patience, leastGain, evaluateEvery] : [epochs])
}

/**
 * Enters a score in the history, and the decision to end if it was no better than its best for as long as `patience`
 * says. What is no number is no better; before there was any, nothing is decided.
 *
 * epochs  trained so far
 * isLast  training is at its end anyway
 */
export function judgeScore(
  state: TrainState,
  rule: EndRule,
  value: number | null,
  epochs: number,
  isLast: boolean,
): void {
  const { earlyStop: score, patience, leastGain } = rule
  // Another score has a history of its own.
  const before =
    state.stopping?.score === score ? state.stopping : { score, best: null, at: epochs, waited: 0 }
  const isBetter = value !== null && (before.best === null || value > before.best + leastGain)
  const waited = isBetter || before.best === null ? 0 : before.waited + 1
  state.stopping = isBetter ? { score, best: value, at: epochs, waited } : { ...before, waited }
  const { best, at } = state.stopping
  if (best === null || waited < patience || isLast) return
  state.ended = { under: underOf(rule), told: { epoch: epochs, score, best, at } }
}

/**
 * Refuses, before anything is trained, to score without questions, and to stop on a score that there is not.
 *
 * state   where a run goes on from
 * throws  ConfigError
 */
export function requireEvaluation(
  config: TrainConfig,
  { evaluation, config: given }: Pick<TrainRequest, 'evaluation' | 'config'>,
  state: TrainState | undefined,
): void {
  const isOver = state && (state.epoch > config.epochs || hasEnded(state, config))
  if (!evaluation && !isOver && (given.evaluateEvery !== undefined || stopsEarly(config))) {
    throw new ConfigError('NOTHING_TO_SCORE', {
      what: stopsEarly(config)
        ? `this run stops early on ${config.earlyStop}, and there is nothing to score its vectors with`
        : 'there is nothing to score the vectors with while they are trained',
      why: 'no questions were given',
      mend: 'give files of questions, as in --analogies questions-words.txt',
    })
  }
  if (evaluation?.names) requireScore(config, evaluation.names)
}

/** throws  ConfigError if the score to stop on is none of these */
export function requireScore(config: TrainConfig, names: readonly string[]): void {
  const { earlyStop } = config
  if (!stopsEarly(config) || names.includes(earlyStop)) return
  const nearest = nearestName(earlyStop, names)
  throw new ConfigError('EARLY_STOP_SCORE', {
    what: `there is no score ${JSON.stringify(earlyStop)} to stop early on`,
    mend: nearest
      ? `did you mean ${nearest}?`
      : `the scores are ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`,
  })
}
