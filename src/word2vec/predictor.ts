import { HuffmanTree } from './huffman.ts'

// V words · D vector width

/** A trained model, of which a few rows are asked for: rows are D numbers, packed. */
export interface TrainedModel {
  model: 'skipgram' | 'cbow'
  loss: 'ns' | 'hs' | 'nce'
  cbowInput: 'mean' | 'sum'
  dim: number
  /** V: how often each word was seen. */
  counts: Float64Array
  /** Row of a word as a context. */
  input(word: number): Float32Array
  /** Row of a word as a target; with hierarchical softmax, of an inner node of the tree. */
  output(row: number): Float32Array
}

/**
 * What a trained model says of words that stand together.
 *
 * hs   exact: the product over a word's path of the chance of each branch
 * ns   log σ(x·t): the chance, as the model was trained to tell it, that the pair is of the text and not of the noise.
 *      That is no probability over the vocabulary; it ranks pairs
 * nce  x·t: noise-contrastive estimation moves it towards the logarithm of the probability itself, its normaliser
 *      being 1 (Mnih and Teh 2012)
 */
export class Predictor {
  readonly #model: TrainedModel
  readonly #paths: { offsets: Uint32Array; steps: Uint32Array } | undefined

  constructor(model: TrainedModel) {
    this.#model = model
    if (model.loss !== 'hs') return
    const tree = new HuffmanTree(model.counts)
    const [offsets, steps] = [new Uint32Array(model.counts.length + 1), new Uint32Array(tree.steps)]
    tree.write(offsets, steps)
    this.#paths = { offsets, steps }
  }

  /**
   * How well a word stands among others: with skip-gram, the logarithms of the chances of each neighbour, the word
   * given, added up (Mikolov et al. 2013a, section 5.4); with cbow, that of the word, its neighbours given.
   */
  fit(word: number, neighbours: readonly number[]): number {
    const { model, input } = this.#model
    if (model === 'cbow') return this.logProbability(this.#joined(neighbours), word)
    const row = input(word)
    return neighbours.reduce((sum, neighbour) => sum + this.logProbability(row, neighbour), 0)
  }

  /** In nats. `x`: an input, D numbers. */
  logProbability(x: ArrayLike<number>, target: number): number {
    const { loss, output } = this.#model
    if (!this.#paths) {
      const s = dot(x, output(target))
      return loss === 'nce' ? s : -softplus(-s)
    }
    const { offsets, steps } = this.#paths
    let sum = 0
    for (let i = offsets[target]!; i < offsets[target + 1]!; i++) {
      const step = steps[i]!
      const s = dot(x, output(step & 0x7fffffff))
      // Code 0 is the branch that is told true, as in word2vec.c.
      sum -= softplus(step >>> 31 === 0 ? -s : s)
    }
    return sum
  }

  #joined(words: readonly number[]): Float64Array {
    const { dim, cbowInput, input } = this.#model
    const weight = cbowInput === 'mean' ? 1 / words.length : 1
    const joined = new Float64Array(dim)
    for (const word of words) {
      const row = input(word)
      for (let d = 0; d < dim; d++) joined[d]! += weight * row[d]!
    }
    return joined
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let d = 0; d < b.length; d++) sum += a[d]! * b[d]!
  return sum
}

/** log(1 + e^x) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
