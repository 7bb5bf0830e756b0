import { expect, test } from 'vitest'
import { incompleteBeta, pearson, ranks, spearman } from './correlation.ts'

test('equal numbers share the mean of their ranks', () => {
  expect(ranks([10, 20, 10, 30, 10])).toEqual([2, 4, 2, 5, 2])
  expect(ranks([3])).toEqual([1])
})

// Expected values: scipy.stats 1.10.
test('coefficients and their chances are those of scipy', () => {
  const x = [1, 2, 3, 4, 5, 6, 7]
  const y = [2, 1, 4, 3, 7, 5, 5]
  expect(pearson(x, y).value).toBeCloseTo(0.7580980435789033, 12)
  expect(pearson(x, y).p).toBeCloseTo(0.04828586635568899, 12)
  expect(spearman(x, y).value).toBeCloseTo(0.8108437164260032, 12)
  expect(spearman(x, y).p).toBeCloseTo(0.02691632884316199, 12)
})

test('the incomplete beta function, also far out in its tail', () => {
  expect(incompleteBeta(0.3, 2, 3)).toBeCloseTo(0.3483, 12)
  expect(incompleteBeta(0.9, 0.5, 0.5)).toBeCloseTo(0.7951672353008662, 12)
  expect(incompleteBeta(0.5, 500, 0.5) / 1.088720247174816e-152).toBeCloseTo(1, 9)
  expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1])
})

test('perfect agreement has chance 0; what cannot be told is null', () => {
  expect(pearson([1, 2, 3], [4, 5, 6])).toEqual({ value: 1, p: 0 })
  expect(pearson([1, 2], [3, 1])).toEqual({ value: -1, p: null })
  for (const [x, y] of [
    [[], []],
    [[1], [2]],
    [
      [1, 1, 1],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [0.1, 0.1, 0.1],
    ],
  ] as [number[], number[]][])
    for (const of of [pearson, spearman]) expect(of(x, y)).toEqual({ value: null, p: null })
})
