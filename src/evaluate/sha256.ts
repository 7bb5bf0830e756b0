import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { cannotRead } from './lines.ts'

/** Of files as they were when they were read last: to know what is scored, each is asked for often. */
const known = new Map<string, { stamp: string; sha256: string }>()

/** SHA-256 of a file's bytes, hexadecimal. throws  InputError if it cannot be read */
export function sha256Of(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    const stamp = `${mtimeMs} ${size} ${ino}`
    const before = known.get(file)
    if (before?.stamp === stamp) return before.sha256
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
    known.set(file, { stamp, sha256 })
    return sha256
  } catch (cause) {
    throw cannotRead(file, cause)
  }
}
