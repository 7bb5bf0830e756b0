import { existsSync, readFileSync } from 'node:fs'
import { InputError } from '../core/errors.ts'
import type { RunFolder } from '../run/index.ts'
import type { AnalogyScores } from './analogy.ts'
import type { CompletionScores } from './completion.ts'
import type { Correlation } from './correlation.ts'
import type { OddScores } from './odd.ts'
import type { PairScores } from './similarity.ts'
import type { Tally } from './tally.ts'

/** What a score is called, and of which questions it is. */
export interface Scored {
  /** No two scores have the same. */
  name: string
  /** Base name of the file of questions. */
  file: string
  /** SHA-256 of that file, hexadecimal. */
  sha256: string
}

/** What vectors are worth: plain JSON, without paths, so that equal runs have equal scores. `eval.json` of a run. */
export interface Scores {
  format: 2
  words: number
  dim: number
  /** Words that the run had trained on when it was scored; null of a file of vectors. */
  trained: number | null
  analogies: (Scored & AnalogyScores)[]
  pairs: (Scored & PairScores)[]
  odd: (Scored & OddScores)[]
  completion: (Scored & CompletionScores)[]
}

export const scoreKinds = ['analogies', 'pairs', 'odd', 'completion'] as const
export type ScoreKind = (typeof scoreKinds)[number]

/**
 * One number of the scores, by its path: `name[.part][.ofAll]`.
 *
 * name   of a score
 * part   of analogies `total` (if none is named), `semantic`, `syntactic` or a section; of pairs `spearman` (if none
 *        is named) or `pearson`
 * ofAll  questions with an unknown word count as wrong
 *
 * Gives a share of 0 to 1, or a correlation; null if there is no such score, or it could not be told.
 */
export function scoreAt(scores: Scores, path: string): number | null {
  const ofAll = path.endsWith(ofAllSuffix)
  const whole = ofAll ? path.slice(0, -ofAllSuffix.length) : path
  const all = scoreKinds.flatMap((kind) => scores[kind].map(({ name }, place) => ({ kind, name, place })))
  const found = all
    .filter(({ name }) => whole === name || whole.startsWith(`${name}.`))
    // A name may have a dot in it: the longest is meant; of several, the last that was asked.
    .sort((a, b) => b.name.length - a.name.length || b.place - a.place)[0]
  if (!found) return null
  const part = whole.slice(found.name.length + 1) || undefined
  switch (found.kind) {
    case 'analogies':
      return share(partOf(scores.analogies[found.place]!, part), ofAll)
    case 'pairs':
      return ofAll ? null : (correlationOf(scores.pairs[found.place]!, part)?.value ?? null)
    default:
      return part === undefined ? share(scores[found.kind][found.place], ofAll) : null
  }
}

/**
 * The scores of before and of now together. Of the same questions under one name those of now; two recipes may each
 * have their own under one name. If the run has trained on since, those of before are dropped.
 */
export function mergeScores(before: Scores | undefined, now: Scores): Scores {
  if (!before || before.trained !== now.trained) return now
  const merge = <Kind extends ScoreKind>(kind: Kind): Scores[Kind] => {
    const fresh = now[kind] as Scored[]
    const elsewhere = new Set(
      scoreKinds.filter((other) => other !== kind).flatMap((other) => now[other].map(({ name }) => name)),
    )
    const kept = (before[kind] as Scored[]).filter(
      (old) => !elsewhere.has(old.name) && !fresh.some((score) => isAskedAlike(score, old)),
    )
    return [...kept, ...fresh] as Scores[Kind]
  }
  return {
    ...now,
    analogies: merge('analogies'),
    pairs: merge('pairs'),
    odd: merge('odd'),
    completion: merge('completion'),
  }
}

/** How a score was asked for, in what a score and a measure have in common. */
export type AskedAs = Pick<Scored, 'name' | 'file'> & { method?: string; restrict?: number }

/** Whether two have one name, and ask a file of one name in one way. */
export function isAskedAlike(a: AskedAs, b: AskedAs): boolean {
  return a.name === b.name && a.file === b.file && a.method === b.method && a.restrict === b.restrict
}

/**
 * The scores of a run; undefined if it has none, or only those of an older Millrace, which are to be made again.
 *
 * throws  InputError if they are damaged, or of a later format
 */
export function readScores(folder: RunFolder): Scores | undefined {
  if (!existsSync(folder.scores)) return undefined
  let scores: Scores | { format: 1 } | null
  try {
    scores = JSON.parse(readFileSync(folder.scores, 'utf8'))
  } catch (cause) {
    throw new InputError('SCORES_DAMAGED', {
      what: `${folder.scores} is damaged`,
      why: 'it is not JSON',
      mend: 'remove it, and score the run again with `millrace eval`',
      cause,
    })
  }
  if (scores?.format === 1) return undefined
  if (scores?.format === 2) return scores
  throw new InputError('SCORES_FORMAT', {
    what: `${folder.scores} has format ${(scores as { format?: unknown } | null)?.format}`,
    why: 'this version of Millrace reads format 2',
    mend: 'remove it, and score the run again with `millrace eval`',
  })
}

const ofAllSuffix = '.ofAll'

function share(tally: Tally | null | undefined, ofAll: boolean): number | null {
  return (ofAll ? tally?.accuracyOfAll : tally?.accuracy) ?? null
}

function partOf(scores: AnalogyScores, part = 'total'): Tally | null | undefined {
  if (part === 'total' || part === 'semantic' || part === 'syntactic') return scores[part]
  return scores.sections.find(({ name }) => name === part)
}

function correlationOf(scores: PairScores, part = 'spearman'): Correlation | undefined {
  return part === 'spearman' || part === 'pearson' ? scores[part] : undefined
}
