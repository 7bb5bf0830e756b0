import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { writeFileAtomically } from '../core/disk.ts'
import { StoppedError } from '../core/errors.ts'
import type { RunFolder } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { scoreCompletion } from './completion.ts'
import { findAnswers } from './completion-file.ts'
import { addScore, emptyScores } from './evaluate.ts'
import { type Measure, measuresOf, type Questions } from './questions.ts'
import { isAskedAlike, mergeScores, readScores, type Scored, type ScoreKind, type Scores } from './scores.ts'
import { sha256Of } from './sha256.ts'

export interface EvaluateRunOptions {
  /** Asked before each measure; those that are done by then are written. */
  signal?: AbortSignal | undefined
  /** The run's vectors, if they are in memory already. */
  vectors?: KeyedVectors | undefined
}

/**
 * Scores a run, but for what its `eval.json` has already: the same questions asked in the same way, of the same
 * training. So several recipes can share a run, and each ask for measures of its own. Gives all scores of the run,
 * as they are written to `eval.json`.
 *
 * throws  InputError if a file is missing or malformed, or the run has no vectors; ConfigError as `measuresOf` does;
 *         ResourceError if the disk refuses; StoppedError if the signal aborted
 */
export async function evaluateRun(
  folder: RunFolder,
  questions: Questions,
  { signal, vectors }: EvaluateRunOptions = {},
): Promise<Scores> {
  const trained = folder.read().result?.words ?? null
  let scores = readScores(folder)
  for (const measure of measuresOf(questions)) {
    // The event loop of a supervised process has beats to send.
    await setImmediate()
    if (signal?.aborted) throw stopped(folder)
    const found = scores?.trained === trained ? knownScore(scores, measure) : undefined
    if (scores && found?.name === measure.name) continue
    let now: Scores
    if (scores && found) {
      now = emptyScores({ length: scores.words, dim: scores.dim }, trained)
      const named: Scored = { ...found, name: measure.name, file: basename(measure.file) }
      ;(now[measure.kind] as Scored[]).push(named)
    } else {
      vectors ??= KeyedVectors.load(folder.path)
      now = emptyScores(vectors, trained)
      if (measure.kind === 'completion') await addCompletion(now, measure, folder)
      else addScore(now, measure, vectors)
    }
    scores = mergeScores(scores, now)
    const json = `${JSON.stringify(scores, null, 2)}\n`
    writeFileAtomically(folder.scores, (write) => write(Buffer.from(json)))
  }
  return scores!
}

/** Whether a run has all scores that are asked for, of these very files and of its training as it is. */
export function isScored(folder: RunFolder, questions: Questions): boolean {
  const scores = readScores(folder)
  if (!scores || scores.trained !== (folder.read().result?.words ?? null)) return false
  return measuresOf(questions).every((measure) => knownScore(scores, measure)?.name === measure.name)
}

/**
 * The scores of the questions alone, in their order: of those that a run has, those that were asked for. The files of
 * questions need not be here.
 */
export function scoresOf(scores: Scores, questions: Questions): Scores {
  const measures = measuresOf(questions)
  const chosen = <Kind extends ScoreKind>(kind: Kind): Scores[Kind] =>
    measures
      .filter((measure) => measure.kind === kind)
      .flatMap(({ name, file, method, restrict }) => {
        const asked = { name, file: basename(file), ...(kind === 'analogies' && { method, restrict }) }
        return (scores[kind] as Scored[]).filter((score) => isAskedAlike(score, asked))
      }) as Scores[Kind]
  return {
    ...scores,
    analogies: chosen('analogies'),
    pairs: chosen('pairs'),
    odd: chosen('odd'),
    completion: chosen('completion'),
  }
}

async function addCompletion(scores: Scores, measure: Measure, folder: RunFolder): Promise<void> {
  const { name, file, answers } = measure
  const tally = await scoreCompletion(folder, file, findAnswers(file, answers))
  scores.completion.push({ name, file: basename(file), sha256: sha256Of(file), ...tally })
}

function stopped(folder: RunFolder): StoppedError {
  return new StoppedError('STOPPED', {
    what: `the scoring of ${folder.path} was stopped`,
    why: 'it was asked to stop',
    mend: 'run the same command again: what was scored is not scored again',
  })
}

/** A score of the same questions asked in the same way; best, of the same name. */
function knownScore(scores: Scores, measure: Measure): Scored | undefined {
  const sha256 = sha256Of(measure.file)
  const answers =
    measure.kind === 'completion' ? sha256Of(findAnswers(measure.file, measure.answers)) : undefined
  const alike = (scores[measure.kind] as (Scored & Partial<Measure>)[]).filter(
    (score) =>
      score.sha256 === sha256 &&
      score.answers === answers &&
      (measure.kind !== 'analogies' ||
        (score.method === measure.method && score.restrict === measure.restrict)),
  )
  return alike.find(({ name }) => name === measure.name) ?? alike[0]
}
