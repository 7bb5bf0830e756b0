import type { Scalar } from '../experiment/index.ts'
import type { Experiment } from './experiment-runs.ts'
import { formatScalar } from './measured.ts'
import { type RowsTable, type ScoredRow, shortLabel } from './table-rows.ts'

/** Two rows that differ in one setting alone of those that the table shows. */
interface Pair {
  label: string
  from: ScoredRow
  to: ScoredRow
}

/**
 * What a setting does, where rows of one name differ in it alone: percentages as the difference in points, times as
 * the ratio; of each such pair, beside the paper's.
 */
export function pairTrends(experiment: Experiment, table: RowsTable, rows: readonly ScoredRow[]): string[] {
  return table.show.flatMap(({ key, head }) => {
    const values = [...new Set(rows.flatMap(({ group }) => group.values[key] ?? []))]
    return values.slice(1).flatMap((value) => {
      const pairs = pairsOf(experiment, table, rows, key, [values[0]!, value])
      const names = [...new Set(pairs.map(({ label }) => label))]
      if (pairs.length === 0 || names.length < pairs.length) return []
      const what = `${head} ${instead(value, values[0]!)} (${names.join(', ')})`
      const theirs = instead(
        pairs[0]!.to.group.cell[key] ?? value,
        pairs[0]!.from.group.cell[key] ?? values[0]!,
      )
      const inPaper = what.startsWith(`${head} ${theirs} `) ? 'in the paper' : `in the paper, ${theirs},`
      return table.scores.flatMap(({ head, unit }, i) => {
        if (unit !== 'percent' && unit !== 'seconds') return []
        const text = unit === 'percent' ? pointsText : ratioText
        const scores = pairs.map(({ from, to }) => [from.scores[i]!, to.scores[i]!] as const)
        const ours = text(scores.map(([from, to]) => [scaled(from.mean, unit), scaled(to.mean, unit)]))
        const paper = text(scores.map(([from, to]) => [asNumber(from.published), asNumber(to.published)]))
        if (ours === null) return []
        return `${what}: ${head} ${ours}${paper === null ? '' : `; ${inPaper} ${paper}`}.`
      })
    })
  })
}

function instead(value: Scalar, base: Scalar): string {
  return `${formatScalar(value)} instead of ${formatScalar(base)}`
}

function pairsOf(
  { recipe }: Experiment,
  { show }: RowsTable,
  rows: readonly ScoredRow[],
  key: string,
  [from, to]: readonly [Scalar, Scalar],
): Pair[] {
  const others = show.filter((shown) => shown.key !== key)
  const alike = (a: ScoredRow, b: ScoredRow) =>
    shortLabel(recipe, a.group) === shortLabel(recipe, b.group) &&
    others.every(({ key }) => a.group.values[key] === b.group.values[key])
  return rows
    .filter(({ group }) => group.values[key] === from)
    .flatMap((row) => {
      const other = rows.find((other) => other.group.values[key] === to && alike(row, other))
      return other ? [{ label: shortLabel(recipe, row.group), from: row, to: other }] : []
    })
}

type Numbers = readonly (readonly [from: number | null, to: number | null])[]

/** `+1.0, −2.5 points`; null unless all are known. */
function pointsText(pairs: Numbers): string | null {
  const texts = pairs.map(([from, to]) => (from === null || to === null ? null : signed(to - from)))
  return texts.includes(null) ? null : `${texts.join(', ')} points`
}

/** `× 0.37, × 0.51`; null unless all are known. */
function ratioText(pairs: Numbers): string | null {
  const texts = pairs.map(([from, to]) =>
    from === null || to === null ? null : `× ${(to / from).toFixed(2)}`,
  )
  return texts.includes(null) ? null : texts.join(', ')
}

function signed(value: number): string {
  const size = Math.abs(value).toFixed(1)
  return size === '0.0' ? size : `${value < 0 ? '−' : '+'}${size}`
}

/** Percentages as the papers print them. */
function scaled(value: number | null, unit: 'percent' | 'seconds'): number | null {
  return value === null || unit === 'seconds' ? value : 100 * value
}

const seconds = { s: 1, min: 60, hour: 3600, hours: 3600, day: 86400, days: 86400 }

/** A number as published; a time of one machine in seconds. */
function asNumber(published: number | string | undefined): number | null {
  if (typeof published !== 'string') return published ?? null
  const match = /^(\d+(?:\.\d+)?) (s|min|hours?|days?)$/.exec(published)
  return match ? Number(match[1]) * seconds[match[2] as 'min'] : null
}
