import { ResourceError } from '../../src/core/errors.ts'
import type { Line } from '../process.ts'

/**
 * The last line that a pattern matches: where a program says how far it is.
 *
 * throws  ResourceError if it never said so
 */
export function atMark(lines: readonly Line[], pattern: RegExp): Line {
  const line = lines.findLast(({ text }) => pattern.test(text))
  if (line) return line
  throw new ResourceError('MARK_MISSING', {
    what: `the program never printed ${pattern}`,
    why: 'its times are taken where it prints that',
  })
}

export function secondsOf(begin: Line, end: Line): number {
  return end.seconds - begin.seconds
}
