import type { RecipeFigure } from '../experiment/index.ts'
import type { FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { printWidth, scoreTitle, shortNumbers } from './figure-parts.ts'
import { helveticaWidth } from './helvetica.ts'
import { formatValue, groupRuns, measure, publishedFormat } from './measured.ts'
import { groupLabel } from './table-rows.ts'
import { drawVega } from './vega.ts'

type Bars = Extract<RecipeFigure, { kind: 'bars' }>

interface Bar {
  label: string
  y: number
  low: number
  high: number
  /** Ours, and the paper's, as the columns at the right print them. */
  text: string
  theirs: string
  /** The paper's where it can be drawn on this axis. */
  published?: number
}

const ink = '#1b1f22'
/** Width of the bars' room, and size of the columns' type, in units of the picture. */
const [plot, fontSize] = [220, 10.5]

/** A bar for each run, with the spread over seeds, and a stroke where the paper's number lies; both in figures at the right. */
export async function barsFigure(experiment: Experiment, figure: Bars): Promise<FigureContent> {
  const groups = groupRuns(experiment.runs)
  const bars = barsOf(experiment, figure)
  const missing = groups.length - bars.length
  const svg = bars.length === 0 ? undefined : await drawVega(spec(experiment, figure, bars))
  return {
    id: figure.id,
    title: figure.title,
    caption: [
      ...(bars.some(({ low, high }) => high > low)
        ? ['Thin line: one standard deviation over seeds to each side.']
        : []),
      ...(missing > 0 ? [`${missing} of ${groups.length} bars are missing.`] : []),
    ],
    svg,
    width: svg ? printWidth(svg) : 0.7,
    notes: [],
  }
}

function barsOf({ recipe, tables, runs }: Experiment, figure: Bars): Bar[] {
  const factor = figure.unit === 'percent' ? 100 : 1
  const publishedOf = (row: string | null) => recipe.runs?.find(({ id }) => id === row)?.published?.[figure.y]
  const groups = groupRuns(runs)
  const others = tables.flatMap((table) => (table.kind === 'rows' ? table.others : []))
  const print = publishedFormat([
    ...groups.flatMap(({ row }) => publishedOf(row) ?? []),
    ...others.flatMap(({ published }) => published[figure.y] ?? []),
  ])
  return groups.flatMap((group): Bar[] => {
    const { mean, deviation } = measure(group.runs, figure.y)
    if (mean === null) return []
    const published = publishedOf(group.row)
    return [
      {
        label: groupLabel(recipe, group),
        y: mean * factor,
        low: (mean - (deviation ?? 0)) * factor,
        high: (mean + (deviation ?? 0)) * factor,
        text: formatValue(mean, figure.unit),
        theirs: published === undefined ? '' : print(published),
        // Times that the paper prints are words, such as 38 min.
        ...(figure.unit === 'percent' && typeof published === 'number' && { published }),
      },
    ]
  })
}

function spec(experiment: Experiment, figure: Bars, bars: readonly Bar[]): object {
  const hasStrokes = bars.some(({ published }) => published !== undefined)
  const hasTheirs = bars.some(({ theirs }) => theirs !== '')
  const y = {
    field: 'label',
    type: 'ordinal',
    sort: null,
    title: null,
    axis: { labelLimit: 320, ticks: false, labelPadding: 6 },
  }
  const x = {
    field: 'y',
    type: 'quantitative',
    title: scoreTitle(figure.y, figure.unit, experiment),
    axis: { tickCount: 4, labelExpr: shortNumbers },
  }
  const oursHead = figure.unit === 'seconds' ? 'ours (s)' : 'ours'
  const widest = (texts: string[]) => Math.max(...texts.map((text) => helveticaWidth(text, fontSize)))
  const ours = plot + 20 + widest([oursHead, ...bars.map(({ text }) => text)])
  const paper = ours + 18 + widest(['paper', ...bars.map(({ theirs }) => theirs)])
  const text = { type: 'text', align: 'right', fontSize, color: ink }
  const column = (head: string, field: string, right: number) => [
    { mark: text, encoding: { y, x: { value: right }, text: { field } } },
    {
      data: { values: [{}] },
      mark: text,
      encoding: { x: { value: right }, y: { value: -8 }, text: { value: head } },
    },
  ]
  const named = (name: string, colour: string, symbolType: string) => ({
    datum: name,
    scale: { range: [colour] },
    legend: hasStrokes
      ? { title: null, symbolType, symbolFillColor: colour, symbolStrokeColor: colour }
      : null,
  })
  return {
    data: { values: bars },
    width: plot,
    height: { step: 24 },
    layer: [
      {
        mark: { type: 'bar', height: 13 },
        encoding: {
          y,
          x,
          fill: named(`ours${experiment.scale ? ` at scale ${experiment.scale}` : ''}`, barColour, 'square'),
        },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.2, color: ink },
        transform: [{ filter: 'datum.high > datum.low' }],
        encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      ...(hasStrokes
        ? [
            {
              mark: { type: 'tick', thickness: 2.2, size: 19 },
              transform: [{ filter: 'isValid(datum.published)' }],
              encoding: {
                y,
                x: { ...x, field: 'published' },
                color: named('the paper’s', ink, strokeSign),
              },
            },
          ]
        : []),
      ...column(oursHead, 'text', ours),
      ...(hasTheirs ? column('paper', 'theirs', paper) : []),
    ],
    resolve: { scale: { fill: 'independent', color: 'independent' } },
  }
}

/** The first of the colours, mixed with white. */
const barColour = '#7f9fbb'
/** An upright stroke for the legend, in the units of a sign's own. */
const strokeSign = 'M-0.12,-0.9H0.12V0.9H-0.12Z'
