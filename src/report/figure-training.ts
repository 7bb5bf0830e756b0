import type { RecipeFigure } from '../experiment/index.ts'
import { fullScorePath, readEvents } from '../run/index.ts'
import { type Point, thinOut } from './chart.ts'
import type { FigureContent } from './document.ts'
import type { Experiment, ExperimentRun } from './experiment-runs.ts'
import { legendColumns, printWidth, scoreTitle, shortNumbers } from './figure-parts.ts'
import { groupRuns } from './measured.ts'
import { groupLabel } from './table-rows.ts'
import { colours, dashes, drawVega, shapes } from './vega.ts'

type Training = Extract<RecipeFigure, { kind: 'training' }>

/** Points of a curve at most: more are not seen in print. */
const mostPoints = 120

/** Signs on a curve that has more points than this: as many. A score that was taken is a sign, if there are no more. */
const mostSigns = { score: 40, other: 8 }

/** How loss, speed or a score went while runs were trained; of each run its first seed. */
export async function trainingFigure(experiment: Experiment, figure: Training): Promise<FigureContent> {
  const { recipe, runs } = experiment
  const groups = groupRuns(runs).filter(
    ({ row }) => !figure.runs || (row !== null && figure.runs.includes(row)),
  )
  const curves = groups.map((group) => {
    const run = group.runs.find(({ history }) => history !== null)
    return { series: groupLabel(recipe, group), run, points: run ? pointsOf(run, figure) : [] }
  })
  const drawn = curves.filter(({ points }) => points.length > 1)
  const none = curves.filter(({ points }) => points.length <= 1).map(({ series }) => series)
  const title = scoreTitle(figure.y, isScore(figure.y) ? 'percent' : 'number', {
    ...experiment,
    runs: drawn.flatMap(({ run }) => run ?? []),
  })
  const svg = drawn.length === 0 ? undefined : await drawVega(spec(figure, title, drawn))
  return {
    id: figure.id,
    title: figure.title,
    caption: [
      ...(groups.some(({ runs }) => runs.length > 1) ? ['The first seed of each run.'] : []),
      ...(drawn.length > 0 && none.length > 0 ? [`Nothing was recorded of ${none.join('; ')}.`] : []),
    ],
    svg,
    width: svg ? printWidth(svg) : 0.7,
    notes: [],
  }
}

interface Curve {
  series: string
  points: Point[]
}

function spec(figure: Training, title: string, curves: readonly Curve[]): object {
  const factor = isScore(figure.y) ? 100 : 1
  const most = isScore(figure.y) ? mostSigns.score : mostSigns.other
  const values = curves.flatMap(({ series, points }, curve) => {
    const step = points.length <= most ? 1 : points.length / most
    // Not all at the same places, so that curves that lie on each other show their signs.
    const shift = step === 1 ? 0 : (curve / curves.length) * step
    const signs = new Set(Array.from({ length: most }, (_, i) => Math.floor(i * step + shift)))
    return points.map(([x, y], i) => ({ series, x, y: y * factor, sign: signs.has(i) }))
  })
  const names = curves.map(({ series }) => series)
  const series = (range: readonly unknown[]) => ({
    field: 'series',
    type: 'nominal',
    title: null,
    sort: null,
    scale: { domain: names, range: names.map((_, i) => range[i % range.length]) },
    legend: names.length > 1 ? { columns: legendColumns(names, 390) } : null,
  })
  const place = {
    x: {
      field: 'x',
      type: 'quantitative',
      title: { words: 'words trained on', seconds: 'training time (seconds)', epochs: 'epochs' }[figure.x],
      axis: { grid: false, tickCount: 5, labelExpr: shortNumbers },
    },
    y: {
      field: 'y',
      type: 'quantitative',
      title,
      scale: { zero: figure.y === 'wordsPerSecond' },
      axis: { tickCount: 5, labelExpr: shortNumbers },
    },
  }
  return {
    data: { values },
    width: 300,
    height: 200,
    layer: [
      ...names.map((name, i) => ({
        transform: [{ filter: { field: 'series', equal: name } }],
        mark: { type: 'line', strokeWidth: 1.5, strokeDash: dashes[i % dashes.length] },
        encoding: { ...place, color: series(colours) },
      })),
      {
        transform: [{ filter: 'datum.sign' }],
        mark: { type: 'point', size: 38, filled: true, opacity: 1 },
        encoding: { ...place, color: series(colours), shape: series(shapes) },
      },
    ],
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
      const score = event.scores[y] ?? event.scores[fullScorePath(event.scores, y) ?? '']
      return typeof score === 'number' ? [[place(event), score]] : []
    })
  }
  const points = progress.flatMap((event): Point[] => {
    const value = y === 'loss' ? event.loss : event.wordsPerSecond
    return value === null || !Number.isFinite(value) ? [] : [[place(event), value]]
  })
  // Of a run that was over before its progress was told twice, what each epoch came to.
  if (y === 'loss' && points.length < 2)
    return epochs.flatMap(({ words, loss }, i): Point[] => {
      const seconds = epochs.slice(0, i + 1).reduce((sum, epoch) => sum + epoch.seconds, 0)
      return loss === null ? [] : [[place({ words, seconds }), loss]]
    })
  return thinOut(points, mostPoints)
}
