import type { KeyedVectors } from '../vectors/index.ts'
import { malformed, readLines } from './lines.ts'
import { type Tally, tallyOf } from './tally.ts'
import { indexWords } from './word-index.ts'

export type OddScores = Tally

/**
 * How often the word that does not fit is found. A line of the file holds three words or more, the one
 * that does not fit last; lines that begin with `#` are passed over. Whatever the case, as in analogies.
 *
 * throws  InputError with file and line if a line has fewer words
 */
export function scoreOdd(vectors: KeyedVectors, path: string): OddScores {
  const lists: string[][] = []
  for (const line of readLines(path, { comment: '#' })) {
    const words = line.text.split(/\s+/)
    if (words.length < 3)
      throw malformed(
        path,
        line,
        `it has ${words.length} ${words.length === 1 ? 'word' : 'words'}; the odd one out is found among 3 at least`,
        'write a line as words that belong together, and the odd one last: breakfast lunch dinner car',
      )
    lists.push(words)
  }
  const index = indexWords(vectors, lists.flat())
  let [skipped, correct] = [0, 0]
  for (const list of lists) {
    const rows = list.map((word) => index.rowOf(word))
    if (rows.includes(-1)) skipped++
    else if (vectors.oddRow(rows) === rows.length - 1) correct++
  }
  return tallyOf(lists.length, skipped, correct)
}
