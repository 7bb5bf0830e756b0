import { globSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { InputError } from '../core/errors.ts'
import { parseCsv } from './csv.ts'
import { malformed, readText } from './lines.ts'

/** A sentence with a word left out, and the words to choose from. */
export interface Sentence {
  before: string
  after: string
  options: string[]
  /** Place of the right one among the options. */
  answer: number
}

const example = 'write a line as: 1,"I am _____ alone in London.",crying,residing,walking'

/**
 * Reads sentences in the form of Microsoft's Sentence Completion Challenge (Zweig and Burges 2011): CSV with the header
 * `id,question,a),b),…`, the place of the word being three `_` or more; and a file of answers, `id,answer`, these being
 * the letters of the header.
 *
 * throws  InputError with file and line
 */
export function readSentences(path: string, answersPath: string): Sentence[] {
  const answers = new Map(
    readTable(answersPath, 2, 'id,answer').rows.map(({ fields: [id, answer] }) => [id!, answer!]),
  )
  const { head, rows } = readTable(path, 4, 'id,question,a),b)')
  const letters = head.slice(2).map((name) => name.trim().replace(/\)$/, ''))
  return rows.map(({ fields: [id, question, ...options], line }) => {
    const fault = (why: string, mend = example) =>
      malformed(path, { text: `${id},${question}`, number: line }, why, mend)
    const parts = question!.split(/_{3,}/)
    if (parts.length !== 2) throw fault(`${parts.length - 1} words are left out of it, not 1`)
    const letter = answers.get(id!)
    if (letter === undefined)
      throw fault(`${answersPath} has no answer to it`, 'give the file that belongs to it')
    const answer = letters.indexOf(letter.trim())
    if (answer < 0) throw fault(`its answer ${letter} is none of ${letters.join(', ')}`)
    return { before: parts[0]!, after: parts[1]!, options, answer }
  })
}

/**
 * The file of answers that belongs to one of sentences: the one given, or the only one beside it whose name holds
 * `answer` and has the same extension.
 *
 * throws  InputError if there is none, or more than one
 */
export function findAnswers(sentences: string, given?: string): string {
  if (given !== undefined) return given
  const folder = dirname(sentences)
  const beside = globSync(`*answer*${extname(sentences)}`, { cwd: folder }).filter(
    (name) => name !== basename(sentences),
  )
  if (beside.length === 1) return join(folder, beside[0]!)
  throw new InputError('ANSWERS_MISSING', {
    what: `the answers to ${sentences} are not known`,
    why:
      beside.length === 0
        ? `there is no file *answer*${extname(sentences)} beside it`
        : `there are several files *answer* beside it: ${beside.sort().join(', ')}`,
    mend: 'name the file of answers: --answers FILE, or `answers:` in a recipe',
  })
}

/** A header and rows of as many fields; `least` of them, in the form of `shape`. */
function readTable(path: string, least: number, shape: string) {
  const [head = { fields: [], line: 1 }, ...rows] = parseCsv(readText(path))
  const fault = ({ fields, line }: typeof head, why: string) =>
    malformed(
      path,
      { text: fields.join(','), number: line },
      why,
      `give a file of comma-separated values with a header: ${shape}`,
    )
  const count = head.fields.length
  if (count < least) throw fault(head, `it has ${count} fields, not ${least} or more`)
  if (rows.length === 0) throw fault(head, 'no line follows the header')
  const short = rows.find(({ fields }) => fields.length !== count)
  if (short) throw fault(short, `it has ${short.fields.length} fields, not ${count}`)
  return { head: head.fields, rows }
}
