import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../core/errors.ts'

/**
 * The file of answers that belongs to one of sentences: the one given, or the only one beside it whose name holds
 * `answer` and ends alike.
 *
 * throws  InputError if there is none, or more than one
 */
export function findAnswers(sentences: string, given?: string): string {
  if (given !== undefined) return given
  const beside = globSync('*answer*', { cwd: dirname(sentences) }).filter(
    (name) => name !== basename(sentences),
  )
  if (beside.length === 1) return join(dirname(sentences), beside[0]!)
  throw new InputError('ANSWERS_MISSING', {
    what: `the answers to ${sentences} are not known`,
    why:
      beside.length === 0
        ? 'there is no file *answer* beside it'
        : `there are several files *answer* beside it: ${beside.sort().join(', ')}`,
    mend: 'name the file of answers: --answers FILE, or `answers:` in a recipe',
  })
}
