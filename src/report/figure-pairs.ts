import { PCA } from 'ml-pca'
import type { RecipeFigure } from '../experiment/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import type { FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { element, picture, textElement } from './svg.ts'
import { knownAs } from './table-words.ts'
import { colours } from './vega.ts'
import { type Box, type Label, labelBox, type Place, placeLabels } from './words.ts'

type Pairs = Extract<RecipeFigure, { kind: 'pairs' }>

/** Pairs of words where their vectors lie, on the two axes along which they differ most; both axes to one measure. */
export async function pairsFigure({ recipe, runs }: Experiment, figure: Pairs): Promise<FigureContent> {
  const wanted = figure.run ?? recipe.runs?.[0]?.id
  const run = runs.find(({ row, missing }) => missing === null && (wanted === undefined || row === wanted))
  const nothing = { id: figure.id, title: figure.title, svg: undefined, width: 0.8, notes: [] }
  if (!run) {
    const [first] = runs.filter(({ row }) => wanted === undefined || row === wanted)
    return { ...nothing, caption: [`No run to draw: ${first?.missing ?? 'not run yet'}.`] }
  }
  const vectors = KeyedVectors.load(run.folder!.path)
  const pairs = figure.pairs.flatMap((pair): [string, string][] => {
    const [from, to] = pair.map((word) => knownAs(vectors, word))
    return from !== undefined && to !== undefined ? [[from, to]] : []
  })
  const unknown = figure.pairs.filter((pair) => pair.some((word) => knownAs(vectors, word) === undefined))
  const notes =
    unknown.length > 0
      ? [
          {
            text: `Left out, since a word is not in the vocabulary: ${unknown.map((pair) => pair.join(' – ')).join(', ')}.`,
          },
        ]
      : []
  if (pairs.length < 2)
    return { ...nothing, caption: ['Fewer than two of the pairs are in the vocabulary.'], notes }
  const names = namesOf(figure.title)
  const { svg, explained, nameless } = drawPairs(vectors, pairs, names)
  return {
    ...nothing,
    caption: [
      `Hollow: ${names[0]}; filled: ${names[1]}.`,
      `The two axes hold ${Math.round(100 * explained)} % of the variance of these ${pairs.length * 2} vectors (PCA); both have one measure.`,
    ],
    svg,
    notes:
      nameless.length > 0
        ? [...notes, { text: `Without a label, since there is no room for one: ${nameless.join(', ')}.` }]
        : notes,
  }
}

/** What the two words of a pair are called: in a title such as `Countries and capitals, …`. */
function namesOf(title: string): [first: string, second: string] {
  const [, first, second] = /^(\p{L}+) and (?:their )?(\p{L}+)(?:,|$)/u.exec(title) ?? []
  return first && second
    ? [first.toLowerCase(), second.toLowerCase()]
    : ['the first of each pair', 'the second']
}

const [width, margin, fontSize] = [560, 26, 13]

