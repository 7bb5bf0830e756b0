import { dirname, resolve } from 'node:path'
import { ConfigError, InputError } from '../core/errors.ts'
import { parseRunName, type RunFile, type RunFolder } from '../run/index.ts'
import {
  keyClass,
  parseTrainConfig,
  requireMeaning,
  standardEvaluateEvery,
  stopsEarly,
  type TrainConfig,
  type TrainConfigInput,
  trainKeys,
} from '../word2vec/index.ts'
import { endsAlike } from './early-stop.ts'
import type { Init } from './init.ts'
import type { TrainRequest } from './request.ts'
import { hasCheckpoint } from './run-record.ts'
import type { TrainState } from './state.ts'

/**
 * The stored config with what was given; what was not given stays as it is.
 *
 * throws  ConfigError for a wrong config; InputError naming the key if it would be another run
 */
export function resolveConfig(
  given: TrainConfigInput,
  before: RunFile | undefined,
  folder: RunFolder,
  init: Init | undefined,
): TrainConfig {
  const stored = before && storedConfig(before, folder, given)
  const wanted = parseTrainConfig({ ...stored, ...given, ...(init && { init: init.path }) })
  requireMeaning(given, wanted)
  if (before && goesOn(before, folder)) {
    requireSameRun(parseTrainConfig(stored), wanted, before, folder)
    return wanted
  }
  // Nothing is trained yet: other settings harm nothing.
  if (!init) return wanted
  if (given.dim !== undefined && given.dim !== init.dim) throw otherWidth(given.dim, init)
  return parseTrainConfig({ ...wanted, dim: init.dim })
}

/** Whether there is work that a run goes on from. One that has none may be given other settings. */
export function goesOn(before: RunFile, folder: RunFolder): boolean {
  return before.status === 'complete' || hasCheckpoint(folder)
}

function storedConfig(before: RunFile, folder: RunFolder, given: TrainConfigInput): TrainConfigInput {
  if (!(before.config instanceof Object && before.fingerprints instanceof Object && before.attempt >= 1)) {
    throw new InputError('RUN_DAMAGED', {
      what: `${folder.runFile} is damaged`,
      why: 'keys are missing from it',
      mend: 'bring it back from a copy, or train into another folder with --out',
    })
  }
  const { corpus: _, ...stored } = before.config as TrainConfigInput & { corpus: unknown }
  // The rate was chosen for the model that it was: another one has its own.
  if (given.model !== undefined && given.model !== stored.model) delete stored.lr
  return stored
}

function requireSameRun(was: TrainConfig, wanted: TrainConfig, before: RunFile, folder: RunFolder): void {
  for (const key of trainKeys) {
    // Of `init` the content counts, and of epochs how many are done: both are held to elsewhere.
    if (keyClass(key) !== 'identity' || key === 'init' || wanted[key] === was[key]) continue
    throw new InputError('RUN_DIFFERS', {
      what: `the run in ${folder.path} has ${key} ${was[key]}; this asks for ${wanted[key]}`,
      why: 'a run that goes on must be the run that it was',
      mend: `${before.status === 'complete' ? 'it is complete;' : `leave ${key} out to go on with it, or`} ${elsewhere(folder)}`,
    })
  }
}

/** Where another run than the one in a folder may go. */
function elsewhere(folder: RunFolder): string {
  const out = 'train into another folder with --out'
  if (dirname(folder.path) !== resolve('runs')) return out
  return `${out}, or use --name ${parseRunName(folder.name).name} instead of --out, which makes it the next version`
}

/**
 * Holds the number of epochs against what is done. There may be more than before: they become the new schedule,
 * and the learning rate follows the line of the new whole from where the run stands.
 *
 * state   of the newest whole checkpoint
 * throws  InputError if there are fewer than were begun, or the run has nothing to go on from
 */
export function requireEpochs(
  config: TrainConfig,
  before: RunFile | undefined,
  state: TrainState | undefined,
  folder: RunFolder,
): void {
  const { epochs } = config
  const isDone = before?.status === 'complete'
  const begun = state
    ? state.epoch - (state.place > 0 ? 0 : 1)
    : isDone
      ? (before.config.epochs as number)
      : 0
  if (epochs < begun) {
    throw new InputError('RUN_EPOCHS', {
      what: `the run in ${folder.path} has ${state?.place ? 'begun' : 'finished'} epoch ${begun}; this asks for ${epochs}`,
      why: 'what was trained is not taken back',
      mend: `use --epochs ${begun} or more, or train into another folder with --out`,
    })
  }
  if (isDone && !state && !isAsEnded(before, config)) {
    throw new InputError('RUN_NO_CHECKPOINT', {
      what: `the run in ${folder.path} cannot go on to ${config.epochs} epochs`,
      why: 'no checkpoint of it is left',
      mend: `train on in another folder: --init ${folder.path} --out FOLDER`,
    })
  }
}

/**
 * Whether a complete run is complete by these settings too: the number of epochs is the same and, if a score ended it
 * before, what it goes by is.
 */
export function isAsEnded({ config: was, result }: RunFile, config: TrainConfig): boolean {
  if (!result?.stoppedEarly) return was.epochs === config.epochs
  return endsAlike(was as unknown as TrainConfig, config)
}

/** Scored as often as asked, or as is usual, where there is something to score with; else not at all. */
export function withEvaluation(
  config: TrainConfig,
  { evaluation, config: given }: Pick<TrainRequest, 'evaluation' | 'config'>,
  warn: ((message: string) => void) | undefined,
): TrainConfig {
  if (evaluation) return { ...config, evaluateEvery: config.evaluateEvery ?? standardEvaluateEvery }
  if (config.evaluateEvery === undefined || stopsEarly(config) || given.evaluateEvery !== undefined)
    return config
  warn?.('the vectors were scored before while they were trained, and are no longer: no questions were given')
  const { evaluateEvery: _, ...rest } = config
  return rest
}

function otherWidth(dim: number, init: Init): ConfigError {
  return new ConfigError('INIT_WIDTH', {
    what: `the vectors of ${init.path} are ${init.dim} wide; this asks for --dim ${dim}`,
    why: 'training goes on with vectors as wide as they are',
    mend: `use --dim ${init.dim}, or leave --dim out`,
  })
}
