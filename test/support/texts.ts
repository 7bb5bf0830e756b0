import type { Random } from '../../src/core/random.ts'
import { pick } from './seeds.ts'

/** What a text is made of. A part is chosen by chance, each as likely as another. */
export const textParts = {
  words: ['a', 'the', 'mill', 'race', 'Mühle', '물레방아', 'été', "don't", '\u{1f30a}', '\ufeffmark'],
  spaces: [' ', ' ', ' ', '  ', '\t', '\u00a0', '\u3000', '\u2003', '\u2028', '\u0085', '\r'],
  lineEnds: ['\n', '\r\n', '\n\n'],
  /** Looks like white space, or like the beginning of it, and is none. */
  likeSpaces: ['\u200b', '\u3001', '\u2011', '\u1681', '\u00a1', '\u001f', '\u0008'],
  invalid: ['\xff', '\xe3\x80', '\xc2', '\xf0\x9f', '\x80\x80', '\xed\xa0\x80'].map((bytes) =>
    Buffer.from(bytes, 'latin1'),
  ),
}

type Part = string | Uint8Array

/** A text of about so many bytes, of the given parts. */
export function randomText(random: Random, bytes: number, parts: readonly (readonly Part[])[]): Buffer {
  const chosen: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    const part = Buffer.from(pick(random, pick(random, parts)) as string)
    chosen.push(part)
    length += part.length
  }
  return Buffer.concat(chosen)
}
