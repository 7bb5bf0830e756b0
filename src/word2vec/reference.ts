import { assert } from '../core/errors.ts'
import { deriveSeed, mix64, Random } from '../core/random.ts'
import { sentenceBreak } from './model.ts'

// The kernels' mathematics in plain TypeScript, slow and obvious. Kernels are tested against it.
// V vocabulary size · D vector width · K negative samples · C contexts of a window

export interface ReferenceModel {
  model: 'skipgram' | 'cbow'
  loss: 'ns' | 'hs' | 'nce'
  optimizer: 'sgd' | 'adagrad'
  dim: number
  window: number
  radius: 'drawn' | 'fixed'
  negative: number
  negatives: 'shared' | 'per-pair'
  cbowInput: 'mean' | 'sum'
  cbowGradient: 'undivided' | 'divided'
  /** V×D, row-major: words as contexts. */
  input: Float64Array
  /** V×D, row-major: words as targets; with hierarchical softmax, the inner nodes of the tree. */
  output: Float64Array
  /** Adagrad: sums of squared gradients, in the shape of `input`. */
  inputSquares?: Float64Array | undefined
  /** Adagrad: sums of squared gradients, in the shape of `output`. */
  outputSquares?: Float64Array | undefined
  /** V: an occurrence is kept if a random u32 is at most this. */
  keep: Uint32Array
  /** V×2: see `aliasTable`. */
  noise: Uint32Array
  /** V, nce: see `noiseOffsets`. */
  noiseOffsets?: Float32Array | undefined
  /** hs: of word w, `steps` from offsets[w] to offsets[w + 1] (V+1 of these); see `HuffmanTree`. */
  paths?: { offsets: Uint32Array; steps: Uint32Array } | undefined
  /** V: 1 where the input row stays as it is. */
  frozen?: Uint8Array | undefined
}

export interface ReferenceSums {
  /** In nats. */
  loss: number
  /** Dot products that the loss is over: contexts × targets; with cbow, targets. */
  pairs: number
  /** Words that subsampling left, those without a neighbour included. */
  centres: number
}

/** A row of `output`, whether it is to be told true (1) or false (0), and what is added to its dot product. */
export interface Target {
  row: number
  label: 0 | 1
  offset: number
}

/** What moves at once: contexts, in text order, by their rows of `input`, and their targets. */
export interface Step {
  contexts: number[]
  targets: Target[]
}

export interface Gradients {
  /** −dL/ds of each dot product s: a row for each context, a column for each target; with cbow, one row. */
  g: number[][]
  /** In nats. */
  loss: number
  /** cbow: what the contexts are made into, D. */
  h?: Float64Array
}

/**
 * Trains on the word numbers of a block, with breaks behind sentences: one window after the other, each at the
 * values that the last one left. Draws what the kernels draw.
 *
 * seed  of the block, u64
 */
export function trainReference(
  model: ReferenceModel,
  ids: Uint32Array,
  rate: number,
  seed: bigint,
): ReferenceSums {
  const sums = { loss: 0, pairs: 0, centres: 0 }
  const kept = keptWords(model, ids, seed)
  for (const [place, id] of kept.entries()) {
    if (id !== sentenceBreak) sums.centres++
    for (const step of windowSteps(model, kept, place, seed)) {
      const found = gradients(model, step)
      add(sums, found)
      move(model, step, found, rate)
    }
  }
  return sums
}

export function add(sums: { loss: number; pairs: number }, { g, loss }: Gradients): void {
  sums.loss += loss
  for (const row of g) sums.pairs += row.length
}

/** Subsampling: the words of a block that are kept, with the breaks. One random number for each word, none for breaks. */
export function keptWords(model: ReferenceModel, ids: Uint32Array, seed: bigint): Uint32Array {
  const random = new Random(seed)
  return ids.filter((id) => id === sentenceBreak || Number(random.next64() >> 32n) <= model.keep[id]!)
}

/**
 * The steps of one centre word; none if it has no neighbour in its sentence, or is a break.
 *
 * kept   of the block, as `keptWords` gives it
 * place  of the centre word in `kept`
 * seed   of the block, u64
 * pool   the noise words it may take; the 256 up to its own number
 */
