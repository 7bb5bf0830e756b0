import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../core/random.ts'
import { HuffmanTree } from './huffman.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

/** The path of each word, as [inner node, code] from the root. */
function pathsOf(counts: number[]): [number, number][][] {
  const tree = new HuffmanTree(Float64Array.from(counts))
  const offsets = new Uint32Array(counts.length + 1).fill(7)
  const steps = new Uint32Array(tree.steps).fill(7)
  tree.write(offsets, steps)
  expect(offsets[counts.length]).toBe(tree.steps)
  const paths = counts.map((_, word) =>
    [...steps.subarray(offsets[word], offsets[word + 1])].map((step): [number, number] => [
      step & 0x7fffffff,
      step >>> 31,
    ]),
  )
  expect(Math.max(0, ...paths.map((path) => path.length))).toBe(tree.longest)
  return paths
}

/** The least Σ count · length that a code can have: the sum of all joined counts, the two least joined each time. */
function leastCost(counts: number[]): number {
  const open = [...counts].sort((a, b) => b - a)
  let cost = 0
  while (open.length > 1) {
    const joined = open.pop()! + open.pop()!
    cost += joined
    open.push(joined)
    open.sort((a, b) => b - a)
  }
  return cost
}

function randomCounts(size: number, most: number, random: Random): number[] {
  return Array.from({ length: size }, () => 1 + random.below(most)).sort((a, b) => b - a)
}

// Worked by hand from word2vec.c's rule. Words 3 and 2 make node 0 (count 2), which goes before word 1 of the same
// count; they make node 1 (4), which is less than word 0 (5); node 2 is the root. Code 1 is the second taken.
test('paths are those of word2vec.c', () => {
  expect(pathsOf([5, 2, 1, 1])).toEqual([
    [[2, 1]],
    [
      [2, 0],
      [1, 1],
    ],
    [
      [2, 0],
      [1, 0],
      [0, 1],
    ],
    [
      [2, 0],
      [1, 0],
      [0, 0],
    ],
  ])
})

test('a tree of one word, or of none, has an empty path', () => {
  expect(pathsOf([9])).toEqual([[]])
  expect(pathsOf([])).toEqual([])
  expect(pathsOf([4, 3])).toEqual([[[0, 1]], [[0, 0]]])
})

test('words that do not occur have no part in the tree', () => {
  expect(pathsOf([5, 2, 1, 1, 0, 0])).toEqual([...pathsOf([5, 2, 1, 1]), [], []])
  expect(pathsOf([9, 0])).toEqual([[], []])
  expect(pathsOf([0, 0])).toEqual([[], []])
})

test('counts that do not fall are refused', () => {
  expect(() => new HuffmanTree(Float64Array.from([1, 2]))).toThrow('fall')
})

const sizes = [2, 3, 4, 5, 17, 100, 1000]
test.each(sizes.flatMap((size) => [3, 1e3, 1e9].map((most) => ({ size, most }))))(
  '$size words of counts to $most: each reached by a code of its own, at the least cost',
  ({ size, most }) => {
    const counts = randomCounts(size, most, new Random(deriveSeed(seed, size, most)))
    const paths = pathsOf(counts)
    // Every branch of every inner node is taken, each leads to one place only, and the words are where it ends.
    const ends = new Map<string, string>()
    for (const [word, path] of paths.entries()) {
      for (const [i, [node, code]] of path.entries()) {
        expect(node, `SEED=${seed}`).toBeLessThan(size - 1)
        const next = path[i + 1]
        const end = next ? `node ${next[0]}` : `word ${word}`
        expect(ends.get(`${node}/${code}`) ?? end, `SEED=${seed}`).toBe(end)
        ends.set(`${node}/${code}`, end)
      }
      expect(path[0]![0], `SEED=${seed}`).toBe(size - 2)
    }
    expect(ends.size, `SEED=${seed}`).toBe(2 * (size - 1))
    expect(new Set(ends.values()).size, `SEED=${seed}`).toBe(2 * (size - 1))
    const cost = counts.reduce((sum, count, word) => sum + count * paths[word]!.length, 0)
    expect(cost, `SEED=${seed}`).toBe(leastCost(counts))
    for (let word = 1; word < size; word++) {
      if (counts[word]! < counts[word - 1]!)
        expect(paths[word]!.length, `SEED=${seed}`).toBeGreaterThanOrEqual(paths[word - 1]!.length)
    }
  },
)

test('counts that grow as Fibonacci numbers make the longest paths', () => {
  const counts = [1, 1]
  while (counts.length < 70) counts.unshift(counts[0]! + counts[1]!)
  const paths = pathsOf(counts)
  expect(paths[69]!.length).toBe(69)
  expect(paths[0]!.length).toBe(1)
})
