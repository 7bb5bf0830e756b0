import type { RecipeFigure } from '../experiment/index.ts'
import type { FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { scoreTitle, shortNumbers } from './figure-parts.ts'
import { formatValue, groupRuns, measure } from './measured.ts'
import { groupLabel } from './table-rows.ts'
import { colours, drawVega } from './vega.ts'

type Bars = Extract<RecipeFigure, { kind: 'bars' }>

/** A bar for each run, with the spread over seeds; a tick where the paper's number lies. */
export async function barsFigure({ recipe, runs }: Experiment, figure: Bars): Promise<FigureContent> {
  const factor = figure.unit === 'percent' ? 100 : 1
  const groups = groupRuns(runs)
  const values = groups.flatMap((group) => {
    const { mean, deviation } = measure(group.runs, figure.y)
    const published = recipe.runs?.find(({ id }) => id === group.row)?.published?.[figure.y]
    if (mean === null) return []
    return [
      {
        label: groupLabel(recipe, group),
        y: mean * factor,
        low: (mean - (deviation ?? 0)) * factor,
        high: (mean + (deviation ?? 0)) * factor,
        text: formatValue(mean, figure.unit),
        ...(figure.unit === 'percent' && typeof published === 'number' && { published }),
      },
    ]
  })
  const missing = groups.length - values.length
  const hasPaper = values.some((value) => 'published' in value)
  const spread = values.some(({ low, high }) => high > low)
  const label = {
    field: 'label',
    type: 'ordinal',
    sort: null,
    title: null,
    axis: { labelLimit: 320, ticks: false },
  }
  const x = {
    field: 'y',
    type: 'quantitative',
    title: scoreTitle(figure.y, figure.unit),
    axis: { tickCount: 4, labelExpr: shortNumbers },
  }
  return {
    id: figure.id,
    title: figure.title,
    caption: [
      ...(hasPaper ? ['Upright stroke: the paper’s number.'] : []),
      ...(spread ? ['Thin line: one standard deviation over seeds to each side.'] : []),
      ...(missing > 0 ? [`${missing} of ${groups.length} bars are missing.`] : []),
    ],
    svg:
      values.length === 0
        ? undefined
        : await drawVega({
            data: { values },
            width: 220,
            height: { step: 24 },
            layer: [
              {
                mark: { type: 'bar', color: colours[0], opacity: 0.55, height: 13 },
                encoding: { y: label, x },
              },
              {
                mark: { type: 'rule', strokeWidth: 1.2, color: '#1b1f22' },
                transform: [{ filter: 'datum.high > datum.low' }],
                encoding: { y: label, x: { ...x, field: 'low' }, x2: { field: 'high' } },
              },
              {
                mark: { type: 'tick', thickness: 2.2, size: 19, color: '#1b1f22' },
                transform: [{ filter: 'isValid(datum.published)' }],
                encoding: { y: label, x: { ...x, field: 'published' } },
              },
              {
                mark: { type: 'text', align: 'left', dx: 6, fontSize: 10.5, color: '#1b1f22' },
                encoding: { y: label, x: { value: 'width' }, text: { field: 'text' } },
              },
            ],
          }),
    width: 0.7,
    notes: [],
  }
}
