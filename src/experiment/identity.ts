import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { measuresOf, type Questions } from '../evaluate/index.ts'
import {
  keyClass,
  parseTrainConfig,
  stopsEarly,
  type TrainConfig,
  type TrainConfigInput,
  type TrainKey,
  trainKeys,
} from '../word2vec/index.ts'

/** What else a result may depend on. Where nothing is given, it does not count. */
export interface Besides {
  /** Fingerprint of the vectors that it begins with, in place of their path. */
  init?: string | undefined
  /** How often it is scored while it is trained, where a figure shows that. */
  evaluateEvery?: string | undefined
  /** Digest of the questions by whose score it ends: see `questionsThatEnd`. */
  endedBy?: string | undefined
}

/**
 * What a run is: its config as resolved, without what is operational, and the bytes of its corpus. Runs of equal
 * identity come to the same vectors (but for the order in which threads meet), and are trained once.
 *
 * corpus  SHA-256 of the text, hexadecimal
 */
export function identityOf(config: TrainConfigInput, corpus: string, besides: Besides = {}): string {
  const { init, evaluateEvery, endedBy } = besides
  return digest({
    config: { ...lastingSettings(config), ...(init !== undefined && { init }) },
    corpus,
    ...(evaluateEvery !== undefined && { evaluateEvery }),
    ...(endedBy !== undefined && { endedBy }),
  })
}

/**
 * Digest of the questions that decide where training ends; undefined if it ends with its last epoch.
 *
 * throws  InputError or an error of the file system if their file cannot be read
 */
export function questionsThatEnd(
  { earlyStop = 'none' }: TrainConfigInput,
  questions: Questions | undefined,
): string | undefined {
  if (!stopsEarly({ earlyStop }) || !questions) return undefined
  const measure = measuresOf(questions)
    .filter(({ name }) => earlyStop === name || earlyStop.startsWith(`${name}.`))
    .sort((a, b) => b.name.length - a.name.length)[0]
  if (!measure) return undefined
  const { kind, method, restrict, file, answers } = measure
  return digest([kind, method, restrict, ...[file, answers].map((path) => path && contentOf(path))])
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

function contentOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
