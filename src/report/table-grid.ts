import { type RecipeTable, type Scalar, unitOf } from '../experiment/index.ts'
import { unknownText } from './asked.ts'
import { captionOf } from './caption.ts'
import { type Cell, type HeadCell, Marks, type TableContent, type TableRow } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import {
  asRun,
  formatScalar,
  groupRuns,
  type Measured,
  measure,
  measuredCell,
  publishedFormat,
  type RunGroup,
} from './measured.ts'

export type GridTable = Extract<RecipeTable, { kind: 'grid' }>

/** A score over two keys of the grid. */
export interface GridScores {
  /** Values of the columns' key, in the paper's terms. */
  columns: Scalar[]
  rows: GridRow[]
}

export interface GridRow {
  /** As run, with the paper's term in brackets. */
  label: string
  /** The value of the rows' key, in the paper's terms. */
  value: Scalar
  cells: (Measured & { published: number | undefined; group: RunGroup | undefined })[]
}

/** The numbers of a grid table: a row for each value of one key, and for each other way in which runs differ. */
export function gridScores({ recipe, runs }: Experiment, table: GridTable): GridScores {
  const groups = groupRuns(runs)
  const columns = distinct(groups, table.columns)
  const byRow = Map.groupBy(groups, (group) => {
    const others = Object.entries(group.cell).filter(([key]) => key !== table.columns && key !== table.rows)
    return JSON.stringify([group.row, group.cell[table.rows], recipe.runs ? [] : others])
  })
  const rows = Array.from(byRow.values(), (members) => {
    const [{ row, cell, values }] = members as [RunGroup]
    const name = recipe.runs?.find(({ id }) => id === row)?.label ?? row
    const others = Object.keys(cell)
      .filter((key) => key !== table.columns && key !== table.rows && !recipe.runs)
      .map((key) => asRun(values, cell, key))
    return {
      label: [asRun(values, cell, table.rows), ...(name ? [name] : []), ...others].join(', '),
      value: cell[table.rows]!,
      cells: columns.map((column) => {
        const group = members.find((one) => String(one.cell[table.columns]) === String(column))
        return {
          ...measure(group?.runs ?? [], table.score),
          ...(group ? {} : { reasons: ['no run of the recipe'] }),
          published: table.published?.[String(cell[table.rows])]?.[String(column)],
          group,
        }
      }),
    }
  })
  return { columns, rows }
}

/** A grid table: below each row of ours, in small type, that of the paper. */
export function gridTable(experiment: Experiment, table: GridTable): TableContent {
  const { columns, rows } = gridScores(experiment, table)
  const marks = new Marks()
  const published = publishedFormat(
    rows.flatMap(({ cells }) => cells.flatMap(({ published }) => published ?? [])),
  )
  const unit = unitOf(table.score, 'percent', experiment.recipe.evaluate)
  const body = rows.flatMap(({ label, cells }): TableRow[] => {
    const ours: Cell[] = cells.map((cell) => {
      return measuredCell(cell, unit, marks)
    })
    const theirs: Cell[] = cells.map((cell) => ({
      text: cell.published === undefined ? '' : published(cell.published),
      kind: 'paper',
    }))
    const hasTheirs = cells.some((cell) => cell.published !== undefined)
    return [
      { kind: 'ours', cells: [{ text: label }, ...ours] },
      ...(hasTheirs
        ? [{ kind: 'paper' as const, cells: [{ text: 'paper', kind: 'paper' as const }, ...theirs] }]
        : []),
    ]
  })
  return {
    id: table.id,
    title: table.title,
    caption: [...captionOf(experiment), unknownText(experiment, [{ score: table.score, head: '' }])].filter(
      (sentence) => sentence !== null,
    ),
    head: [
      [{ text: '' }, { text: table.columns, span: columns.length }],
      [{ text: table.rows }, ...columns.map((column) => columnHead(rows, column, columns.indexOf(column)))],
    ].map((row) => row.map((cell): HeadCell => ({ ...cell, text: headText(cell.text) }))),
    align: ['left', ...columns.map(() => 'right' as const)],
    rows: body,
    notes: marks.notes(),
  }

  function columnHead(all: GridRow[], column: Scalar, place: number): HeadCell {
    const run = all
      .map(({ cells }) => cells[place]!.group?.values[table.columns])
      .find((v) => v !== undefined)
    return String(run ?? column) === String(column)
      ? { text: formatScalar(column) }
      : { text: formatScalar(run!), quiet: `paper: ${formatScalar(column)}` }
  }
}

/** A key of the grid, as a head names it. */
function headText(text: string): string {
  return { words: 'words of text', dim: 'dim' }[text] ?? text
}

function distinct(groups: readonly RunGroup[], key: string): Scalar[] {
  const seen = new Map<string, Scalar>()
  for (const { cell } of groups) if (cell[key] !== undefined) seen.set(String(cell[key]), cell[key])
  return [...seen.values()]
}
