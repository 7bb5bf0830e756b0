import { spearman } from '../evaluate/correlation.ts'
import type { Experiment } from './experiment-runs.ts'
import { formatValue, numberOf } from './measured.ts'
import { type GridScores, type GridTable, gridScores } from './table-grid.ts'
import { groupLabel, type RowsTable, scoredRows } from './table-rows.ts'
import { pairTrends } from './trends-pairs.ts'

/** What the numbers of a recipe's tables show, in plain sentences, beside what the paper's show. */
export function trendsOf(experiment: Experiment): string[] {
  const byTable = experiment.tables.map((table) =>
    table.kind === 'grid'
      ? gridTrends(gridScores(experiment, table), table)
      : table.kind === 'rows'
        ? rowsTrends(experiment, table)
        : [],
  )
  const several = byTable.filter((sentences) => sentences.length > 0).length > 1
  return byTable.flatMap((sentences, i) =>
    sentences.map((sentence) => (several ? `${ordinal(i)} table: ${sentence}` : sentence)),
  )
}

function gridTrends({ columns, rows }: GridScores, table: GridTable): string[] {
  const across = rows.map(({ cells }) =>
    cells.map((cell) => ({
      at: asNumber(cell.group?.values[table.columns]),
      ours: cell.mean,
      paper: cell.published,
    })),
  )
  const down = columns.map((_, i) =>
    rows.map(({ cells }) => ({
      at: asNumber(cells[i]!.group?.values[table.rows]),
      ours: cells[i]!.mean,
      paper: cells[i]!.published,
    })),
  )
  const cells = rows.flatMap(({ cells }) => cells)
  return [
    riseText(nameOf(table.columns), across, 'rows', table),
    riseText(nameOf(table.rows), down, 'columns', table),
    rankText(
      cells.flatMap(({ mean, published }) =>
        mean === null || published === undefined ? [] : [[mean, published] as const],
      ),
      'cells',
    ),
  ].filter((sentence) => sentence !== null)
}

type Step = { at: number | null; ours: number | null; paper: number | undefined }

/** How many lines of a table go up along a key, from end to end and at each step; null if there is nothing to say. */
function riseText(key: string, lines: Step[][], other: string, table: GridTable): string | null {
  const ours = lines.map((line) => valuesAlong(line.map(({ at, ours }) => [at, ours])))
  const known = ours.filter((values) => values.length > 1)
  if (known.length === 0) return null
  // Of the paper's, those cells alone that we have too.
  const paper = lines
    .map((line) =>
      valuesAlong(line.map(({ at, ours, paper }) => [at, ours === null ? null : (paper ?? null)])),
    )
    .filter((values) => values.length > 1)
  const values = lines.flat().flatMap(({ at, ours }) => (at !== null && ours !== null ? [at] : []))
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const count = (lines: number[][]) => {
    const up = lines.filter((line) => line.at(-1)! > line[0]!).length
    const always = lines.filter((line) => line.every((value, i) => i === 0 || value > line[i - 1]!)).length
    return { up, always, of: lines.length }
  }
  const mine = count(known)
  const theirs = count(paper)
  const falls = table.score === 'loss' ? ' (lower is better)' : ''
  return [
    `From ${brief(low)} to ${brief(high)} ${key} the score rises in ${mine.up} of ${mine.of} ${other}`,
    `, at every step in ${mine.always}${falls}`,
    theirs.of > 0
      ? `; the paper’s, in the same cells, in ${theirs.up} of ${theirs.of}, at every step in ${theirs.always}.`
      : '.',
  ].join('')
}

/** In the order of the key's values; a line without two numbers has nothing to tell. */
function valuesAlong(line: (readonly [at: number | null, value: number | null])[]): number[] {
  return line
    .flatMap(([at, value]) => (at === null || value === null ? [] : [[at, value] as const]))
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value)
}

/** Scores of which less is more. */
const lowerIsBetter = ['loss', 'seconds', 'peakRssBytes']

