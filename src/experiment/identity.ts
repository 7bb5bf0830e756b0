import { createHash } from 'node:crypto'
import {
  keyClass,
  parseTrainConfig,
  stopsEarly,
  type TrainConfig,
  type TrainConfigInput,
  type TrainKey,
  trainKeys,
} from '../word2vec/index.ts'

/**
 * What a run is: its config as resolved, without what is operational, and the bytes of its corpus. Runs of equal
 * identity come to the same vectors (but for the order in which threads meet), and are trained once.
 *
 * corpus  SHA-256 of the text, hexadecimal
 */
export function identityOf(config: TrainConfigInput, corpus: string): string {
  return digest({ config: lastingSettings(config), corpus })
}

/**
 * The settings that a result depends on and that differ from the defaults, in the order of the schema: a setting that a
 * later version adds makes no other run of those that there are.
 */
export function lastingSettings(given: TrainConfigInput): Record<string, unknown> {
  const config = parseTrainConfig(given)
  // The rate that is not given is the model's own.
  const standard = { ...parseTrainConfig({ model: config.model }), model: parseTrainConfig({}).model }
  return Object.fromEntries(
    trainKeys
      .filter((key) => isLasting(key, config) && config[key] !== standard[key])
      .map((key) => [key, config[key]]),
  )
}

/** Whether two configs ask for the same training. */
export function sameSettings(a: TrainConfigInput, b: TrainConfigInput): boolean {
  return digest(lastingSettings(a)) === digest(lastingSettings(b))
}

/** How often a run is scored decides where it ends, if a score does; else it is free. */
function isLasting(key: TrainKey, config: TrainConfig): boolean {
  return keyClass(key) !== 'operational' || (key === 'evaluateEvery' && stopsEarly(config))
}

/** SHA-256 of plain JSON, hexadecimal. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
