import { deriveSeed, Random } from '../core/random.ts'
import { sentenceBreak } from './model.ts'

// The kernels' mathematics in plain TypeScript, slow and obvious. Kernels are tested against it.
// V vocabulary size · D vector width · K negative samples

export interface ReferenceModel {
  dim: number
  window: number
  negative: number
  /** V×D, row-major: words as contexts. */
  input: Float64Array
  /** V×D, row-major: words as targets. */
  output: Float64Array
  /** V: an occurrence is kept if a random u32 is at most this. */
  keep: Uint32Array
  /** V×2: see `aliasTable`. */
  noise: Uint32Array
}

export interface ReferenceSums {
  loss: number
  pairs: number
  centres: number
}

/** One window: rows of the contexts, and of the targets, of which the first is the centre word. */
export interface Window {
  contexts: number[]
  targets: number[]
}

/** Trains on word numbers with breaks behind sentences. Equal seeds draw what the kernel draws. */
export function trainReference(
  model: ReferenceModel,
  ids: Uint32Array,
  rate: number,
  random: Random,
): ReferenceSums {
  const sums = { loss: 0, pairs: 0, centres: 0 }
  const kept = [...ids].filter(
    (id) => id === sentenceBreak || Number(random.next64() >> 32n) <= model.keep[id]!,
  )
  sums.centres = kept.filter((id) => id !== sentenceBreak).length
  for (const window of drawWindows(model, kept, random)) {
    sums.loss += trainWindow(model, window, rate)
    sums.pairs += window.contexts.length * window.targets.length
  }
  return sums
}

/** The windows of kept words: a radius from 1 to `window` for each centre, cut at its sentence. */
export function* drawWindows(model: ReferenceModel, kept: number[], random: Random): Generator<Window> {
  for (const [place, centre] of kept.entries()) {
    if (centre === sentenceBreak) continue
    const radius = 1 + random.below(model.window)
    let left = place
    while (left > Math.max(0, place - radius) && kept[left - 1] !== sentenceBreak) left--
    let right = place
    while (right < place + radius && kept[right + 1] !== sentenceBreak) right++
    const contexts = [...kept.slice(left, place), ...kept.slice(place + 1, right + 1)]
    if (contexts.length > 0) yield { contexts, targets: drawTargets(model, centre, random) }
  }
}

function drawTargets(model: ReferenceModel, centre: number, random: Random): number[] {
  const targets = [centre]
  for (let draws = 0; draws < 4 * model.negative && targets.length <= model.negative; draws++) {
    const bits = random.next64()
    const slot = Number(((bits >> 32n) * BigInt(model.noise.length / 2)) >> 32n)
    const word = Number(bits & 0xffffffffn) <= model.noise[2 * slot]! ? slot : model.noise[2 * slot + 1]!
    if (!targets.includes(word)) targets.push(word)
  }
  return targets
}

/**
 * One step of gradient descent on the loss of a window,
 *   L = −Σ_c [ log σ(x_c·t_0) + Σ_{k≥1} log σ(−x_c·t_k) ],
 * all dot products taken before anything moves; then contexts are taken in order, each moving by the old
 * targets, and the targets by each context as it was before its own move. Returns L.
 *
 * Source: Mikolov et al. 2013b, eq. 4, with word2vec.c's roles (the context is the input, the centre word the
 * output); negative samples shared by a window as in pWord2Vec (Ji et al. 2016).
 */
export function trainWindow(model: ReferenceModel, { contexts, targets }: Window, rate: number): number {
  const { dim, input, output } = model
  const gradients = contexts.map((c) => targets.map((t, k) => (k === 0 ? 1 : 0) - sigmoid(dot(model, c, t))))
  let loss = 0
  for (const c of contexts) {
    for (const [k, t] of targets.entries()) loss += softplus(k === 0 ? -dot(model, c, t) : dot(model, c, t))
  }
  const old = targets.map((t) => output.slice(t * dim, (t + 1) * dim))
  for (const [i, c] of contexts.entries()) {
    const x = input.slice(c * dim, (c + 1) * dim)
    for (const [k, t] of targets.entries()) {
      const g = rate * gradients[i]![k]!
      for (let d = 0; d < dim; d++) {
        input[c * dim + d] = input[c * dim + d]! + g * old[k]![d]!
        output[t * dim + d] = output[t * dim + d]! + g * x[d]!
      }
    }
  }
  return loss
}

/** The first input vectors, as the kernel draws them: evenly within ± 0.5 / D. */
export function initialiseReference(vocabulary: number, dim: number, seed: number): Float64Array {
  const random = new Random(deriveSeed(seed))
  return Float64Array.from(
    { length: vocabulary * dim },
    () => (Number(random.next64() >> 40n) / 2 ** 24 - 0.5) / dim,
  )
}

function dot({ input, output, dim }: ReferenceModel, context: number, target: number): number {
  let sum = 0
  for (let d = 0; d < dim; d++) sum += input[context * dim + d]! * output[target * dim + d]!
  return sum
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** log(1 + e^x) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