export function windowSteps(
  model: ReferenceModel,
  kept: Uint32Array,
  place: number,
  seed: bigint,
  pool: NoisePool = { newest: place, size: 256 },
): Step[] {
  const centre = kept[place]!
  if (centre === sentenceBreak) return []
  const random = windowRandom(seed, place)
  const radius = model.radius === 'drawn' ? 1 + random.below(model.window) : model.window
  const contexts = contextsOf(kept, place, radius)
  if (contexts.length === 0) return []
  if (model.loss === 'hs') return [{ contexts, targets: pathTargets(model, centre) }]
  if (model.model === 'skipgram' && model.negatives === 'per-pair') {
    return contexts.map((context) => ({
      contexts: [context],
      targets: drawTargets(model, centre, () => random.next64()),
    }))
  }
  return [{ contexts, targets: drawTargets(model, centre, pooledNoise(random, seed, pool)) }]
}

/** Each window has random numbers of its own, so that windows may be drawn in any order. */
function windowRandom(seed: bigint, place: number): Random {
  return new Random(mix64(~seed + BigInt(place) * 0xd1342543de82ef95n))
}

/** Words at most `radius` places from the centre and in its sentence, in text order. */
function contextsOf(kept: Uint32Array, place: number, radius: number): number[] {
  const inSentence = (i: number) => i >= 0 && i < kept.length && kept[i] !== sentenceBreak
  let left = place
  while (place - left < radius && inSentence(left - 1)) left--
  let right = place
  while (right - place < radius && inSentence(right + 1)) right++
  return [...kept.slice(left, place), ...kept.slice(place + 1, right + 1)]
}

/**
 * The centre word, and up to K other words from the noise, all distinct; given up after 4·K draws.
 * With nce each carries the offset of its word (Gutmann and Hyvärinen 2012; Mnih and Teh 2012).
 */
function drawTargets(model: ReferenceModel, centre: number, draw: () => bigint): Target[] {
  const words = [centre]
  for (let draws = 0; draws < 4 * model.negative && words.length <= model.negative; draws++) {
    const word = noiseWord(model, draw())
    if (!words.includes(word)) words.push(word)
  }
  return words.map((row, k) => {
    return { row, label: k === 0 ? 1 : 0, offset: model.loss === 'nce' ? model.noiseOffsets![row]! : 0 }
  })
}

/** A word by 64 random bits: see `aliasTable`. */
export function noiseWord({ noise }: ReferenceModel, bits: bigint): number {
  const slot = Number(((bits >> 32n) * BigInt(noise.length / 2)) >> 32n)
  return Number(bits & 0xffffffffn) <= noise[2 * slot]! ? slot : noise[2 * slot + 1]!
}

/** Noise words by their numbers in the block's list. */
export interface NoisePool {
  newest: number
  /** A power of two, 256 at most. */
  size: number
}

/** A block's noise is a numbered list of draws. */
export function noiseDraw(seed: bigint, number: number): bigint {
  return mix64(mix64(~seed) + BigInt(number) * 0x9e3779b97f4a7c15n)
}

/** A window takes any of a pool; one number of its stream tells eight of these places, a byte each, the lowest first. */
function pooledNoise(random: Random, seed: bigint, { newest, size }: NoisePool): () => bigint {
  let places: number[] = []
  return () => {
    if (places.length === 0) {
      const bits = random.next64()
      places = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn))
    }
    return noiseDraw(seed, newest - (places.shift()! % size))
  }
}

/** The inner nodes from the root to a word, each with the branch to take: label 1 for code 0, as in word2vec.c. */
export function pathTargets({ paths }: ReferenceModel, word: number): Target[] {
  assert(paths, 'hierarchical softmax needs paths')
  const steps = paths.steps.slice(paths.offsets[word]!, paths.offsets[word + 1]!)
  return Array.from(steps, (step) => ({
    row: step & 0x7fffffff,
    label: step >>> 31 === 0 ? 1 : 0,
    offset: 0,
  }))
}

/**
 * The loss of a step and its slope by each dot product, at the values as they are:
 *   s = x·t + offset,  L = −Σ [ label · log σ(s) + (1 − label) · log σ(−s) ],  g = −dL/ds = label − σ(s),
 * over all pairs of contexts x and targets t; with cbow, x is the mean or the sum of the contexts.
 *
 * Source: Mikolov et al. 2013b, eq. 4, with word2vec.c's roles (the context is the input, the centre word the
 * output); negative samples shared by a window as in pWord2Vec (Ji et al. 2016).
 */