function drawPairs(
  vectors: KeyedVectors,
  pairs: readonly [string, string][],
  names: readonly [string, string],
) {
  const words = pairs.flat()
  const rows = words.map((word) => unit(vectors.vector(word)))
  const pca = new PCA(rows, { center: true })
  const points = pca.predict(rows, { nComponents: 2 }).to2DArray() as [number, number][]
  const explained = pca
    .getExplainedVariance()
    .slice(0, 2)
    .reduce((sum, part) => sum + part, 0)
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  // An axis has no direction of its own: arrows go to the right and up in the mean, so that equal runs look equal.
  const [signX, signY] = ([0, 1] as const).map((axis) =>
    mean(pairs.map((_, i) => (points[2 * i + 1]![axis] ?? 0) - (points[2 * i]![axis] ?? 0))) < 0 ? -1 : 1,
  ) as [number, number]
  const xs = points.map(([x]) => x * signX)
  const ys = points.map(([, y]) => (y ?? 0) * signY)
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const side = 64
  const scale = (width - 2 * side) / (right - left || 1)
  const height = Math.round(Math.min(900, Math.max(240, (high - low) * scale + 2 * margin + 34)))
  const fitted = Math.min(scale, (height - 2 * margin - 34) / (high - low || 1))
  const middle = (width - (right - left) * fitted) / 2
  const places = words.map((word, i) => ({
    word: word.replaceAll('_', ' '),
    group: i % 2,
    x: middle + (xs[i]! - left) * fitted,
    y: margin + (high - ys[i]!) * fitted,
  }))
  const labels = labelsOf(places, { left: 4, top: 4, right: width - 4, bottom: height - 26 })
  const labelled = new Set(labels.map(({ word }) => word))
  const nameless = places.map(({ word }) => word).filter((word) => !labelled.has(word))
  const font = { 'font-family': 'Helvetica, Arial, sans-serif', 'font-size': fontSize }
  const svg = picture(
    {
      width,
      height,
      label: `${pairs.length} pairs of words and the way from the first of each to the second`,
    },
    element('rect', { width, height, fill: 'white' }),
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: height - 25,
      fill: 'none',
      stroke: '#cfd3d1',
    }),
    ...pairs.flatMap((_, i) => arrow(places[2 * i]!, places[2 * i + 1]!)),
    // Arrows end where a label begins.
    ...labels.map((label) => {
      const { left, top, right, bottom } = labelBox(label)
      return element('rect', {
        ...{ x: left, y: top, width: right - left, height: bottom - top },
        fill: 'white',
        'fill-opacity': 0.85,
      })
    }),
    ...places.map(({ group, x, y }) => dot(group, x, y)),
    ...labels.map(({ word, x, y, anchor }) =>
      textElement('text', { ...font, x, y, 'text-anchor': anchor, fill: '#1b1f22' }, word),
    ),
    ...names.flatMap((name, group) => {
      const x = group === 0 ? 6 : 32 + names[0].length * 6
      return [
        dot(group, x, height - 12),
        textElement('text', { ...font, 'font-size': 11, x: x + 8, y: height - 8, fill: '#1b1f22' }, name),
      ]
    }),
    textElement(
      'text',
      { ...font, 'font-size': 11, x: width - 2, y: height - 8, 'text-anchor': 'end', fill: '#5e666b' },
      'first principal component (across), second (up)',
    ),
  )
  return { svg, explained, nameless }
}

/** Of the first of a pair hollow, of the second filled. */
function dot(group: number, x: number, y: number): string {
  return element('circle', {
    cx: x,
    cy: y,
    r: group === 0 ? 3.2 : 4.2,
    fill: group === 0 ? 'white' : colours[0],
    // Filled points that lie on each other have a white line between them.
    stroke: group === 0 ? colours[0] : 'white',
    'stroke-width': 1.3,
  })
}

/** Beside the arrows where there is room, else across them. */
function labelsOf(places: Place[], frame: Box): Label[] {
  const boxAt = (x: number, y: number, radius: number) => ({
    left: x - radius,
    top: y - radius,
    right: x + radius,
    bottom: y + radius,
  })
  const steps = Array.from({ length: 41 }, (_, i) => i / 40)
  const arrows = places.flatMap((from, i) => {
    const to = places[i + 1]
    return i % 2 === 1 || !to
      ? []
      : steps.map((t) => boxAt(from.x + t * (to.x - from.x), from.y + t * (to.y - from.y), 2))
  })
  const beside = placeLabels(places, frame, arrows)
  const labelled = new Set(beside.map(({ word }) => word))
  const points = places.map(({ x, y }) => boxAt(x, y, 3))
  const rest = places.filter(({ word }) => !labelled.has(word))
  return [...beside, ...placeLabels(rest, frame, [...beside.map(labelBox), ...points])]
}

/** From the rim of one point to that of the other, with a head. */
function arrow(from: { x: number; y: number }, to: { x: number; y: number }): string[] {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy)
  if (length < 12) return []
  const [ux, uy] = [dx / length, dy / length]
  const at = (distance: number, aside = 0) => [
    to.x - ux * distance - uy * aside,
    to.y - uy * distance + ux * aside,
  ]
  const [tip, left, right] = [at(4.5), at(12, 3.5), at(12, -3.5)]
  const points = [tip, left, right]
    .map((point) => point.map((value) => value!.toFixed(1)).join(','))
    .join(' ')
  return [
    element('line', {
      x1: from.x + ux * 4,
      y1: from.y + uy * 4,
      x2: at(10)[0],
      y2: at(10)[1],
      stroke: '#8d9499',
      'stroke-width': 1.2,
    }),
    element('polygon', { points, fill: '#8d9499' }),
  ]
}

function unit(vector: Float32Array): number[] {
  const length = Math.hypot(...vector) || 1
  return Array.from(vector, (value) => value / length)
}
