// Phrases in maps of strings, line by line, for `millrace phrases` to be compared with; and text that holds some.
import type { Random } from '../../src/core/random.ts'
import type { Phrase } from '../../src/corpus/index.ts'
import { lowerCaseWords, type Tokenizer } from '../../src/corpus/tokenizer.ts'
import { pick } from './seeds.ts'

export interface Plain {
  text: string
  words: number
  phrases: Phrase[]
}

/** Maps of strings, one line at a time. */
export function plainPhrases(
  texts: Buffer[],
  tokenizer: Tokenizer,
  thresholds: number[],
  minCount: number,
): Plain {
  let lines = texts.flatMap((text) => linesOf(text, tokenizer))
  const words = lines.flat().length
  const phrases: Phrase[] = []
  for (const threshold of thresholds) {
    const found = plainScores(lines, minCount).filter(({ score }) => score > threshold)
    phrases.push(...found.map(({ pair: [a, b], ...rest }) => ({ phrase: `${a}_${b}`, ...rest })))
    const isPhrase = new Set(found.map(({ pair }) => pair.join(' ')))
    lines = lines.map((line) => plainJoined(line, isPhrase))
  }
  phrases.sort(
    (a, b) =>
      b.score - a.score || b.count - a.count || Buffer.compare(Buffer.from(a.phrase), Buffer.from(b.phrase)),
  )
  return { text: lines.map((line) => `${line.join(' ')}\n`).join(''), words, phrases }
}

function plainScores(
  lines: string[][],
  minCount: number,
): { pair: string[]; count: number; score: number }[] {
  const words = new Map<string, number>()
  const pairs = new Map<string, number>()
  for (const line of lines) {
    for (const [i, word] of line.entries()) {
      words.set(word, (words.get(word) ?? 0) + 1)
      if (i > 0) pairs.set(`${line[i - 1]} ${word}`, (pairs.get(`${line[i - 1]} ${word}`) ?? 0) + 1)
    }
  }
  const total = lines.flat().length
  return [...pairs].map(([key, count]) => {
    const pair = key.split(' ')
    const [a, b] = pair.map((word) => words.get(word)!)
    return { pair, count, score: ((count - minCount) / a! / b!) * total }
  })
}

function plainJoined(line: string[], isPhrase: Set<string>): string[] {
  const joined: string[] = []
  for (let i = 0; i < line.length; i++) {
    if (isPhrase.has(`${line[i]} ${line[i + 1]}`)) joined.push(`${line[i]}_${line[++i]}`)
    else joined.push(line[i]!)
  }
  return joined
}

/** What stands behind the last newline is a line only if there is a word in it. */
export function linesOf(text: Buffer, tokenizer: Tokenizer): string[][] {
  const decoded = new TextDecoder().decode(text)
  const lines = (tokenizer === 'words' ? lowerCaseWords(decoded) : decoded).split('\n').map(wordsOf)
  return lines.at(-1)!.length === 0 ? lines.slice(0, -1) : lines
}

export function wordsOf(text: string): string[] {
  return text.split(/\p{White_Space}+/u).filter((word) => word !== '')
}

/** Text with phrases in it: pairs and triples of words that are mostly together, among others. */
export function phraseText(random: Random, bytes: number): Buffer {
  const lines: string[] = []
  for (let length = 0; length < bytes; ) {
    const words = Array.from({ length: random.below(30) }, () => {
      const rank = Math.floor((random.below(400) * random.below(400)) / 100)
      if (random.below(4) > 0) return `w${rank}`
      return rank % 3 === 0 ? `one${rank} two${rank} three${rank}` : `one${rank} two${rank}`
    })
    const line = words.join(pick(random, [' ', '  ', '\t']))
    lines.push(line)
    length += line.length + 1
  }
  return Buffer.from(lines.join('\n'))
}
