import type { Unit } from './measured.ts'

/** What an axis says of a score: its name and unit. */
export function scoreTitle(score: string, unit: Unit): string {
  const known: Record<string, string> = {
    loss: 'loss (nats per pair of words)',
    seconds: 'training time (seconds)',
    wordsPerSecond: 'words per second',
    words: 'words trained on',
    vocabulary: 'vocabulary (words)',
    peakRssBytes: 'peak memory (bytes)',
  }
  if (known[score]) return known[score]
  const name = score.replace(/\.ofAll$/, ' of all questions').replaceAll('.', ', ')
  return unit === 'percent' ? `${name} (%)` : name
}

/** Ticks as 250, 1.5K, 16M or 1.6B: an expression of Vega's. */
export const shortNumbers = "replace(replace(format(datum.value, '~s'), 'G', 'B'), 'k', 'K')"

/** How many names of a legend stand side by side below a chart of this width, in its units. */
export function legendColumns(names: readonly string[], width: number): number {
  const longest = Math.max(1, ...names.map((name) => name.length))
  return Math.max(1, Math.min(names.length, Math.floor(width / (longest * 9 + 30))))
}
