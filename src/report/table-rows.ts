import type { RecipeTable, Scalar } from '../experiment/index.ts'
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

export type RowsTable = Extract<RecipeTable, { kind: 'rows' }>
type Published = number | string | undefined

/** A run of the recipe, and its score in each column. */
export interface ScoredRow {
  label: string
  group: RunGroup
  scores: (Measured & { published: Published })[]
}

export function scoredRows({ recipe, runs }: Experiment, table: RowsTable): ScoredRow[] {
  return groupRuns(runs).map((group) => {
    const row = recipe.runs?.find(({ id }) => id === group.row)
    return {
      label: groupLabel(recipe, group),
      group,
      scores: table.scores.map(({ score }) => ({
        ...measure(group.runs, score),
        published: row?.published?.[score],
      })),
    }
  })
}

/** How tables name a run: by its row, and by what the grid adds to it. */
export function shortLabel(recipe: Experiment['recipe'], { row, cell, values }: RunGroup): string {
  const known = recipe.runs?.find(({ id }) => id === row)
  const grid = Object.keys(recipe.grid ?? {}).map((key) => `${key} ${asRun(values, cell, key)}`)
  const name = known?.label ?? row
  return [...(name === null ? [] : [name]), ...grid].join(', ') || (recipe.title ?? recipe.name)
}

/** The same where nothing stands beside it: of rows with one label also a setting that tells them apart. */
export function groupLabel(recipe: Experiment['recipe'], group: RunGroup): string {
  const rows = recipe.runs ?? []
  const own = rows.find(({ id }) => id === group.row)
  const alike = rows.filter(
    ({ id, label }) => own && id !== own.id && label === own.label && label !== undefined,
  )
  const settings = (row: (typeof rows)[number]) =>
    ({ ...row.train, ...(row.words !== undefined && { words: row.words }) }) as Record<string, Scalar>
  const telling = own
    ? Object.keys(settings(own)).filter((key) =>
        alike.some((row) => settings(row)[key] !== undefined && settings(row)[key] !== settings(own)[key]),
      )
    : []
  const short = shortLabel(recipe, group)
  if (alike.length === 0) return short
  if (telling.length === 0) return `${short} (${group.row})`
  return [short, ...telling.map((key) => `${key} ${formatScalar(group.values[key]!)}`)].join(', ')
}

/** A table of runs: ours and the paper's side by side for each score, and below them what else the paper compares. */
export function rowsTable(experiment: Experiment, table: RowsTable): TableContent {
  const rows = scoredRows(experiment, table)
  const marks = new Marks()
  const columns = table.scores.map((column, i) => {
    const known = [
      ...rows.flatMap(({ scores }) => scores[i]!.published ?? []),
      ...table.others.flatMap(({ published }) => published[column.score] ?? []),
    ]
    return { ...column, hasPaper: known.length > 0, print: publishedFormat(known) }
  })
  const body: TableRow[] = [
    ...rows.map(({ label, group, scores }) => ({
      kind: 'ours' as const,
      cells: [
        { text: table.show.length > 0 ? shortLabel(experiment.recipe, group) : label },
        ...table.show.map(({ key }) => ({ text: shown(group, key) })),
        ...columns.flatMap(({ unit, hasPaper, print }, i) => {
          const score = scores[i]!
          const ours = measuredCell(score, unit, marks)
          return hasPaper ? [ours, paperCell(score.published, print)] : [ours]
        }),
      ],
    })),
    ...table.others.map(({ label, show, published }, i) => ({
      kind: 'paper' as const,
      ...(i === 0 && { rule: true }),
      cells: [
        { text: label, quiet: 'paper' },
        ...table.show.map(({ key }) => ({ text: show[key] === undefined ? '' : formatScalar(show[key]) })),
        ...columns.flatMap(({ score, hasPaper, print }) =>
          hasPaper ? [{ text: '' }, paperCell(published[score], print)] : [{ text: '' }],
        ),
      ],
    })),
  ]
  const top: HeadCell[] = [
    { text: '' },
    ...table.show.map(() => ({ text: '' })),
    ...columns.map(({ head, unit, hasPaper }) => ({
      text: head,
      ...(hasPaper && { span: 2 }),
      ...unitOf(unit, head),
    })),
  ]
  const second: HeadCell[] = [
    { text: '' },
    ...table.show.map(({ head }) => ({ text: head })),
    ...columns.flatMap(({ hasPaper }) =>
      hasPaper ? [{ text: 'ours' }, { text: 'paper' }] : [{ text: 'ours' }],
    ),
  ]
  return {
    id: table.id,
    title: table.title,
    caption: [...captionOf(experiment), unknownText(experiment, table.scores)].filter(
      (sentence) => sentence !== null,
    ),
    head: columns.some(({ hasPaper }) => hasPaper)
      ? [top, second]
      : [top.map((cell, i) => (i <= table.show.length ? second[i]! : cell))],
    align: [
      'left',
      ...table.show.map(() => 'right' as const),
      ...columns.flatMap(({ hasPaper }) =>
        hasPaper ? ['right' as const, 'right' as const] : ['right' as const],
      ),
    ],
    rows: body,
    notes: marks.notes(),
  }
}

/** Said small in the head, unless it is in the column's name. */
function unitOf(unit: string, head: string): { quiet?: string } {
  if (unit === 'percent' && !head.includes('%')) return { quiet: '%' }
  return unit === 'seconds' && !/\(s\)|second/i.test(head) ? { quiet: 's' } : {}
}

function paperCell(value: Published, print: (value: number | string) => string): Cell {
  return { text: value === undefined ? '' : print(value), kind: 'paper' }
}

/** A setting of a run: of its row or grid, else of its config. */
function shown({ values, cell, runs }: RunGroup, key: string): string {
  if (values[key] !== undefined) return asRun(values, cell, key)
  const [run] = runs
  const config = { ...run?.config, ...run?.history?.run.config } as Record<string, Scalar | null | undefined>
  if (key === 'words' && run?.corpus) return run.corpus.words.toLocaleString('en-US')
  return config[key] == null ? '' : formatScalar(config[key])
}
