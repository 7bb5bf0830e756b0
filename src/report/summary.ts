import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import type { Scores } from '../evaluate/index.ts'
import type { RunFolder } from '../run/index.ts'
import type { KeyedVectors } from '../vectors/index.ts'
import { readHistory } from './history.ts'
import { neighboursOf, scoreRows } from './tables.ts'

export interface SummaryOptions {
  /** Words whose neighbours to show; a few telling ones by default. */
  words?: string[]
  /** Columns of the terminal, at most. */
  width?: number
}

/** What a finished run says for itself in plain text: nearest neighbours, scores, and where its files lie. */
export function summary(
  folder: RunFolder,
  vectors: KeyedVectors,
  scores: Scores | undefined,
  { words, width = 100 }: SummaryOptions = {},
): string {
  const neighbours = neighboursOf(vectors, { count: 6, ...(words ? { words } : {}) })
  const parts = [
    figures(folder),
    neighbours.length > 0 &&
      `Nearest neighbours\n${columns(
        neighbours.map(({ word, near }) => [word, ...near.map((neighbour) => neighbour.word)]),
        width,
      )}`,
    scores && `Scores\n${columns(scoreRows(scores), width, true)}`,
    existsSync(folder.report) && `Report  ${relative('', folder.report)}`,
  ]
  return parts.filter(Boolean).join('\n\n')
}

/** One line: what was trained, how fast, in what memory. What is not known is left out. */
function figures(folder: RunFolder): string {
  const { run, state, words, vocabulary, seconds, wordsPerSecond, peakRssBytes } = readHistory(folder)
  const known = [
    `${formatCount(words)} words`,
    seconds !== null && `in ${formatSeconds(seconds)}`,
    wordsPerSecond !== null && `(${formatCount(wordsPerSecond)} a second)`,
  ]
  return [
    `${run.name}: ${state}, ${known.filter(Boolean).join(' ')}`,
    vocabulary !== null && `vocabulary ${formatCount(vocabulary)}`,
    peakRssBytes !== null && `peak memory ${formatBytes(peakRssBytes)}`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** Rows under one another, indented by two; columns that would pass `width` are left out. */
function columns(rows: string[][], width: number, numbers = false): string {
  const columnCount = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columnCount }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  )
  let shown = 0
  for (let used = 0; shown < columnCount; shown++) {
    used += widths[shown]! + 2
    if (used > width) break
  }
  return rows
    .map((row) =>
      row
        .slice(0, shown)
        .map((cell, i) => `  ${numbers && i > 0 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)}`)
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
