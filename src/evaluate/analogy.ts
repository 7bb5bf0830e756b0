import { ConfigError } from '../core/errors.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import { isSyntactic, noSection, type Question, readQuestions } from './analogy-file.ts'
import { type AnalogyMethod, answer, type KnownQuestion } from './analogy-methods.ts'
import { type Tally, tallyOf } from './tally.ts'
import { foldCase, indexWords } from './word-index.ts'

export interface AnalogyScores {
  method: AnalogyMethod
  /** Asked and answered among the first so many words. */
  restrict: number
  sections: (Tally & { name: string })[]
  /** Of the Google set and those made after it: sections whose name begins with `gram` or `syn`, and the others. */
  semantic: Tally | null
  syntactic: Tally | null
  total: Tally
}

export interface AnalogyOptions {
  /** `add`. */
  method?: AnalogyMethod
  /** 30,000. */
  restrict?: number
}

/** The nearest words among which gensim looks for one that is not in the question. */
const candidates = 5

/**
 * Accuracy on a file of analogies: Google's format, with `: section` lines, or four words a line alone. Words are the
 * same whatever their case.
 *
 * With `add` equal to gensim's `evaluate_word_analogies(restrict_vocab=restrict, case_insensitive=True)`, with `mul`
 * to the same by its `most_similar_cosmul`.
 *
 * restrict  questions and answers are among the first so many words only, as in word2vec's compute-accuracy
 * throws    InputError with file and line if a line is no question; ConfigError if the method is `offset` and the file
 *           has no sections
 */
export function scoreAnalogies(
  vectors: KeyedVectors,
  path: string,
  { method = 'add', restrict = 30_000 }: AnalogyOptions = {},
): AnalogyScores {
  const questions = readQuestions(path)
  if (method === 'offset') requireSections(path, questions)
  const marks = markQuestions(vectors, questions, method, restrict)
  const marked = questions.map(({ section }, i) => ({ section, mark: marks[i] }))
  const tally = (chosen: typeof marked) =>
    tallyOf(
      chosen.length,
      chosen.filter(({ mark }) => mark === null).length,
      chosen.filter(({ mark }) => mark === true).length,
    )
  const sections = Map.groupBy(marked, ({ section }) => section)
  const split = [...sections.keys()].some(isSyntactic)
  return {
    method,
    restrict,
    sections: Array.from(sections, ([name, chosen]) => ({ name, ...tally(chosen) })),
    semantic: split ? tally(marked.filter(({ section }) => !isSyntactic(section))) : null,
    syntactic: split ? tally(marked.filter(({ section }) => isSyntactic(section))) : null,
    total: tally(marked),
  }
}

/** Whether each question is answered right; null where a word is not known. */
export function markQuestions(
  vectors: KeyedVectors,
  questions: readonly Question[],
  method: AnalogyMethod,
  restrict: number,
): (boolean | null)[] {
  const words = questions.flatMap(({ words }) => words)
  const index = indexWords(vectors, words, restrict)
  const marks = new Array<boolean | null>(questions.length).fill(null)
  const asked: (KnownQuestion & { place: number })[] = []
  for (const [place, { section, words }] of questions.entries()) {
    const [a, b, c, d] = words.map((word) => index.rowOf(word)) as [number, number, number, number]
    if (Math.min(a, b, c, d) >= 0) asked.push({ place, section, rows: [a, b, c, d] })
  }
  const { best, several } = answer(vectors, asked, method, restrict)
  const formOf = (row: number) => foldCase(vectors.word(row))
  for (const [i, { place }] of asked.entries()) {
    const [a, b, c, d] = questions[place]!.words.map(foldCase)
    const isGiven = (form: string) => form === a || form === b || form === c
    let found = best[i]! < 0 ? '' : formOf(best[i]!)
    // Another form of a word of the question, such as `King` for `king`: the next candidate, if there is one.
    if (isGiven(found)) {
      const forms = several(i, candidates).map(formOf)
      found = forms.find((form) => !isGiven(form)) ?? forms.at(-1)!
    }
    marks[place] = found === d
  }
  return marks
}

function requireSections(path: string, questions: Question[]): void {
  if (questions.some(({ section }) => section !== noSection)) return
  throw new ConfigError('OFFSET_SECTIONS', {
    what: `${path} cannot be scored by averaged offsets`,
    why: 'it has no sections, so it does not tell which of its pairs are of the same relation',
    mend: 'use the method add or mul, or put lines such as `: capitals` before questions of one kind',
  })
}
