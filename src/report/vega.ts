import type { TopLevelSpec } from 'vega-lite'
import { ConfigError } from '../core/errors.ts'
import { helveticaWidth } from './helvetica.ts'

/**
 * Colours that come by turns dark and light, so that neighbours are told apart in grey; what more there is, dashes and
 * shapes tell apart. Hues after Okabe and Ito.
 */
export const colours = [
  '#174a73',
  '#d9772b',
  '#1c5f36',
  '#b583c9',
  '#5c3f00',
  '#d9577b',
  '#2b2b2b',
  '#35a3a3',
]
export const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [4, 2],
  [10, 4],
  [1, 3],
  [6, 2, 2, 2, 2, 2],
]
export const shapes = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'cross',
  'triangle-right',
  'triangle-left',
]

/** Type sizes are of a picture that is 8 cm wide in print at 340 units. */
const config: TopLevelSpec['config'] = {
  font: 'Helvetica, Arial, sans-serif',
  background: 'white',
  padding: 4,
  view: { stroke: null },
  axis: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    labelColor: '#1b1f22',
    titleColor: '#1b1f22',
    domainColor: '#1b1f22',
    tickColor: '#1b1f22',
    gridColor: '#e2e4e3',
    tickSize: 4,
    titlePadding: 8,
  },
  title: { fontSize: 11, fontWeight: 'normal', anchor: 'start', frame: 'group', offset: 8 },
  legend: {
    orient: 'bottom',
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    symbolSize: 50,
    symbolStrokeWidth: 1.6,
    labelLimit: 300,
    columnPadding: 14,
  },
}

/**
 * Draws a chart that is told in Vega-Lite, as SVG that stands alone. Equal specs give equal pictures.
 *
 * throws  ConfigError if the library is not installed
 */
export async function drawVega(spec: object): Promise<string> {
  const [vega, lite] = await libraries()
  // Without a canvas Vega takes each letter for a wide one, and with one the picture would be another.
  ;(vega as unknown as { textMetrics: TextMetrics }).textMetrics.width = (item, text) =>
    helveticaWidth(String(text ?? ''), item.fontSize ?? 11)
  const compiled = lite.compile({ ...spec, config } as TopLevelSpec, {
    // What it has to say of a spec of ours is of no use to who reads the chart.
    logger: silent,
  }).spec
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: silent })
  try {
    // A dash without a gap is a line, which not every reader of SVG knows.
    return (await view.toSVG()).replaceAll(' stroke-dasharray="1,0"', '')
  } finally {
    view.finalize()
  }
}

interface TextMetrics {
  width: (item: { fontSize?: number }, text: unknown) => number
}

async function libraries() {
  try {
    return await Promise.all([import('vega'), import('vega-lite')])
  } catch (cause) {
    throw new ConfigError('CHARTS_MISSING', {
      what: 'figures cannot be drawn',
      why: 'the packages vega and vega-lite are not installed',
      mend: 'npm install vega vega-lite',
      cause,
    })
  }
}

const silent = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
} as never
