import { deriveSeed, Random } from '../src/core/random.ts'

/** Text of made-up words whose frequencies fall as in language, in lines of 5 to 40 words. */
export function madeUpText(bytes: number, seed: number): string {
  const random = new Random(deriveSeed(seed))
  const lines: string[] = []
  for (let length = 0; length < bytes; ) {
    const words = Array.from({ length: 5 + random.below(36) }, () => {
      // The product of two even draws favours small numbers.
      const rank = Math.floor((random.below(1000) * random.below(1000)) / 500)
      return `w${rank.toString(36)}`
    })
    const line = words.join(' ')
    lines.push(line)
    length += line.length + 1
  }
  return `${lines.join('\n')}\n`
}
