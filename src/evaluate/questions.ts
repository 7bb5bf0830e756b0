import { basename, extname } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { type AnalogyMethod, analogyMethods } from './analogy-methods.ts'
import { findAnswers } from './completion-file.ts'
import { type ScoreKind, scoreKinds } from './scores.ts'
import { sha256Of } from './sha256.ts'

/** What to score with: a file of questions, and how it is asked. */
export type MeasureInput =
  | string
  | {
      file: string
      /** What the score is called; by default the file's name without its extension, and the method. */
      name?: string | undefined
      /** Of analogies; `add`. */
      method?: AnalogyMethod | undefined
      /** Of analogies: asked and answered among the first so many words only. */
      restrict?: number | undefined
      /** Of sentence completion: the file of answers; by default the one beside it. */
      answers?: string | undefined
    }

export interface Questions {
  /** Files of analogies; see `scoreAnalogies`. */
  analogies?: readonly MeasureInput[] | undefined
  /** Files of word pairs that people judged; see `scorePairs`. */
  pairs?: readonly MeasureInput[] | undefined
  /** Files of words with an odd one; see `scoreOdd`. */
  odd?: readonly MeasureInput[] | undefined
  /** Files of sentences with a word left out; see `scoreCompletion`. These need a run: vectors alone do not do. */
  completion?: readonly MeasureInput[] | undefined
  /** Of analogies that do not say: 30,000, as in the papers. */
  restrict?: number | undefined
}

/** One file of questions with nothing left open. */
export interface Measure {
  kind: ScoreKind
  file: string
  name: string
  method: AnalogyMethod
  restrict: number
  /** Path; of sentence completion. */
  answers: string | undefined
}

const standardRestrict = 30_000

/**
 * What is to be scored, in order of kind; each with a name of its own.
 *
 * throws  ConfigError if there is nothing, two have the same name given, or an option is wrong
 */
export function measuresOf(questions: Questions): Measure[] {
  const measures: Measure[] = []
  const given = new Set<string>()
  for (const kind of scoreKinds) {
    for (const input of questions[kind] ?? []) {
      const measure = typeof input === 'string' ? { file: input } : input
      if (measure.name === undefined) continue
      if (given.has(measure.name)) throw sameName(measure.name)
      given.add(measure.name)
    }
  }
  const names = new Set(given)
  for (const kind of scoreKinds) {
    for (const input of questions[kind] ?? []) {
      const measure = typeof input === 'string' ? { file: input } : input
      const { file, method = 'add', restrict = questions.restrict ?? standardRestrict } = measure
      requireOptions(kind, measure)
      requireRestrict(restrict)
      const name = measure.name ?? freeName(`${baseName(file)}${method === 'add' ? '' : `-${method}`}`, names)
      names.add(name)
      measures.push({ kind, file, name, method, restrict, answers: measure.answers })
    }
  }
  requireRestrict(questions.restrict ?? standardRestrict)
  if (measures.length > 0) return measures
  throw new ConfigError('NOTHING_TO_SCORE', {
    what: 'there is nothing to score the vectors with',
    why: 'no file of questions was given',
    mend: 'give files of analogies, pairs, odd ones out or completion, as in --analogies questions-words.txt',
  })
}

/**
 * For a check before vectors are read.
 *
 * throws  ConfigError as `measuresOf` does; InputError if a file is not there
 */
export function checkQuestions(questions: Questions): void {
  for (const measure of measuresOf(questions)) {
    sha256Of(measure.file)
    if (measure.kind === 'completion') findAnswers(measure.file, measure.answers)
  }
}

function baseName(file: string): string {
  return basename(file, extname(file))
}

/** The name, or with `-2`, `-3` … behind it. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let i = 2, free = name; ; free = `${name}-${i++}`) if (!taken.has(free)) return free
}

function requireOptions(kind: ScoreKind, measure: Exclude<MeasureInput, string>): void {
  const wrong =
    kind !== 'analogies' && measure.method !== undefined
      ? 'method'
      : kind !== 'analogies' && measure.restrict !== undefined
        ? 'restrict'
        : kind !== 'completion' && measure.answers !== undefined
          ? 'answers'
          : undefined
  if (wrong)
    throw new ConfigError('MEASURE_OPTION', {
      what: `${measure.file}: ${wrong} does nothing here`,
      why: `the file is one of ${kind}`,
      mend: `leave ${wrong} out`,
    })
  if (measure.method !== undefined && !analogyMethods.includes(measure.method))
    throw new ConfigError('MEASURE_METHOD', {
      what: `${measure.file}: there is no method ${measure.method}`,
      mend: `use ${analogyMethods.join(', ')}`,
    })
}

function requireRestrict(restrict: number): void {
  if (Number.isInteger(restrict) && restrict >= 1) return
  throw new ConfigError('RESTRICT', {
    what: `restrict ${restrict} is not a number of words`,
    why: 'it says among how many of the most frequent words analogies are asked',
    mend: 'use a whole number of 1 or more, such as 30000',
  })
}

function sameName(name: string): ConfigError {
  return new ConfigError('MEASURE_NAME', {
    what: `two scores have the name ${JSON.stringify(name)}`,
    why: 'a score is found by its name',
    mend: 'give each a name of its own',
  })
}
