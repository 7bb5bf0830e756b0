import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import type { Tokenizer } from '../corpus/index.ts'
import { exclusively } from './exclusive.ts'
import type { Measure } from './measure.ts'

/** What a text of the cache was made of, and how. Two that are equal make the same text. */
export interface Recipe {
  sources: { name: string; sha256: string }[]
  words: number | null
  phrases: { threshold: number; minCount: number }[]
  tokenizer: Tokenizer
}

/** Beside each text of the cache: what it is. */
interface DerivedRecord extends Measure {
  format: 1
  label: string
  mtimeMs: number
  recipe: Recipe
}

/** Where a text that is made lies: a readable name, and a hash of what it is made of. */
export function derivedPath(recipe: Recipe, cache: string): string {
  const { sources, words, phrases, tokenizer } = recipe
  const slug = [
    sources.map(({ name }) => name.replace(/^.*[\\/]/, '')).join('+'),
    words !== null && shortWords(words),
    phrases.length > 0 && 'phrases',
  ]
    .filter(Boolean)
    .join('-')
    .replace(/[^\p{L}\p{N}.+-]+/gu, '_')
    .slice(0, 80)
  const key = JSON.stringify([
    1,
    sources.map(({ sha256 }) => sha256),
    words,
    phrases,
    ...(tokenizer === 'whitespace' ? [] : [tokenizer]),
  ])
  return join(cache, 'derived', `${slug}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}.txt`)
}

/** What is known of a text that was made before, if it is there and has not been touched since. */
export function derivedMeasure(path: string): Measure | undefined {
  try {
    const { sha256, bytes, words, mtimeMs }: DerivedRecord = JSON.parse(readFileSync(`${path}.json`, 'utf8'))
    const stats = statSync(path)
    return stats.size === bytes && stats.mtimeMs === mtimeMs ? { sha256, bytes, words } : undefined
  } catch {
    return undefined
  }
}

/** Makes a text unless it is there. Of several processes, one makes it and the others wait. */
export async function makeDerived(
  path: string,
  label: string,
  recipe: Recipe,
  cache: string,
  make: () => Promise<Measure>,
  waiting: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<Measure> {
  const known = derivedMeasure(path)
  if (known) return known
  return exclusively(
    path,
    cache,
    async () => {
      const made = derivedMeasure(path)
      if (made) return made
      const measure = await make()
      const { mtimeMs } = statSync(path)
      const record: DerivedRecord = { format: 1, label, ...measure, mtimeMs, recipe }
      writeFileAtomically(`${path}.json`, (write) =>
        write(Buffer.from(`${JSON.stringify(record, null, 2)}\n`)),
      )
      return measure
    },
    waiting,
  )
}

/** 16000000 as `16M`. */
function shortWords(words: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (words % (size / 10) === 0 && words >= size) return `${words / size}${unit}`
  }
  return String(words)
}
