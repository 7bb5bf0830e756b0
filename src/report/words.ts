import { scaleLinear } from 'd3-scale'
import { PCA } from 'ml-pca'
import type { KeyedVectors } from '../vectors/index.ts'
import { element, picture, textElement } from './svg.ts'

/** Named groups of words; a picture gives each group its colour. */
export type WordGroups = Record<string, string[]>

export interface Place {
  word: string
  group: number
  x: number
  y: number
}

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const fontSize = 13
const colourCount = 9
/** Room for the labels of points at the edge: a part of the width, and a line of text. */
const sideMargin = 0.045
const margin = 18

/**
 * A picture of words: their unit vectors on the two axes along which these words differ most (PCA), each axis
 * stretched to the frame. A label that would cover another is left out; its point stays, with the word as title.
 *
 * Words that are not in the vocabulary are passed over; undefined if fewer than three are.
 */
export function wordsPicture(
  vectors: KeyedVectors,
  {
    groups = knownWords(vectors),
    width = 960,
    height = 620,
  }: { groups?: WordGroups; width?: number; height?: number } = {},
): string | undefined {
  const words = wordsOf(groups, vectors)
  if (words.length < 3) return undefined
  const names = Object.keys(groups)
  const legend = names.length > 1 ? placeLegend(names, width) : []
  const top = margin + (legend.at(-1)?.y ?? 0)
  const side = width * sideMargin
  const places = project(words, vectors, {
    left: side,
    top,
    right: width - side,
    bottom: height - margin,
  })
  const labels = placeLabels(places, { left: 2, top, right: width - 2, bottom: height - 2 })
  return picture(
    { width, height, label: `A map of ${words.length} words by meaning, such as ${words[0]!.word}` },
    ...legend.flatMap(({ name, x, y }, group) => [
      element('circle', { class: colour(group), cx: x + 5, cy: y - 4, r: 5 }),
      textElement('text', { class: 'quiet', x: x + 15, y }, name),
    ]),
    ...places.map(({ word, group, x, y }) =>
      element('circle', { class: colour(group), cx: x, cy: y, r: 3 }, textElement('title', {}, word)),
    ),
    ...labels.map(({ word, group, x, y, anchor }) =>
      textElement('text', { class: `halo ${colour(group)}`, x, y, 'text-anchor': anchor }, word),
    ),
  )
}

/** Sixty or so words to draw when nobody says which: well-known ones, else the most frequent that say something. */
export function knownWords(vectors: KeyedVectors, count = 60): WordGroups {
  const known = wellKnown.filter((word) => vectors.has(word)).slice(0, count)
  return { words: known.length >= count / 2 ? known : frequentWords(vectors, count) }
}

/** The most frequent words longer than three letters. */
export function frequentWords(vectors: KeyedVectors, count: number): string[] {
  const found: string[] = []
  for (let i = 0; i < vectors.length && found.length < count; i++) {
    const word = vectors.word(i)
    if (/^\p{L}{4,}$/u.test(word)) found.push(word)
  }
  return found
}

/** A label: `x`, `y` is where the text begins, has its middle, or ends. */
export interface Label extends Place {
  anchor: Anchor
}

type Anchor = 'start' | 'middle' | 'end'

/** Where a label may stand beside its point, the best first. */
const positions: [dx: number, dy: number, anchor: Anchor][] = [
  [6, 4, 'start'],
  [-6, 4, 'end'],
  [0, -7, 'middle'],
  [0, 15, 'middle'],
  [5, -5, 'start'],
  [5, 13, 'start'],
  [-5, -5, 'end'],
  [-5, 13, 'end'],
]

/**
 * Labels beside their points that cover no other label and no point, and keep inside the frame; those that
 * do not fit are left out. Greedy: the first point chooses first.
 *
 * obstacles  what else they must not cover
 */
