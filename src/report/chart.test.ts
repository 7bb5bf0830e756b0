import { expect, test } from 'vitest'
import { lineChart, type Point, thinOut, yRange } from './chart.ts'

const falling: Point[] = Array.from({ length: 50 }, (_, i) => [i, 3 - i / 50])

function pathOf(svg: string): Point[] {
  const path = /d="([^"]+)"/.exec(svg)![1]!
  expect(path).toMatch(/^M[^M]+$/) // one unbroken line
  return path
    .split(/[ML]/)
    .slice(1)
    .map((pair) => pair.split(' ').map(Number) as Point)
}

test('a falling curve falls from left to right, inside the axes', () => {
  const points = pathOf(
    lineChart({ title: 'Loss', xLabel: 'words', yLabel: 'nats', points: falling, width: 400, height: 200 }),
  )
  expect(points).toHaveLength(50)
  for (let i = 1; i < points.length; i++) {
    expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0])
    expect(points[i]![1]).toBeGreaterThanOrEqual(points[i - 1]![1]) // downwards on the page
  }
  expect(points[0]![0]).toBeGreaterThan(40)
  expect(points.at(-1)![0]).toBeLessThan(400)
})

test('axes have their units, ticks and marks', () => {
  const svg = lineChart({
    title: 'Loss <1>',
    xLabel: 'million words',
    yLabel: 'nats',
    points: falling,
    marks: [10, 20],
    level: { y: 2.5, label: 'plan' },
  })
  expect(svg).toContain('>million words<')
  expect(svg).toContain('>nats<')
  expect(svg).toContain('>2.4<')
  expect(svg).toContain('>40<')
  expect(svg).toContain('>plan<')
  expect(svg).toContain('>Loss &lt;1&gt;<')
  expect(svg.match(/class="epoch"/g)).toHaveLength(2)
})

test('one point or none is said, not drawn', () => {
  for (const points of [[], [[1, 2]]] as Point[][]) {
    const svg = lineChart({ title: 'Loss', xLabel: 'words', yLabel: 'nats', points })
    expect(svg).toContain('nothing recorded')
    expect(svg).not.toContain('<path')
  }
})

test('the y axis begins where the values lie, and one wild value does not stretch it', () => {
  const wild: Point[] = [
    ...Array.from({ length: 200 }, (_, i) => [i, 2 + (i % 10) / 100] as Point),
    [200, 1e6],
  ]
  const [low, high] = yRange(wild, false)
  expect(low).toBeGreaterThan(1.9)
  expect(high).toBeLessThan(2.2)
  expect(yRange(falling, true, 5)).toEqual([0, 5.25])
  const [flatLow, flatHigh] = yRange(
    [
      [0, 4],
      [1, 4],
    ],
    false,
  )
  expect(flatLow).toBeLessThan(4)
  expect(flatHigh).toBeGreaterThan(4)
})

test('many points are thinned to means', () => {
  const many: Point[] = Array.from({ length: 10_000 }, (_, i) => [i, i % 2])
  const thin = thinOut(many, 100)
  expect(thin).toHaveLength(100)
  expect(thin[0]).toEqual([49.5, 0.5])
  expect(thinOut(falling, 100)).toBe(falling)
})
