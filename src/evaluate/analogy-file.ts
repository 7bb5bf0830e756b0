import { ConfigError } from '../core/errors.ts'
import { malformed, readLines } from './lines.ts'

/** "a is to b as c is to d". */
export interface Question {
  section: string
  words: readonly [a: string, b: string, c: string, d: string]
}

/** The section of questions that stand under no header. */
export const noSection = 'all'

/**
 * Reads a file of analogies: Google's format, with `: section` lines, or four words a line alone.
 *
 * throws  InputError with file and line if a line is no question
 */
export function readQuestions(path: string): Question[] {
  const questions: Question[] = []
  let section = noSection
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

/** Google's syntactic sections begin with `gram`, those of sets made after it with `gram` or `syn`. */
export function isSyntactic(section: string): boolean {
  return /^(gram|syn(?!on))/i.test(section)
}
