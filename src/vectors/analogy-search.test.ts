import { expect, test } from 'vitest'
import { Random } from '../core/random.ts'
import type { Analogy } from './analogy-search.ts'
import { Search } from './search.ts'
import { scratch, VectorTable } from './table.ts'

const seed = 11n

function randomTable(rows: number, dim: number): VectorTable {
  const random = new Random(seed)
  const table = new VectorTable(rows, dim)
  for (let i = 0; i < rows; i++) {
    const row = table.add(Buffer.from(`w${i}`))!
    for (let d = 0; d < dim; d++) row[d] = random.below(2001) / 1000 - 1
  }
  return table
}

/** In float64, row by row. */
function plainBest(
  table: VectorTable,
  { rows, weights, excluded }: Analogy,
  by: 'sum' | 'ratio',
  restrict: number,
) {
  const unit = (row: number) => {
    const values = table.row(row)
    const length = Math.hypot(...values)
    return Array.from(values, (x) => x / length)
  }
  const units = rows.map(unit)
  let best = { row: -1, score: -Infinity }
  for (let row = 0; row < Math.min(restrict, table.length); row++) {
    if (excluded.includes(row)) continue
    const own = unit(row)
    const cosines = units.map((other) => other.reduce((sum, x, d) => sum + x * own[d]!, 0))
    const [b, c, a] = cosines.map((cosine) => (1 + cosine) / 2)
    const score =
      by === 'ratio' ? (b! * c!) / (a! + 1e-6) : cosines.reduce((sum, x, i) => sum + x * weights[i]!, 0)
    if (score > best.score) best = { row, score }
  }
  return best.row
}

// Around 4 columns, 6 and 16 rows, and blocks.
for (const [rows, dim] of [
  [3, 1],
  [7, 5],
  [scratch.span - 1, 8],
  [scratch.span + 1, 4],
  [2 * scratch.span + 17, 20],
] as const)
  test(`${rows} rows × ${dim}: sums and ratios are best where the plain way finds it, seed ${seed}`, () => {
    const table = randomTable(rows, dim)
    const { analogies } = new Search(table)
    const random = new Random(seed + 1n)
    const questions = Array.from({ length: 40 }, (_, i) => {
      const [a, b, c] = [random.below(rows), random.below(rows), random.below(rows)]
      const more = i % 2 ? [random.below(rows), random.below(rows)] : []
      return { rows: [b, c, a, ...more], weights: [1, 0.5, -1, 0.25, -0.25], excluded: [a, b, c] }
    })
    for (const restrict of [rows, Math.ceil(rows / 2) + 1, rows + 5]) {
      expect([...analogies.best(questions, 'sum', restrict)]).toEqual(
        questions.map((question) => plainBest(table, question, 'sum', restrict)),
      )
      const three = questions.filter((_, i) => i % 2 === 0)
      expect([...analogies.best(three, 'ratio', restrict)]).toEqual(
        three.map((question) => plainBest(table, question, 'ratio', restrict)),
      )
    }
  })

test('more words, terms and questions than one batch holds are all answered', () => {
  const table = randomTable(1500, 12)
  const { analogies } = new Search(table)
  const own = (row: number, terms: number): Analogy => ({
    rows: new Array<number>(terms).fill(row),
    weights: new Array<number>(terms).fill(1),
    excluded: [],
  })
  const words = Array.from({ length: 1500 }, (_, row) => own(row, 1))
  const terms = Array.from({ length: 5000 }, (_, i) => own(i % 500, 7))
  const questions = Array.from({ length: scratch.questions + 3 }, (_, i) => own(i % 7, 1))
  for (const asked of [words, terms, questions, []])
    expect([...analogies.best(asked, 'sum')]).toEqual(asked.map(({ rows }) => rows[0]))
})

test('a word of zeros is never found, and leaves the others of a question to decide', () => {
  const table = new VectorTable(4, 2)
  for (const row of [
    [0, 0],
    [3e30, 4e30],
    [1, 0],
    [1, 0.1],
  ])
    table.add(Buffer.from(`w${row}`))!.set(row)
  const { analogies } = new Search(table)
  const asked = [
    { rows: [0, 2], weights: [1, 1], excluded: [2] },
    { rows: [1], weights: [1], excluded: [] },
    { rows: [2], weights: [1], excluded: [1, 2, 3] },
  ]
  expect([...analogies.best(asked, 'sum')]).toEqual([3, 1, -1])
})