export function gradients(model: ReferenceModel, { contexts, targets }: Step): Gradients {
  const rows = contexts.map((context) => rowOf(model, model.input, context))
  const h = model.model === 'cbow' ? joined(model, rows) : undefined
  let loss = 0
  const g = (h ? [h] : rows).map((x) =>
    targets.map(({ row, label, offset }) => {
      const s = dot(x, rowOf(model, model.output, row)) + offset
      loss += softplus(label === 1 ? -s : s)
      return label - sigmoid(s)
    }),
  )
  return h ? { g, loss, h } : { g, loss }
}

/**
 * Moves the rows of a step down its slope, all of them by the values from before the move. A word that stands
 * twice among the contexts moves twice.
 *
 * With the mean of cbow and `undivided`, each context takes the whole slope of the mean, which is C times its own:
 * so does word2vec.c. `divided` is the true gradient (kōan, arXiv 2012.15332).
 */
export function move(model: ReferenceModel, step: Step, { g, h }: Gradients, rate: number): void {
  const sources = h ? [h] : step.contexts.map((context) => rowOf(model, model.input, context))
  const targets = step.targets.map(({ row }) => rowOf(model, model.output, row))
  const sourceSlopes = sources.map((_, i) => weighted(model.dim, g[i]!, targets))
  const targetSlopes = targets.map((_, k) =>
    weighted(
      model.dim,
      g.map((row) => row[k]!),
      sources,
    ),
  )
  const divided = h && model.cbowInput === 'mean' && model.cbowGradient === 'divided'
  const share = divided ? 1 / step.contexts.length : 1
  for (const [i, context] of step.contexts.entries()) {
    if (model.frozen?.[context] === 1) continue
    const slope = sourceSlopes[h ? 0 : i]!.map((x) => x * share)
    moveRow(model, model.input, model.inputSquares, context, slope, rate)
  }
  for (const [k, { row }] of step.targets.entries()) {
    moveRow(model, model.output, model.outputSquares, row, targetSlopes[k]!, rate)
  }
}

/**
 * Moves one row. sgd: value += rate · G. adagrad: squares += G², value += rate · G / (√squares + 1e-6), each
 * number for itself.
 *
 * slope  G = −dL/drow, D
 *
 * Source: Duchi, Hazan and Singer 2011.
 */
function moveRow(
  { dim, optimizer }: ReferenceModel,
  matrix: Float64Array,
  squares: Float64Array | undefined,
  row: number,
  slope: Float64Array,
  rate: number,
): void {
  for (let d = 0; d < dim; d++) {
    const i = row * dim + d
    let length = rate
    if (optimizer === 'adagrad') {
      assert(squares, 'adagrad needs sums of squares')
      squares[i] = squares[i]! + slope[d]! ** 2
      length = rate / (Math.sqrt(squares[i]!) + 1e-6)
    }
    matrix[i] = matrix[i]! + length * slope[d]!
  }
}

/** The first input vectors, as the kernel draws them: evenly within ± √(3 / (4 D)), about half a unit long. */
export function initialiseReference(vocabulary: number, dim: number, seed: number): Float64Array {
  const random = new Random(deriveSeed(seed))
  return Float64Array.from(
    { length: vocabulary * dim },
    () => (Number(random.next64() >> 40n) / 2 ** 24 - 0.5) * Math.sqrt(3 / dim),
  )
}

/** The mean or the sum of contexts; one that stands twice counts twice. */
function joined({ dim, cbowInput }: ReferenceModel, rows: Float64Array[]): Float64Array {
  const weight = cbowInput === 'mean' ? 1 / rows.length : 1
  return weighted(
    dim,
    rows.map(() => weight),
    rows,
  )
}

/** A copy. */
function rowOf({ dim }: ReferenceModel, matrix: Float64Array, row: number): Float64Array {
  return matrix.slice(row * dim, (row + 1) * dim)
}

/** Σ weights[i] · rows[i] */
function weighted(dim: number, weights: number[], rows: Float64Array[]): Float64Array {
  const sum = new Float64Array(dim)
  for (const [i, row] of rows.entries()) {
    for (let d = 0; d < dim; d++) sum[d] = sum[d]! + weights[i]! * row[d]!
  }
  return sum
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!
  return sum
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** log(1 + e^x) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
