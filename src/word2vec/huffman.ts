import { assert } from '../core/errors.ts'

// V words · P words that occur, the first of the V · a node is a word (0 … P-1) or an inner node (P + its row)

/**
 * The Huffman tree of hierarchical softmax: paths to words, short for frequent ones, so that a path is on average
 * as short as it can be.
 *
 * The two nodes of the least count are joined under a new one until one is left, the root. As the words are sorted
 * by count, and new nodes come out in rising order of theirs, the least is always the last word not yet joined or
 * the first new node not yet joined: one index runs down the words, one up the new nodes. Where both have the same
 * count the new node is taken. The lesser of the two is the branch of code 0, the other that of code 1. So paths
 * are those of word2vec.c.
 *
 * A word that does not occur is never a target: it has no part in the tree, and an empty path.
 *
 * counts  V, none greater than the one before it
 * memory  about 18 bytes a word while it is built, 10 afterwards
 *
 * Source: CreateBinaryTree of word2vec.c, but that paths may be longer than its 40 steps.
 */
export class HuffmanTree {
  /** The lengths of all paths together. */
  readonly steps: number
  /** Steps of the longest path. */
  readonly longest: number
  readonly #words: number
  readonly #occurring: number
  /** Of each node but the root: the row of the node that it hangs from | its code << 31. That is a path's step. */
  readonly #up: Uint32Array
  /** Of each inner node, by row: steps from the root. */
  readonly #depth: Uint16Array

  constructor(counts: Float64Array) {
    this.#words = counts.length
    this.#occurring = occurring(counts)
    this.#up = join(counts.subarray(0, this.#occurring))
    const inner = Math.max(0, this.#occurring - 1)
    this.#depth = new Uint16Array(inner)
    // A node was made after those below it, so the root has the last row.
    for (let row = inner - 2; row >= 0; row--) this.#depth[row] = this.#length(this.#occurring + row)
    let steps = 0
    let longest = 0
    for (let word = 0; word < this.#occurring; word++) {
      const length = this.#length(word)
      steps += length
      longest = Math.max(longest, length)
    }
    this.steps = steps
    this.longest = longest
  }

  /**
   * Writes the paths, from the root down.
   *
   * offsets  V+1: the path of word w is `steps` from offsets[w] to offsets[w + 1]
   * steps    `this.steps`: an inner node | the code of the branch to take there << 31. Inner node n, of P-1, is
   *          row n of the output vectors; the root is the last
   */
  write(offsets: Uint32Array, steps: Uint32Array): void {
    let end = 0
    offsets[0] = 0
    for (let word = 0; word < this.#words; word++) {
      const length = word < this.#occurring ? this.#length(word) : 0
      end += length
      offsets[word + 1] = end
      let node = word
      for (let i = end - 1; i >= end - length; i--) {
        const step = this.#up[node]!
        steps[i] = step
        node = this.#occurring + (step & 0x7fffffff)
      }
    }
  }

  /** Steps from the root to a node below one whose depth is known. */
  #length(node: number): number {
    return this.#occurring > 1 ? this.#depth[this.#up[node]! & 0x7fffffff]! + 1 : 0
  }
}

/** How many words have a count; those without must stand at the end. */
function occurring(counts: Float64Array): number {
  let words = 0
  for (let word = 0; word < counts.length; word++) {
    assert(word === 0 || counts[word]! <= counts[word - 1]!, 'the counts of a Huffman tree fall')
    if (counts[word]! > 0) words++
  }
  return words
}

/** Joins all nodes to a tree; see `HuffmanTree`. Gives its `#up`. */
function join(counts: Float64Array): Uint32Array {
  const words = counts.length
  const inner = Math.max(0, words - 1)
  const up = new Uint32Array(2 * inner)
  // Behind the last made, so that none is taken that is not there yet.
  const sums = new Float64Array(inner + 1).fill(Number.POSITIVE_INFINITY)
  let word = words - 1
  let row = 0
  const least = () => (word >= 0 && counts[word]! < sums[row]! ? word-- : words + row++)
  for (let made = 0; made < inner; made++) {
    const lesser = least()
    const other = least()
    sums[made] = countOf(lesser) + countOf(other)
    up[lesser] = made
    up[other] = made + 2 ** 31
  }
  return up

  function countOf(node: number): number {
    return node < words ? counts[node]! : sums[node - words]!
  }
}
