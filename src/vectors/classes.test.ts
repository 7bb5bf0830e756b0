import { expect, test } from 'vitest'
import { Random } from '../core/random.ts'
import { orderByClass, wordClasses, writeClasses } from './classes.ts'
import { KeyedVectors } from './keyed-vectors.ts'
import { WordTable } from './words.ts'

const seed = 11n

function vectorsOf(rows: readonly ArrayLike<number>[]): KeyedVectors {
  const dim = rows[0]!.length
  const matrix = new Float32Array(rows.length * dim)
  rows.forEach((row, i) => {
    matrix.set(row, i * dim)
  })
  return KeyedVectors.from({ words: WordTable.from(rows.map((_, i) => `w${i}`)), dim, matrix })
}

/** Rows about some random directions, of different lengths. */
function randomRows(count: number, dim: number, centres: number): number[][] {
  const random = new Random(seed)
  const unit = () => random.below(2001) / 1000 - 1
  const directions = Array.from({ length: centres }, () => Array.from({ length: dim }, unit))
  return Array.from({ length: count }, () => {
    const direction = directions[random.below(centres)]!
    const length = 0.1 + random.below(100) / 10
    return direction.map((x) => length * (x + 0.4 * unit()))
  })
}

/** The plain way, in float64. */
function plainClasses(rows: readonly number[][], classes: number, rounds: number): number[] {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0)
  let classOf = rows.map((_, i) => i % classes)
  for (let round = 0; round < rounds; round++) {
    const centroids = Array.from({ length: classes }, (_, k) => {
      const sum = rows[0]!.map((_, d) =>
        rows.reduce((total, row, i) => total + (classOf[i] === k ? Math.fround(row[d]!) : 0), 0),
      )
      const length = Math.sqrt(dot(sum, sum))
      return length > 0 ? sum.map((x) => x / length) : null
    })
    classOf = rows.map((row) => {
      const scores = centroids.map((centroid) => (centroid ? dot(centroid, row) : -Infinity))
      return scores.indexOf(Math.max(...scores))
    })
  }
  return classOf
}

// Sizes around the search's 4 columns, 6 rows, 64 queries, and a step of progress.
for (const [words, dim, classes, rounds] of [
  [1, 1, 1, 1],
  [7, 3, 7, 3],
  [65, 4, 5, 1],
  [300, 10, 12, 10],
  [400, 13, 40, 5],
  [4200, 6, 3, 2],
] as const)
  test(`${words} × ${dim} into ${classes} classes, ${rounds} rounds: as the plain way, seed ${seed}`, () => {
    const rows = randomRows(words, dim, classes + 2)
    const vectors = vectorsOf(rows)
    const classOf = wordClasses(vectors, { classes, rounds })
    expect([...classOf]).toEqual(plainClasses(rows, classes, rounds))
    expect(wordClasses(vectors, { classes, rounds })).toEqual(classOf)
    for (const k of classOf) expect(k >= 0 && k < classes).toBe(true)
  })

test('words about three directions are three classes', () => {
  const rows = Array.from({ length: 90 }, (_, i) => [0, 1, 2].map((d) => (d === i % 3 ? 1 + i : 0.1)))
  // Word i begins in class i mod 4, which says nothing about its direction.
  const classOf = wordClasses(vectorsOf(rows), { classes: 4 })
  for (let i = 3; i < 90; i++) expect(classOf[i]).toBe(classOf[i % 3])
  expect(new Set(classOf).size).toBe(3)
})

test('a vector of zeros goes to the first class that is not empty; opposite ones may leave no direction', () => {
  expect([
    ...wordClasses(
      vectorsOf([
        [0, 0],
        [1, 0],
        [0, 1],
      ]),
      { classes: 3, rounds: 1 },
    ),
  ]).toEqual([1, 1, 2])
  expect([
    ...wordClasses(
      vectorsOf([
        [1, 2],
        [-1, -2],
      ]),
      { classes: 1 },
    ),
  ]).toEqual([0, 0])
})

test('a vector of any length finds its class', () => {
  // Its dot products are all far below word2vec.c's lower bound of -10.
  const rows = [
    [1, 0],
    [1, 0.1],
    [-1000, -100],
    [1, 0.2],
  ]
  const classOf = wordClasses(vectorsOf(rows), { classes: 2, rounds: 1 })
  expect([...classOf]).toEqual(plainClasses(rows, 2, 1))
})

test('progress rises to 1', () => {
  const told: number[] = []
  const vectors = vectorsOf(randomRows(9000, 2, 3))
  wordClasses(vectors, { classes: 3, rounds: 2, onProgress: (done) => told.push(done) })
  expect(told).toHaveLength(6)
  expect(told).toEqual([...told].sort((a, b) => a - b))
  expect(told.at(-1)).toBe(1)
})

test('all words are written once, in their order or by class', () => {
  const vectors = vectorsOf(randomRows(50, 4, 5))
  const classOf = wordClasses(vectors, { classes: 5 })
  const lines = (order?: Iterable<number>) => {
    const parts: Buffer[] = []
    writeClasses((bytes) => parts.push(Buffer.from(bytes)), vectors, classOf, order)
    return Buffer.concat(parts).toString().split('\n')
  }
  const inOrder = lines()
  expect(inOrder).toEqual([...Array.from(classOf, (k, i) => `w${i} ${k}`), ''])
  const sorted = lines(orderByClass(classOf))
  expect([...sorted].sort()).toEqual([...inOrder].sort())
  const classes = sorted.slice(0, -1).map((line) => Number(line.split(' ')[1]))
  expect(classes).toEqual([...classes].sort((a, b) => a - b))
})

test('mistakes are told', () => {
  const vectors = vectorsOf([
    [1, 2],
    [3, 4],
  ])
  expect(() => wordClasses(vectors)).toThrow('500 classes were asked for, of 2 words')
  expect(() => wordClasses(vectors, { classes: 0 })).toThrow('classes is 0')
  expect(() => wordClasses(vectors, { classes: 1, rounds: 1.5 })).toThrow('rounds is 1.5')
  expect(() => wordClasses(vectorsOf([[0], [0]]), { classes: 1 })).toThrow('all vectors are zero')
})
