import { readFileSync } from 'node:fs'
import { InputError } from '../core/errors.ts'

/** A line of a file of questions, without blanks at its ends; `number` counts from 1. */
export interface Line {
  text: string
  number: number
}

/**
 * The lines of a file that hold anything. A byte order mark and CRLF are no part of them.
 *
 * throws  InputError if the file is missing or holds nothing
 */
export function readLines(path: string, { comment }: { comment?: string } = {}): Line[] {
  const lines = readText(path)
    .split('\n')
    .map((line, i) => ({ text: line.trim(), number: i + 1 }))
    .filter(({ text }) => text !== '' && (comment === undefined || !text.startsWith(comment)))
  if (lines.length === 0)
    throw new InputError('QUESTIONS_EMPTY', {
      what: `${path} holds no questions`,
      why: 'it is empty',
      mend: 'give another file',
    })
  return lines
}

/** The text of a file, without a byte order mark. throws  InputError if it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    throw cannotRead(path, cause)
  }
}

export function cannotRead(path: string, cause: unknown): InputError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return new InputError('QUESTIONS_MISSING', {
    what: `cannot read the questions in ${path}`,
    why: missing ? 'there is no such file' : (cause as Error).message,
    mend: 'check the path',
    cause,
  })
}

export function malformed(path: string, line: Line, why: string, mend: string): InputError {
  const shown = line.text.length > 80 ? `${line.text.slice(0, 80)}…` : line.text
  return new InputError('QUESTION_MALFORMED', {
    what: `${path} line ${line.number} is not a question: ${JSON.stringify(shown)}`,
    why,
    mend,
  })
}