export function placeLabels(places: Place[], frame: Box, obstacles: readonly Box[] = []): Label[] {
  const taken: Box[] = [
    ...obstacles,
    ...places.map(({ x, y }) => ({ left: x - 3, top: y - 3, right: x + 3, bottom: y + 3 })),
  ]
  const labels: Label[] = []
  for (const place of places) {
    const label = positions
      .map(([dx, dy, anchor]) => ({ ...place, x: place.x + dx, y: place.y + dy, anchor }))
      .find((candidate) => {
        const box = labelBox(candidate)
        return within(box, frame) && !taken.some((other) => overlap(box, other))
      })
    if (!label) continue
    taken.push(labelBox(label))
    labels.push(label)
  }
  return labels
}

/** The room a label takes: from a little above its capitals to below its descenders. */
export function labelBox({ word, x, y, anchor }: Label): Box {
  const width = textWidth(word)
  const left = x - { start: 0, middle: width / 2, end: width }[anchor]
  return { left, top: y - fontSize * 0.78, right: left + width, bottom: y + fontSize * 0.24 }
}

export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

function within(inner: Box, outer: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.right <= outer.right &&
    inner.top >= outer.top &&
    inner.bottom <= outer.bottom
  )
}

/** A cautious guess: the width of a text is known only where it is drawn. Wide scripts take a whole em a letter. */
function textWidth(text: string): number {
  let ems = 0
  for (const character of text)
    ems += /[\u1100-\uffff]/.test(character) ? 1 : /[mwMW]/.test(character) ? 0.86 : 0.56
  return ems * fontSize
}

/** The words of all groups that are in the vocabulary, each once, the most frequent first. */
function wordsOf(groups: WordGroups, vectors: KeyedVectors): { word: string; group: number }[] {
  const words = new Map<string, number>()
  Object.values(groups).forEach((members, group) => {
    for (const word of members) if (vectors.has(word) && !words.has(word)) words.set(word, group)
  })
  return [...words]
    .map(([word, group]) => ({ word, group }))
    .sort((a, b) => vectors.indexOf(a.word) - vectors.indexOf(b.word))
}

function project(words: { word: string; group: number }[], vectors: KeyedVectors, frame: Box): Place[] {
  const rows = words.map(({ word }) => unit(vectors.vector(word)))
  const points = new PCA(rows, { center: true }).predict(rows, { nComponents: 2 }).to2DArray() as number[][]
  const axis = (index: 0 | 1, from: number, to: number) => {
    const values = points.map((point) => point[index] ?? 0)
    // An axis has no direction of its own: the most frequent word lies on its lower side, so that equal runs look equal.
    const sign = values[0]! > 0 ? -1 : 1
    const scale = scaleLinear(
      [Math.min(...values.map((v) => v * sign)), Math.max(...values.map((v) => v * sign))],
      [from, to],
    )
    return values.map((value) => scale(value * sign))
  }
  const [xs, ys] = [axis(0, frame.left, frame.right), axis(1, frame.bottom, frame.top)]
  return words.map(({ word, group }, i) => ({ word, group, x: xs[i]!, y: ys[i]! }))
}

function unit(vector: Float32Array): number[] {
  const length = Math.hypot(...vector) || 1
  return Array.from(vector, (value) => value / length)
}

/** The groups' names in rows from the left, each with room for its dot. */
function placeLegend(names: string[], width: number): { name: string; x: number; y: number }[] {
  let [x, y] = [0, 15]
  return names.map((name) => {
    const step = textWidth(name) + 34
    if (x > 0 && x + step > width) [x, y] = [0, y + 20]
    const entry = { name, x, y }
    x += step
    return entry
  })
}

function colour(group: number): string {
  return `group-${group % colourCount}`
}

/** English words that most corpora hold, spread over the fields that word vectors tell apart. */
const wellKnown = `
king queen man woman men women boy girl father mother son daughter children family
france germany england spain italy russia china japan india america london paris
january april july october monday friday
one two three four five hundred million
army navy war peace soldiers battle
gold silver money bank dollars price
school university students science education book
water river sea mountain island ship
red white black green
wheat cotton corn cattle horse dog
court judge law crime
music film art church god
good bad great small
`
  .trim()
  .split(/\s+/)
