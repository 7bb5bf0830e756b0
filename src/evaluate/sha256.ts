import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cannotRead } from './lines.ts'

/** SHA-256 of a file of questions, hexadecimal. throws  InputError if it cannot be read */
export function sha256Of(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch (cause) {
    throw cannotRead(file, cause)
  }
}
