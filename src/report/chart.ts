import { scaleLinear } from 'd3-scale'
import { element, picture, textElement } from './svg.ts'

export type Point = [x: number, y: number]

export interface ChartOptions {
  title: string
  /** Each says its unit. */
  xLabel: string
  yLabel: string
  points: Point[]
  /** Right end of the x axis; the last point's x by default. */
  xEnd?: number
  /** Places on the x axis to mark: the ends of epochs. */
  marks?: number[]
  /** Whether the y axis begins at zero, or where the values lie. */
  fromZero?: boolean
  /** A height to compare with, such as the plan. */
  level?: { y: number; label: string }
  width?: number
  height?: number
}

const margin = { top: 50, right: 16, bottom: 44, left: 52 }

/** One curve over its axes, as SVG. Fewer than two points give a picture that says so. */
export function lineChart(options: ChartOptions): string {
  const { title, xLabel, yLabel, marks = [], fromZero = false, level, width = 460, height = 270 } = options
  const points = thinOut(options.points, 240)
  const head = textElement('text', { x: 0, y: 16, 'font-weight': 600 }, title)
  if (points.length < 2) {
    return picture(
      { width, height, label: `${title}: nothing recorded` },
      head,
      textElement(
        'text',
        { class: 'quiet', x: width / 2, y: height / 2, 'text-anchor': 'middle' },
        'nothing recorded',
      ),
    )
  }
  const xEnd = options.xEnd ?? points.at(-1)![0]
  const x = scaleLinear([0, xEnd], [margin.left, width - margin.right])
  const y = scaleLinear(yRange(points, fromZero, level?.y), [height - margin.bottom, margin.top])
    .nice(5)
    .clamp(true)
  const [bottom, right] = [height - margin.bottom, width - margin.right]
  const xFormat = x.tickFormat(6)
  const yFormat = y.tickFormat(5)
  const path = points
    .map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`)
    .join('')
  return picture(
    { width, height, label: `${title}: ${yLabel} over ${xLabel}` },
    head,
    textElement('text', { class: 'quiet', x: 0, y: 34 }, yLabel),
    ...y
      .ticks(5)
      .flatMap((tick) => [
        element('line', { class: 'grid', x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }),
        textElement(
          'text',
          { class: 'quiet', x: margin.left - 8, y: y(tick) + 4, 'text-anchor': 'end' },
          yFormat(tick),
        ),
      ]),
    ...x
      .ticks(6)
      .map((tick) =>
        textElement(
          'text',
          { class: 'quiet', x: x(tick), y: bottom + 18, 'text-anchor': 'middle' },
          xFormat(tick),
        ),
      ),
    textElement('text', { class: 'quiet', x: right, y: bottom + 37, 'text-anchor': 'end' }, xLabel),
    ...marks.map((mark) =>
      element('line', { class: 'epoch', x1: x(mark), x2: x(mark), y1: margin.top, y2: bottom }),
    ),
    ...(level
      ? [
          element('line', { class: 'level', x1: margin.left, x2: right, y1: y(level.y), y2: y(level.y) }),
          textElement(
            'text',
            { class: 'halo', x: right - 4, y: y(level.y) - 6, 'text-anchor': 'end' },
            level.label,
          ),
        ]
      : []),
    element('path', { class: 'curve', d: path }),
  )
}

/**
 * From zero, or from where the values lie: their 1st to 99th percentile, so that one wild second does not
 * flatten the rest. What lies outside is drawn at the edge.
 */
export function yRange(points: Point[], fromZero: boolean, level?: number): [number, number] {
  const values = points.map(([, y]) => y).sort((a, b) => a - b)
  const at = (fraction: number) => values[Math.round(fraction * (values.length - 1))]!
  if (fromZero) return [0, Math.max(at(1), level ?? 0) * 1.05 || 1]
  const [low, high] = [at(0.01), at(0.99)]
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1
  return [low - pad, high + pad]
}

/** At most `count` points, each the mean of its neighbours. A night's run writes one point a second. */
export function thinOut(points: Point[], count: number): Point[] {
  if (points.length <= count) return points
  return Array.from({ length: count }, (_, i) => {
    const begin = Math.floor((i * points.length) / count)
    const part = points.slice(begin, Math.floor(((i + 1) * points.length) / count))
    const mean = (axis: 0 | 1) => part.reduce((sum, point) => sum + point[axis], 0) / part.length
    return [mean(0), mean(1)]
  })
}
