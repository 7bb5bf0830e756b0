import { parseBytes } from '../core/bytes.ts'
import { InputError, MillraceError } from '../core/errors.ts'
import { evaluateRun, isScored, type Questions, type Scores } from '../evaluate/index.ts'
import type { RunFolder } from '../run/index.ts'
import { runTraining, scoreQuestions, type TrainOutcome, type TrainRequest } from '../train/index.ts'
import { stopsEarly, type TrainConfigInput } from '../word2vec/index.ts'
import type { Recipe } from './recipe.ts'
import type { RecordedRun } from './record.ts'
import { runScores } from './shown.ts'
import type { Version } from './version.ts'

export interface RecordedOutcome extends TrainOutcome {
  scores: Scores | undefined
}

/** What differs by when and where a run is run, and not by what it is. */
export type RunRequest = Partial<
  Pick<TrainRequest, 'observer' | 'signal' | 'supervisor' | 'checkpointWithinMs'>
> & { threads?: number; memory?: number }

/**
 * Trains and scores a run of a version, going on from what is there.
 *
 * throws  as `runTraining` and `evaluateRun` do
 */
export async function runRecorded(
  version: Version,
  id: string,
  { threads, memory, ...request }: RunRequest = {},
): Promise<RecordedOutcome> {
  const run = version.record.runs.find((run) => run.id === id)
  const folder = run && version.folderOf(run)
  if (!run?.corpus || !folder)
    throw new InputError('EXPERIMENT_RUN', {
      what: `${version.name} has no run ${id} that could be run`,
      why: run ? 'its corpus is not here, or it is not run at this scale' : 'there is none of this name',
    })
  const { evaluate, recipe, scale } = version.record
  // Of a recipe that asks for it, with the questions that the result is scored with.
  const { evaluateEvery, earlyStop = 'none' } = run.config
  const isWatched = evaluate && (evaluateEvery !== undefined || stopsEarly({ earlyStop }))
  const outcome = await runTraining({
    corpus: run.corpus.paths,
    out: folder.path,
    config: {
      ...configOf(run),
      ...(threads !== undefined && { threads }),
      ...(memory !== undefined && { memory: memoryOf(run, memory) }),
    },
    ...(isWatched && { evaluation: scoreQuestions(evaluate as Questions, drawnOverTraining(recipe, scale)) }),
    ...request,
  })
  const scores = evaluate ? await evaluateRun(outcome.folder, evaluate as Questions, request) : undefined
  return { ...outcome, scores }
}

/** The scores whose course over training a figure of a recipe draws. */
export function drawnOverTraining(recipe: Recipe, scale: string | null): string[] {
  const ofScale = scale === null ? [] : (recipe.scales?.[scale]?.figures ?? [])
  return [...recipe.figures, ...ofScale].flatMap((figure) =>
    figure.kind === 'training' && !runScores.includes(figure.y) ? [figure.y] : [],
  )
}

/**
 * What the recipe asks for of a run, where it has no share of the memory: all that there is, and not the share that it
 * had when it was begun.
 */
export function configOf({ config }: Pick<RecordedRun, 'config'>): TrainConfigInput {
  return { memory: undefined, ...config } as TrainConfigInput
}

/** What a run may take, in bytes: its share of the memory, or the recipe's own limit where that is less. */
export function memoryOf({ config: { memory: limit } }: Pick<RecordedRun, 'config'>, share: number): number {
  return Math.min(share, typeof limit === 'string' ? parseBytes(limit, 'memory:') : (limit ?? share))
}

/** Where a run stands, told from its folder alone. */
export type RunState = 'skipped' | 'unprepared' | 'missing' | 'stopped' | 'failed' | 'trained' | 'complete'

export function stateOf(version: Version, run: RecordedRun): { state: RunState; why?: string } {
  if (run.skipped !== null) return { state: 'skipped', why: run.skipped }
  const { failure } = run
  const folder = version.folderOf(run)
  if (!folder)
    return failure === null
      ? { state: 'unprepared', why: 'its corpus is not here' }
      : { state: 'failed', why: failure }
  try {
    const status = folder.exists() ? folder.read().status : undefined
    if (status === 'complete' && hasScores(folder, version)) return { state: 'complete' }
    if (failure !== null) return { state: 'failed', why: failure }
    if (status === undefined) return { state: 'missing' }
    return { state: status === 'complete' ? 'trained' : 'stopped' }
  } catch (error) {
    // One damaged file is in no other run's way.
    if (!(error instanceof MillraceError)) throw error
    const { what, why } = error.parts
    return { state: 'failed', why: why === undefined ? what : `${what}: ${why}` }
  }
}

/** Whether it has the scores that the recipe asks for; not so, if the questions are not here. */
function hasScores(folder: RunFolder, { record: { evaluate } }: Version): boolean {
  if (!evaluate) return true
  try {
    return isScored(folder, evaluate as Questions)
  } catch (error) {
    // Damaged scores are told as that.
    if (!(error instanceof InputError) || error.code.startsWith('SCORES_')) throw error
    return false
  }
}
