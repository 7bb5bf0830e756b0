import { ConfigError } from '../core/errors.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import { malformed, readLines } from './lines.ts'
import { type Tally, tallyOf } from './tally.ts'
import { foldCase, indexWords, type WordIndex } from './word-index.ts'

/**
 * How a question "a is to b as c is to …" is answered, over unit vectors.
 *
 * add     the word nearest to b − a + c (3CosAdd; Mikolov et al. 2013c)
 * mul     the word with the most of cos(x, b) · cos(x, c) / cos(x, a) (3CosMul; Levy and Goldberg 2014)
 * offset  the word nearest to c + the mean of ten pairs' b − a (Mikolov et al. 2013a, section 5.1)
 */
export type AnalogyMethod = 'add' | 'mul' | 'offset'
export const analogyMethods = ['add', 'mul', 'offset'] as const satisfies AnalogyMethod[]

export interface AnalogyScores {
  method: AnalogyMethod
  /** Asked and answered among the first so many words. */
  restrict: number
  sections: (Tally & { name: string })[]
  /** Of the Google set and those made after it: sections whose name begins with `gram` (or `syn`). */
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

/** "a is to b as c is to d". */
interface Question {
  section: string
  words: readonly [a: string, b: string, c: string, d: string]
}

/** The nearest words among which gensim looks for one that is not in the question. */
const candidates = 5

/**
 * Accuracy on a file of analogies: Google's format, with `: section` lines, or four words a line alone.
 * Equal to gensim's `evaluate_word_analogies(restrict_vocab=restrict, case_insensitive=True)`.
 *
 * restrict  questions and answers are among the first so many words only
 * throws    InputError with file and line if a line is no question
 */
export function scoreAnalogies(
  vectors: KeyedVectors,
  path: string,
  { method = 'add', restrict = 30_000 }: AnalogyOptions = {},
): AnalogyScores {
  const questions = readQuestions(path)
  const index = indexWords(
    vectors,
    questions.flatMap(({ words }) => words),
    restrict,
  )
  const known = questions.filter(({ words }) => words.every((word) => index.rowOf(word) >= 0))
  const right = new Set(answer(vectors, known, index, restrict))
  const knownSet = new Set(known)
  const tally = (chosen: Question[]) =>
    tallyOf(
      chosen.length,
      chosen.filter((question) => !knownSet.has(question)).length,
      chosen.filter((question) => right.has(question)).length,
    )
  const sections = Map.groupBy(questions, ({ section }) => section)
  const split = [...sections.keys()].some(isSyntactic)
  return {
    method,
    restrict,
    sections: Array.from(sections, ([name, chosen]) => ({ name, ...tally(chosen) })),
    semantic: split ? tally(questions.filter(({ section }) => !isSyntactic(section))) : null,
    syntactic: split ? tally(questions.filter(({ section }) => isSyntactic(section))) : null,
    total: tally(questions),
  }
}

function isSyntactic(section: string): boolean {
  return /^(gram|syn)/i.test(section)
}

function readQuestions(path: string): Question[] {
  const questions: Question[] = []
  let section = 'all'
  for (const line of readLines(path)) {
    if (line.text.startsWith(':')) {
      section = line.text.slice(1).trim()
      continue
    }
    const words = line.text.split(/\s+/)
    if (words.length !== 4)
      throw malformed(
        path,
        line,
        `it has ${words.length} words, not 4`,
        'write a line as: Athens Greece Oslo Norway',
      )
    questions.push({ section, words: words as unknown as Question['words'] })
  }
  if (questions.length === 0)
    throw new ConfigError('QUESTIONS_EMPTY', {
      what: `${path} holds no questions`,
      why: 'it has section lines only',
      mend: 'give a file of analogies, four words a line',
    })
  return questions
}

/** The questions that are answered right. */
function answer(
  vectors: KeyedVectors,
  questions: Question[],
  index: WordIndex,
  restrict: number,
): Question[] {
  const rowsOf = ({ words: [a, b, c] }: Question) => [b, c, a].map((word) => index.rowOf(word))
  const rows = vectors.search.bestRows(
    questions.length,
    (i, target) => {
      const asked = rowsOf(questions[i]!)
      vectors.sumOfUnits(asked, [1, 1, -1], target.fill(0))
      return asked
    },
    restrict,
  )
  return questions.filter((question, i) => {
    const [a, b, c, d] = question.words.map(foldCase)
    let found = rows[i]! < 0 ? '' : foldCase(vectors.word(rows[i]!))
    // Another form of a word of the question, such as `King` for `king`: the next candidate, if there is one.
    if (found === a || found === b || found === c) {
      const asked = rowsOf(question)
      const query = vectors.sumOfUnits(asked, [1, 1, -1])
      const forms = vectors.search
        .nearest(query, { count: candidates, restrict, excluded: asked })
        .map(({ row }) => foldCase(vectors.word(row)))
      found = forms.find((form) => form !== a && form !== b && form !== c) ?? forms.at(-1)!
    }
    return found === d
  })
}