function rowsTrends(experiment: Experiment, table: RowsTable): string[] {
  const rows = scoredRows(experiment, table)
  const ofScores = table.scores.flatMap((column, i): string[] => {
    const known = rows.flatMap(({ label, group, scores }) => {
      const { mean, deviation, published } = scores[i]!
      // In the paper's terms, where they are others.
      const paperLabel = groupLabel(experiment.recipe, { ...group, values: group.cell })
      return mean === null ? [] : [{ label, paperLabel, mean, deviation, published }]
    })
    if (known.length < 2 || column.score === 'vocabulary' || column.score === 'words') return []
    return [
      bestText(column, known),
      rankText(
        known.flatMap(({ mean, published }) =>
          typeof published === 'number' ? [[mean, published] as const] : [],
        ),
        `runs by ${column.head}`,
      ),
    ].filter((sentence) => sentence !== null)
  })
  return [...ofScores, ...pairTrends(experiment, table, rows)]
}

interface KnownRow {
  label: string
  paperLabel: string
  mean: number
  deviation: number | null
  published: number | string | undefined
}

/** Which row has the best of a score, by how much, and which in the paper; what prints alike is alike. */
function bestText({ score, head, unit }: RowsTable['scores'][number], rows: readonly KnownRow[]): string {
  const sign = lowerIsBetter.includes(score) ? -1 : 1
  const sorted = rows.toSorted((a, b) => sign * (b.mean - a.mean))
  const print = ({ mean }: KnownRow) =>
    formatValue(mean, unit) + { percent: ' %', seconds: ' s', number: '', words: '' }[unit]
  const [best] = sorted as [KnownRow]
  const alike = sorted.filter((row) => print(row) === print(best))
  const next = sorted[alike.length]
  const word =
    { loss: 'Lowest', seconds: 'Shortest', wordsPerSecond: 'Highest', peakRssBytes: 'Lowest' }[score] ??
    'Best'
  if (!next) return `${head}: all have ${print(best)}.`
  const spread = Math.max(best.deviation ?? 0, next.deviation ?? 0)
  const isNear = spread > 0 && Math.abs(best.mean - next.mean) < spread
  const numbers = rows.flatMap(({ published }) => (typeof published === 'number' ? [published] : []))
  const top = sign * Math.max(...numbers.map((value) => sign * value))
  const theirs = rows.filter(({ published }) => published === top)
  const isSame = theirs.length === alike.length && theirs.every((row) => alike.includes(row))
  const names = theirs.map(({ paperLabel }) => paperLabel).join(' and ')
  return [
    `${word} ${head}: ${alike.map(({ label }) => label).join(' and ')} (${print(best)})`,
    `, before ${next.label} (${print(next)})${isNear ? ', which lies within the spread over seeds' : ''}`,
    numbers.length < 2
      ? '.'
      : isSame
        ? `; in the paper ${alike.length > 1 ? 'they are the same' : 'it is the same one'}.`
        : `; in the paper, of these, ${names} (${top}).`,
  ].join('')
}

/** Whether ours and the paper's come in the same order; null of fewer than three, or if most of ours are alike. */
function rankText(pairs: readonly (readonly [ours: number, paper: number])[], what: string): string | null {
  // An order in which most are alike says nothing.
  const different = new Set(pairs.map(([ours]) => ours.toPrecision(3))).size
  if (pairs.length < 3 || different <= pairs.length / 2) return null
  const { value } = spearman(
    pairs.map(([ours]) => ours),
    pairs.map(([, paper]) => paper),
  )
  if (value === null) return null
  return `Ours and the paper’s order of ${pairs.length} ${what}: Spearman’s ρ ${value.toFixed(2).replace('-', '−')} (1 if it is the same).`
}

function asNumber(value: string | number | boolean | undefined): number | null {
  return value === undefined ? null : numberOf(value)
}

function nameOf(key: string): string {
  return { words: 'words of text', dim: 'dimensions' }[key] ?? key
}

/** 16000000 as 16M. */
function brief(value: number): string {
  for (const [size, letter] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'K'],
  ] as const)
    if (value >= size && value % (size / 10) === 0) return `${value / size}${letter}`
  return String(value)
}

function ordinal(index: number): string {
  return ['First', 'Second', 'Third'][index] ?? `${index + 1}th`
}
