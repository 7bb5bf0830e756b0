import { expect, test } from 'vitest'
import { Random } from '../core/random.ts'
import { Search } from './search.ts'
import { VectorTable } from './table.ts'

const seed = 7n

function randomTable(rows: number, dim: number): VectorTable {
  const random = new Random(seed)
  const table = new VectorTable(rows, dim)
  for (let i = 0; i < rows; i++) {
    const row = table.add(Buffer.from(`w${i}`))!
    for (let d = 0; d < dim; d++) row[d] = random.below(2001) / 1000 - 1
  }
  return table
}

function set(target: Float64Array, query: ArrayLike<number>, excluded: readonly number[] = []) {
  target.set(query)
  return excluded
}

/** The plain way: all cosines in float64, sorted. */
function plainNearest(
  table: VectorTable,
  query: ArrayLike<number>,
  restrict: number,
  excluded: readonly number[],
) {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, x, d) => sum + x * b[d]!, 0)
  return Array.from({ length: Math.min(restrict, table.length) }, (_, row) => {
    const vector = table.row(row)
    return { row, score: dot(vector, query) / Math.sqrt(dot(vector, vector) * dot(query, query)) }
  })
    .filter(({ row }) => !excluded.includes(row))
    .sort((a, b) => b.score - a.score)
}

// Widths and counts around the kernel's 4 columns, 4 and 6 rows, 2 queries and its blocks.
for (const [rows, dim] of [
  [1, 1],
  [5, 3],
  [6, 4],
  [7, 5],
  [383, 8],
  [385, 13],
  [770, 100],
  [20_000, 6],
] as const)
  test(`${rows} rows × ${dim}: both searches find what the plain way finds, seed ${seed}`, () => {
    const table = randomTable(rows, dim)
    const search = new Search(table)
    for (const restrict of [rows, Math.ceil(rows / 2) + 1, rows + 5]) {
      const queries = [0, Math.floor(rows / 2), rows - 1].map((row) =>
        table.row(row).map((x, d) => x + d / 50 + 0.01),
      )
      const excluded = [[rows - 1, 0], [], [0]]
      const best = search.bestRows(
        queries.length,
        (i, target) => set(target, queries[i]!, excluded[i]!),
        restrict,
      )
      queries.forEach((query, i) => {
        const expected = plainNearest(table, query, restrict, excluded[i]!)
        const found = search.nearest(query, { count: 3, restrict, excluded: excluded[i]! })
        expect(found.length).toBe(Math.min(3, expected.length))
        found.forEach((match, j) => {
          expect(match.score).toBeCloseTo(expected[j]!.score, 5)
          expect(excluded[i]).not.toContain(match.row)
        })
        expect(best[i]).toBe(found[0]?.row ?? -1)
      })
    }
  })

test('more queries than one batch holds are all answered', () => {
  const table = randomTable(500, 10)
  const search = new Search(table)
  const best = search.bestRows(259, (i, target) => set(target, table.row(i)))
  expect([...best]).toEqual(Array.from({ length: 259 }, (_, i) => i))
})

test('of equal rows the first is found; a row of zeros never', () => {
  const table = new VectorTable(9, 2)
  for (let i = 0; i < 9; i++) table.add(Buffer.from(`w${i}`))!.set(i < 2 ? [0, 0] : [-1, -2])
  const search = new Search(table)
  expect(search.nearest(Float32Array.of(1, 2), { count: 9 }).map(({ row }) => row)).toEqual([
    2, 3, 4, 5, 6, 7, 8,
  ])
  expect([...search.bestRows(1, (_, target) => set(target, [1, 2]))]).toEqual([2])
  expect([...search.bestRows(1, (_, target) => set(target, [1, 2], [2, 3, 4]))]).toEqual([5])
})

test('rows whose squares leave float32 have a length all the same', () => {
  const table = new VectorTable(2, 2)
  table.add(Buffer.from('large'))!.set([3e30, 4e30])
  table.add(Buffer.from('small'))!.set([3e-30, 4e-30])
  const search = new Search(table)
  expect(search.inverseLength(0)).toBeCloseTo(2e-31, 36)
  expect(search.inverseLength(1) / 2e29).toBeCloseTo(1, 5)
})

test('a value that is not finite is told with its word', () => {
  for (const bad of [Number.NaN, Infinity]) {
    const table = new VectorTable(2, 2)
    table.add(Buffer.from('good'))!.set([1, 2])
    table.add(Buffer.from('bad'))!.set([1, bad])
    expect(() => new Search(table)).toThrow(`the vector of "bad" (row 2) holds ${bad}`)
  }
})

test('vectors that no WebAssembly memory can hold are refused', () => {
  expect(() => new VectorTable(4_000_000, 300)).toThrow('4,000,000 words × 300 numbers do not fit')
})
