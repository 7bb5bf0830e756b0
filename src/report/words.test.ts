import { expect, test } from 'vitest'
import { families, madeUpVectors } from '../../test/report/made-up-run.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { labelBox, overlap, placeLabels, wordsPicture } from './words.ts'

const vectors = madeUpVectors()

function circles(svg: string): { x: number; y: number; word: string; colour: string }[] {
  const found = svg.matchAll(/<circle class="(group-\d)" cx="([\d.-]+)" cy="([\d.-]+)" r="3"><title>([^<]*)/g)
  return [...found].map(([, colour, x, y, word]) => ({
    x: Number(x),
    y: Number(y),
    word: word!,
    colour: colour!,
  }))
}

test('each word is a point inside the frame, in the colour of its group', () => {
  const points = circles(wordsPicture(vectors, { groups: families, width: 800, height: 500 })!)
  expect(points).toHaveLength(40)
  for (const { x, y } of points) {
    expect(x).toBeGreaterThan(0)
    expect(x).toBeLessThan(800)
    expect(y).toBeGreaterThan(20)
    expect(y).toBeLessThan(500)
  }
  expect(points.find(({ word }) => word === 'silver')!.colour).toBe('group-1')
  expect(points.find(({ word }) => word === 'july')!.colour).toBe('group-3')
})

test('words alike lie nearer each other than words unlike', () => {
  const { war, gold } = families as { war: string[]; gold: string[] }
  const points = circles(wordsPicture(vectors, { groups: { war, gold } })!)
  const middle = (words: string[]) => {
    const own = points.filter(({ word }) => words.includes(word))
    return own.reduce((sum, { x }) => sum + x, 0) / own.length
  }
  expect(Math.abs(middle(war) - middle(gold))).toBeGreaterThan(500)
})

test('labels never cover each other, and crowded ones are left out', () => {
  const places = Array.from({ length: 60 }, (_, i) => ({
    word: `word${i}`,
    group: 0,
    x: 20 + ((i * 37) % 160),
    y: 20 + ((i * 53) % 120),
  }))
  const frame = { left: 0, top: 0, right: 200, bottom: 160 }
  const labels = placeLabels(places, frame)
  expect(labels.length).toBeGreaterThan(5)
  expect(labels.length).toBeLessThan(60)
  const boxes = labels.map(labelBox)
  for (const [i, box] of boxes.entries()) {
    expect(box.left).toBeGreaterThanOrEqual(0)
    expect(box.right).toBeLessThanOrEqual(200)
    for (const other of boxes.slice(i + 1)) expect(overlap(box, other)).toBe(false)
    for (const { x, y } of places) expect(overlap(box, { left: x, top: y, right: x, bottom: y })).toBe(false)
  }
})

test('a lone word has its label at its right', () => {
  const [label] = placeLabels([{ word: 'mill', group: 0, x: 50, y: 50 }], {
    left: 0,
    top: 0,
    right: 200,
    bottom: 100,
  })
  expect(label).toMatchObject({ x: 56, anchor: 'start' })
  const [atEdge] = placeLabels([{ word: 'mill', group: 0, x: 190, y: 50 }], {
    left: 0,
    top: 0,
    right: 200,
    bottom: 100,
  })
  expect(atEdge).toMatchObject({ x: 184, anchor: 'end' })
})

test('words that are not there are passed over, and text is escaped', () => {
  const svg = wordsPicture(vectors, { groups: { odd: ['<b>', 'a&b', '"c"', 'zebra', 'gold', 'gold'] } })!
  expect(circles(svg).map(({ word }) => word)).toEqual(['gold', '&lt;b&gt;', 'a&amp;b', '&quot;c&quot;'])
  expect(svg).not.toContain('<b>')
  expect(wordsPicture(vectors, { groups: { few: ['gold', 'silver', 'zebra'] } })).toBeUndefined()
})

test('without groups, well-known words are drawn; the same vectors give the same picture', () => {
  const svg = wordsPicture(vectors)!
  const words = circles(svg).map(({ word }) => word)
  expect(words).toContain('gold')
  expect(words.every((word) => vectors.has(word) || word.includes('&'))).toBe(true)
  expect(wordsPicture(madeUpVectors())).toBe(svg)
})

test('only the direction of a vector counts, not its length', () => {
  const { words, dim, matrix, stride } = vectors
  const longer = matrix.slice()
  for (let d = 0; d < dim; d++) longer[stride * vectors.indexOf('gold') + d]! *= 50
  const stretched = KeyedVectors.from({ words, dim, stride, matrix: longer })
  const before = circles(wordsPicture(vectors)!)
  for (const [i, { x, y }] of circles(wordsPicture(stretched)!).entries()) {
    expect(x).toBeCloseTo(before[i]!.x, 1)
    expect(y).toBeCloseTo(before[i]!.y, 1)
  }
})

test('a word of two groups is drawn once, in the colour of the first', () => {
  const points = circles(
    wordsPicture(vectors, { groups: { a: ['war', 'army', 'gold'], b: ['gold', 'coin'] } })!,
  )
  expect(points.filter(({ word }) => word === 'gold').map(({ colour }) => colour)).toEqual(['group-0'])
})
