import type { RecipeFigure } from '../experiment/index.ts'
import { readEvents } from '../run/index.ts'
import { type Point, thinOut } from './chart.ts'
import type { FigureContent } from './document.ts'
import type { Experiment, ExperimentRun } from './experiment-runs.ts'
import { legendColumns, scoreTitle, shortNumbers } from './figure-parts.ts'
import { groupRuns } from './measured.ts'
import { groupLabel } from './table-rows.ts'
import { colours, dashes, drawVega } from './vega.ts'

type Training = Extract<RecipeFigure, { kind: 'training' }>

/** Points of a curve at most: more are not seen in print. */
const mostPoints = 120

/** How loss, speed or a score went while runs were trained; of each run its first seed. */
export async function trainingFigure({ recipe, runs }: Experiment, figure: Training): Promise<FigureContent> {
  const groups = groupRuns(runs).filter(
    ({ row }) => !figure.runs || (row !== null && figure.runs.includes(row)),
  )
  const curves = groups.map((group) => {
    const run = group.runs.find(({ history }) => history !== null)
    return { series: groupLabel(recipe, group), points: run ? pointsOf(run, figure) : [] }
  })
  const drawn = curves.filter(({ points }) => points.length > 1)
  const factor = isScore(figure.y) ? 100 : 1
  const values = drawn.flatMap(({ series, points }) => points.map(([x, y]) => ({ series, x, y: y * factor })))
  const names = drawn.map(({ series }) => series)
  const none = curves.filter(({ points }) => points.length <= 1).map(({ series }) => series)
  const series = (range: readonly unknown[]) => ({
    field: 'series',
    type: 'nominal',
    title: null,
    sort: null,
    scale: { domain: names, range: names.map((_, i) => range[i % range.length]) },
    legend:
      names.length > 1 ? { columns: legendColumns(names, 330), symbolType: 'stroke', symbolSize: 400 } : null,
  })
  return {
    id: figure.id,
    title: figure.title,
    caption: [
      ...(groups.some(({ runs }) => runs.length > 1) ? ['The first seed of each run.'] : []),
      ...(drawn.length > 0 && none.length > 0 ? [`Nothing was recorded of ${none.join('; ')}.`] : []),
    ],
    svg:
      values.length === 0
        ? undefined
        : await drawVega({
            data: { values },
            width: 270,
            height: 190,
            mark: {
              type: 'line',
              strokeWidth: 1.6,
              ...(isScore(figure.y) && { point: { size: 24, filled: true } }),
            },
            encoding: {
              x: {
                field: 'x',
                type: 'quantitative',
                title: { words: 'words trained on', seconds: 'training time (seconds)', epochs: 'epochs' }[
                  figure.x
                ],
                axis: {
                  grid: false,
                  tickCount: 5,
                  labelExpr: shortNumbers,
                },
              },
              y: {
                field: 'y',
                type: 'quantitative',
                title: scoreTitle(figure.y, isScore(figure.y) ? 'percent' : 'number'),
                scale: { zero: figure.y === 'wordsPerSecond' },
                axis: { tickCount: 5, labelExpr: shortNumbers },
              },
              color: series(colours),
              strokeDash: series(dashes),
            },
          }),
    width: 0.7,
    notes: [],
  }
}

function isScore(y: string): boolean {
  return y !== 'loss' && y !== 'wordsPerSecond'
}

function pointsOf({ folder, history }: ExperimentRun, { x, y }: Training): Point[] {
  const { run, progress, epochs, words } = history!
  const epochCount = typeof run.config.epochs === 'number' ? run.config.epochs : epochs.length
  // A run that is not complete has not said yet how many words an epoch has.
  const epochWords = run.result
    ? run.result.words / epochCount
    : epochs.length > 0
      ? epochs.at(-1)!.words / epochs.length
      : words
  const place = (event: { words: number; seconds: number }) =>
    x === 'words' ? event.words : x === 'seconds' ? event.seconds : event.words / epochWords
  if (isScore(y)) {
    return readEvents(folder!.events).flatMap((event): Point[] => {
      if (event.type !== 'scores') return []
      const score = event.scores[y]
      return typeof score === 'number' ? [[place(event), score]] : []
    })
  }
  const points = progress.flatMap((event): Point[] => {
    const value = y === 'loss' ? event.loss : event.wordsPerSecond
    return value === null || !Number.isFinite(value) ? [] : [[place(event), value]]
  })
  return thinOut(points, mostPoints)
}
