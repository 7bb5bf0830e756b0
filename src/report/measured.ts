import { formatCount } from '../core/text.ts'
import { scoreAt } from '../evaluate/index.ts'
import type { Scalar } from '../experiment/index.ts'
import type { Cell, Marks } from './document.ts'
import type { ExperimentRun } from './experiment-runs.ts'

export type Unit = 'percent' | 'number' | 'seconds' | 'words'

/** Runs that differ in their seed alone. */
export interface RunGroup {
  row: string | null
  cell: Record<string, Scalar>
  values: Record<string, Scalar>
  runs: ExperimentRun[]
}

/** A score over seeds. */
export interface Measured {
  /** Null if no run has it. */
  mean: number | null
  /** Sample standard deviation (n − 1); null with fewer than two runs. */
  deviation: number | null
  /** Runs that have it. */
  n: number
  /** Runs that there should be. */
  of: number
  /** Why the others have none, each reason once. */
  reasons: string[]
}

/** In the order in which the recipe says them. */
export function groupRuns(runs: readonly ExperimentRun[]): RunGroup[] {
  const groups = Map.groupBy(runs, ({ row, cell }) => JSON.stringify([row, cell]))
  return Array.from(groups.values(), (members) => {
    const { row, cell, values } = members[0]!
    return { row, cell, values, runs: members }
  })
}

/** `score`: a path of `scoreAt`, or loss, seconds, wordsPerSecond, words, vocabulary, peakRssBytes. */
export function measure(runs: readonly ExperimentRun[], score: string): Measured {
  const values: number[] = []
  const reasons = new Set<string>()
  for (const run of runs) {
    const value = scoreOf(run, score)
    if (typeof value === 'number') values.push(value)
    else reasons.add(value)
  }
  const n = values.length
  const mean = n > 0 ? values.reduce((sum, value) => sum + value, 0) / n : null
  const deviation =
    n > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean!) ** 2, 0) / (n - 1)) : null
  return { mean, deviation, n, of: runs.length, reasons: [...reasons] }
}

/** The number, or why there is none. */
function scoreOf(run: ExperimentRun, score: string): number | string {
  if (run.missing !== null) return run.missing
  const { result } = run.history!.run
  const recorded: Record<string, number | null | undefined> = {
    loss: run.history!.epochs.at(-1)?.loss,
    seconds: result?.seconds,
    wordsPerSecond: result?.wordsPerSecond,
    words: result?.words,
    vocabulary: result?.vocabulary,
    peakRssBytes: result?.peakRssBytes,
  }
  if (Object.hasOwn(recorded, score)) return recorded[score] ?? `its ${score} was not recorded`
  if (!run.scores) return 'not scored'
  return scoreAt(run.scores, score) ?? `no score for ${score}: it was not asked, or knew no question’s words`
}

/** A number of ours as tables print it, without its unit. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'percent') return minus((100 * value).toFixed(1))
  if (unit === 'words') return formatCount(value)
  if (unit === 'seconds') return value < 100 ? value.toFixed(1) : formatCount(value)
  return Math.abs(value) >= 1000 ? minus(formatCount(value)) : minus(value.toFixed(3))
}

/** `12.3 ± 0.4`, or `12.3` of a single run; `–` of none. */
export function formatMeasured({ mean, deviation }: Measured, unit: Unit): string {
  if (mean === null) return '–'
  return deviation === null
    ? formatValue(mean, unit)
    : `${formatValue(mean, unit)} ± ${formatValue(deviation, unit)}`
}

/** The same as a table's cell, with why numbers are missing from it. */
export function measuredCell(score: Measured, unit: Unit, marks: Marks): Cell {
  const { mean, n, of, reasons } = score
  const some = mean !== null && n < of
  const mark = marks.of(some ? reasons.map((reason) => `other seeds: ${reason}`) : reasons)
  return {
    text: formatMeasured(score, unit) + (some ? ` (n = ${n} of ${of})` : ''),
    ...(mark && { marks: mark }),
    ...(mean === null && { kind: 'missing' as const }),
  }
}

/** Scores that are no shares of questions. */
export function isNoShare(score: string): boolean {
  return ['loss', 'seconds', 'wordsPerSecond', 'words', 'vocabulary', 'peakRssBytes'].includes(score)
}

/**
 * Numbers of the paper as it printed them. A recipe's 24.0 is read as 24: where nearly all numbers of a column have
 * decimals, such a one has lost its zero, and gets it back; where more are whole, as 39 and 49 beside 54.8, the paper
 * printed them so.
 */
export function publishedFormat(values: readonly (number | string)[]): (value: number | string) => string {
  const numbers = values.filter((value) => typeof value === 'number')
  const whole = numbers.filter((value) => Number.isInteger(value)).length
  const decimals = Math.max(0, ...numbers.map(decimalsOf))
  const padded = whole <= numbers.length / 4
  return (value) => {
    if (typeof value !== 'number') return value
    return minus(padded ? value.toFixed(decimals) : String(value))
  }
}

function decimalsOf(value: number): number {
  return String(value).split('.')[1]?.length ?? 0
}

/** What a value is as a number: 300, or 16M; null if it is none. */
export function numberOf(value: Scalar): number | null {
  if (typeof value === 'number') return value
  const match = /^(\d+(?:\.\d+)?)([KMB]?)$/.exec(String(value))
  return match ? Number(match[1]) * { '': 1, K: 1e3, M: 1e6, B: 1e9 }[match[2] as 'K']! : null
}

/** `1M (paper: 24M)`; the paper's term alone where both are one. */
export function asRun(values: Record<string, Scalar>, cell: Record<string, Scalar>, key: string): string {
  const [ours, paper] = [formatScalar(values[key]!), formatScalar(cell[key]!)]
  return ours === paper ? ours : `${ours} (paper: ${paper})`
}

/** A setting as recipes write it: 0.00001 as 1e-5. */
export function formatScalar(value: Scalar): string {
  if (typeof value !== 'number' || value === 0 || Math.abs(value) >= 1e-3) return String(value)
  return value.toExponential().replace('e+', 'e')
}

function minus(text: string): string {
  return text.replace(/^-/, '−')
}
