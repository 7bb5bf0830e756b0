import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Points } from './points.ts'

/** All points of a run, as training comes to them from a place. */
function pointsFrom(points: Points, blocks: number, epochs: number, from: number): number[] {
  const found: number[] = []
  for (let steps = from; steps < blocks * epochs; ) {
    const epoch = Math.floor(steps / blocks) + 1
    const end = (epoch - 1) * blocks + points.endOf(epoch, steps - (epoch - 1) * blocks)
    expect(end).toBeGreaterThan(steps)
    steps = end
    if (points.has(steps)) found.push(steps)
  }
  return found
}

test.each([
  ['1epoch', [10, 20, 30]],
  ['0.25epochs', [3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28, 30]],
  ['0.1epochs', Array.from({ length: 30 }, (_, i) => i + 1)],
  ['1.5epochs', [15, 30]],
  ['7epochs', [30]],
  ['4steps', [4, 8, 12, 16, 20, 24, 28, 30]],
  ['250words', [3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28, 30]],
  ['1kwords', [10, 20, 30]],
  [undefined, [10, 20, 30]],
])('every %s, of three epochs of 10 blocks of 100 words, %j', (evaluateEvery, expected) => {
  const config = { seed: 1, epochs: 3, ...(evaluateEvery && { evaluateEvery }) }
  const points = new Points(config, new Uint32Array(10).fill(100))
  expect(pointsFrom(points, 10, 3, 0)).toEqual(expected)
  expect(points.has(0)).toBe(true)
})

test('wherever a run is taken up, the same points follow', () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 12 }),
      fc.constantFrom('0.3epochs', '0.07epochs', '3steps', '40words', '7words', '2.5epochs'),
      fc.integer({ min: 1, max: 4 }),
      fc.integer(),
      (words, evaluateEvery, epochs, seed) => {
        const points = new Points({ seed: Math.abs(seed), epochs, evaluateEvery }, Uint32Array.from(words))
        const all = pointsFrom(points, words.length, epochs, 0)
        expect(all.at(-1)).toBe(words.length * epochs)
        for (let from = 0; from < words.length * epochs; from++)
          expect(pointsFrom(points, words.length, epochs, from)).toEqual(all.filter((steps) => steps > from))
      },
    ),
    { numRuns: 50 },
  ))
