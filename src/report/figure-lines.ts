import type { RecipeFigure, Scalar } from '../experiment/index.ts'
import type { FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { legendColumns, printWidth, scoreTitle, shortNumbers, shortValues } from './figure-parts.ts'
import { groupRuns, measure, numberOf, type RunGroup } from './measured.ts'
import { gridScores } from './table-grid.ts'
import { groupLabel } from './table-rows.ts'
import { colours, dashes, drawVega, shapes } from './vega.ts'

interface Point {
  x: Scalar
  y: number
  low: number
  high: number
  series: string
}

type Lines = Extract<RecipeFigure, { kind: 'lines' }>

/** A score over a key of the grid, a line for each value of another; the paper's in a panel beside, on one scale. */
export async function linesFigure(experiment: Experiment, figure: Lines): Promise<FigureContent> {
  const factor = figure.unit === 'percent' ? 100 : 1
  const groups = groupRuns(experiment.runs)
  const nameOf = seriesNames(experiment, figure, groups)
  const ours = groups.flatMap((group): Point[] => {
    const x = group.values[figure.x]
    const { mean, deviation } = measure(group.runs, figure.y)
    if (x === undefined || mean === null) return []
    const y = mean * factor
    const spread = (deviation ?? 0) * factor
    return [{ x, y, low: y - spread, high: y + spread, series: nameOf(group) }]
  })
  const theirs = publishedPoints(experiment, figure, nameOf)
  const missing = groups.filter(({ runs }) => measure(runs, figure.y).mean === null).length
  const names = [...new Set([...ours, ...theirs].map(({ series }) => series))]
  const yTitle = scoreTitle(figure.y, figure.unit, experiment)
  const spread = ours.some(({ low, high }) => high > low)
  const svg =
    ours.length === 0
      ? undefined
      : await drawVega({
          data: { values: [] },
          hconcat: [
            panel(figure, yTitle, ours, names, { title: 'ours', hollow: false, wide: theirs.length === 0 }),
            ...(theirs.length > 0
              ? [panel(figure, yTitle, theirs, names, { title: 'paper', hollow: true, wide: false })]
              : []),
          ],
          spacing: 14,
          resolve: { scale: { y: 'shared', color: 'shared', shape: 'shared' } },
        })
  return {
    id: figure.id,
    title: figure.title,
    caption: [
      ...(theirs.length > 0
        ? [
            `Left: ours${experiment.scale ? ` at scale ${experiment.scale}` : ''}; right, hollow: the paper’s.`,
          ]
        : []),
      ...(spread ? ['Bars: one standard deviation over seeds to each side.'] : []),
      ...(missing > 0 ? [`${missing} of ${groups.length} points are missing.`] : []),
    ],
    svg,
    width: svg ? printWidth(svg) : 0.7,
    notes: [],
  }
}

/** Lines are named by the value of the series' key as run, with the paper's term where it differs. */
function seriesNames({ recipe }: Experiment, { series, x }: Lines, groups: readonly RunGroup[]) {
  const rest = (group: RunGroup) =>
    Object.fromEntries(Object.entries(group.cell).filter(([key]) => key !== x && key !== series))
  const differ =
    new Set(groups.map((group) => JSON.stringify([group.row, recipe.runs ? {} : rest(group)]))).size > 1
  return (group: RunGroup): string => {
    const own =
      series === undefined || group.values[series] === undefined
        ? []
        : [
            String(group.values[series]) === String(group.cell[series])
              ? String(group.values[series])
              : `${group.values[series]} (paper: ${group.cell[series]})`,
          ]
    const other = differ
      ? recipe.runs
        ? [groupLabel({ ...recipe, grid: undefined } as typeof recipe, group)]
        : Object.entries(rest(group)).map(([key, value]) => `${key} ${value}`)
      : []
    return [...other, ...own].join(', ') || 'score'
  }
}

function publishedPoints(
  experiment: Experiment,
  figure: Lines,
  nameOf: (group: RunGroup) => string,
): Point[] {
  const table = experiment.tables.find(({ id, kind }) => id === figure.table && kind === 'grid')
  if (table?.kind !== 'grid') return []
  return gridScores(experiment, table).rows.flatMap(({ cells }) =>
    cells.flatMap(({ published, group }): Point[] => {
      const x = group?.cell[figure.x]
      if (published === undefined || !group || x === undefined) return []
      return [{ x, y: published, low: published, high: published, series: nameOf(group) }]
    }),
  )
}

function panel(
  figure: Lines,
  yTitle: string,
  points: readonly Point[],
  names: readonly string[],
  { title, hollow, wide }: { title: string; hollow: boolean; wide: boolean },
): object {
  const numbers = points.map(({ x }) => numberOf(x))
  const isNumeric = numbers.every((x) => x !== null && x > 0)
  const values = points.map((point, i) => ({ ...point, x: isNumeric ? numbers[i] : String(point.x) }))
  const ticks = [...new Set(values.map(({ x }) => x))]
  const x = {
    field: 'x',
    type: isNumeric ? 'quantitative' : 'ordinal',
    title: { words: 'words of text', dim: 'dimensions' }[figure.x] ?? figure.x,
    ...(isNumeric ? { scale: { type: 'log', nice: false, padding: 8 } } : { sort: null }),
    axis: {
      ...(isNumeric && {
        values: ticks,
        labelExpr: shortValues,
      }),
      labelAngle: 0,
      labelOverlap: ticks.length > 6 ? 'greedy' : false,
      labelFontSize: 10,
      grid: false,
    },
  }
  const y = (axis: object = {}) => ({
    field: 'y',
    type: 'quantitative',
    title: yTitle,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, labelExpr: shortNumbers, ...axis },
  })
  const series = (range: readonly unknown[], legend: object | null = {}) => ({
    field: 'series',
    type: 'nominal',
    title: figure.series
      ? ({ dim: 'dimensions', words: 'words of text' }[figure.series] ?? figure.series)
      : '',
    sort: null,
    scale: { domain: names, range: names.map((_, i) => range[i % range.length]) },
    legend: names.length > 1 && legend ? { ...legend, columns: legendColumns(names, 380) } : null,
  })
  const axes = hollow ? { title: null, labels: false, ticks: false, domain: false } : {}
  const encoding = { x, y: y(axes) }
  return {
    data: { values },
    title,
    width: wide ? 270 : 160,
    height: wide ? 190 : 165,
    layer: [
      // A layer for each, and not a scale of dashes: signs in the legend are drawn whole.
      ...names.map((name, i) => ({
        transform: [{ filter: { field: 'series', equal: name } }],
        mark: { type: 'line', strokeWidth: hollow ? 1 : 1.8, strokeDash: dashes[i % dashes.length] },
        encoding: { ...encoding, color: series(colours) },
      })),
      {
        mark: { type: 'rule', strokeWidth: 1.2 },
        transform: [{ filter: 'datum.high > datum.low' }],
        encoding: {
          x,
          y: { ...y(axes), field: 'low' },
          y2: { field: 'high' },
          color: series(colours),
        },
      },
      {
        mark: {
          type: 'point',
          size: 42,
          strokeWidth: 1.3,
          ...(hollow ? { fill: 'white' } : { filled: true, opacity: 1 }),
        },
        encoding: { ...encoding, color: series(colours), shape: series(shapes) },
      },
    ],
  }
}
