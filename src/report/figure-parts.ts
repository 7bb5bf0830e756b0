import type { RecipeTable } from '../experiment/index.ts'
import type { Experiment, ExperimentRun } from './experiment-runs.ts'
import { helveticaWidth } from './helvetica.ts'
import type { Unit } from './measured.ts'

/** What an axis says of a score: its name, as the recipe's tables have it, and its unit. */
export function scoreTitle(
  score: string,
  unit: Unit,
  { tables, runs }: Pick<Experiment, 'tables' | 'runs'>,
): string {
  const known: Record<string, string> = {
    loss: lossTitle(runs),
    seconds: 'training time (seconds)',
    wordsPerSecond: 'words per second',
    words: 'words trained on',
    vocabulary: 'vocabulary (words)',
    peakRssBytes: 'peak memory (bytes)',
  }
  if (known[score]) return known[score]
  const name = headOf(score, tables) ?? titleOf(score, tables) ?? spelled(score)
  return unit === 'percent' && !name.includes('%') ? `${name} (%)` : name
}

/** The head of the column that shows a score. */
function headOf(score: string, tables: readonly RecipeTable[]): string | undefined {
  return tables
    .flatMap((table) => (table.kind === 'rows' ? table.scores : []))
    .find((column) => column.score === score)?.head
}

/** `Accuracy` of a table whose title begins with `Accuracy, %, `: the table of this score, else another of these questions. */
function titleOf(score: string, tables: readonly RecipeTable[]): string | undefined {
  const [name, ...parts] = score.split('.').filter((part) => part !== 'total')
  const ofTable = (table: RecipeTable) =>
    table.kind === 'grid'
      ? [table.score]
      : table.kind === 'rows'
        ? table.scores.map(({ score }) => score)
        : []
  const titled = (wanted: (score: string) => boolean) =>
    tables
      .filter((table) => ofTable(table).some(wanted))
      .flatMap(({ title }) => /^([^,]+), %/.exec(title)?.[1] ?? [])[0]
  const own = titled((other) => other === score)
  if (own !== undefined) return own
  const like = titled((other) => other.split('.')[0] === name)
  return like && [like, ...parts.map(partText)].join(', ')
}

function spelled(score: string): string {
  return score.split('.').map(partText).join(', ')
}

function partText(part: string): string {
  return part === 'ofAll' ? 'of all questions' : part
}

/**
 * The unit of the runs' loss, as far as it is one: of a tree's softmax it is of a step of the path, else of a pair of
 * words.
 */
function lossTitle(runs: readonly ExperimentRun[]): string {
  const units = new Set(runs.flatMap(({ history }) => (history ? [lossUnit(history.run.config.loss)] : [])))
  return `loss (${units.size === 1 ? [...units][0] : 'nats'})`
}

/** By the config's `loss`. */
export function lossUnit(loss: unknown): string {
  return loss === 'hs' ? 'nats per step of the tree' : 'nats per pair of words'
}

const withPrefix = "replace(replace(format(datum.value, '~s'), 'G', 'B'), 'k', 'K')"

/** Ticks as 0.66, 250, 1.5K, 16M or 1.6B: an expression of Vega's. */
export const shortNumbers = `abs(datum.value) >= 1000 ? ${withPrefix} : datum.label`

/** The same of an axis whose own labels have gaps, as those of logarithms have. */
export const shortValues = `abs(datum.value) >= 1000 ? ${withPrefix} : format(datum.value, '')`

/** How many names of a legend stand side by side below a chart of this width, in its units. */
export function legendColumns(names: readonly string[], width: number): number {
  const longest = Math.max(1, ...names.map((name) => helveticaWidth(name, 11)))
  return Math.max(1, Math.min(names.length, Math.floor(width / (longest + 30))))
}

/** A part of the text's width at which type of every picture is of one size: 11 units are 8.5 points on A4. */
export function printWidth(svg: string): number {
  const [, width] = /viewBox="0 0 ([\d.]+) /.exec(svg)!
  return Math.min(1, Math.round((Number(width) / 610) * 100) / 100)
}
