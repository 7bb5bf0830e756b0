// Tables that the kernel draws from. V vocabulary size.

/** `word2vec`: word2vec.c's, (√(f/t) + 1) · t/f. `paper`: √(t/f) of Mikolov et al. 2013b, §2.3. */
export type SampleFormula = 'word2vec' | 'paper'

/**
 * For each word, the largest random u32 at which one occurrence of it is kept.
 *
 * counts  V
 * sample  t, the relative frequency above which words are thinned out; 0 keeps every word
 * target  V
 */
export function keepThresholds(
  counts: Float64Array,
  sample: number,
  formula: SampleFormula,
  target: Uint32Array,
): void {
  const total = counts.reduce((sum, count) => sum + count, 0)
  for (let word = 0; word < counts.length; word++) {
    target[word] = chanceToU32(keepChance(counts[word]! / total, sample, formula))
  }
}

/** The chance of keeping an occurrence of a word of relative frequency `frequency`, 1 at most. */
export function keepChance(frequency: number, sample: number, formula: SampleFormula): number {
  if (sample === 0) return 1
  if (formula === 'paper') return Math.min(1, Math.sqrt(sample / frequency))
  return Math.min(1, (Math.sqrt(frequency / sample) + 1) * (sample / frequency))
}

/**
 * An alias table for drawing a word with a chance proportional to count^exponent, in constant time. One of
 * count 0 has no chance.
 *
 * counts  V
 * target  V×2, row-major: the largest u32 at which a slot stands for itself, and the word it else stands for
 *
 * Source: Vose 1991.
 */
export function aliasTable(counts: Float64Array, exponent: number, target: Uint32Array): void {
  const size = counts.length
  const share = new Float64Array(size)
  let total = 0
  for (let i = 0; i < size; i++) total += share[i] = noiseShare(counts[i]!, exponent)
  // Slots that stand for too much, from the end down, and for too little, from the start up.
  const stack = new Uint32Array(size)
  let small = 0
  let large = size
  for (let i = size - 1; i >= 0; i--) {
    share[i] = (share[i]! * size) / total
    if (share[i]! < 1) stack[small++] = i
    else stack[--large] = i
  }
  while (small > 0 && large < size) {
    const less = stack[--small]!
    const more = stack[large++]!
    target[2 * less] = chanceToU32(share[less]!)
    target[2 * less + 1] = more
    share[more] = share[more]! + share[less]! - 1
    if (share[more]! < 1) stack[small++] = more
    else stack[--large] = more
  }
  // What is left is 1 but for rounding.
  for (const left of [stack.subarray(0, small), stack.subarray(large)]) {
    for (const i of left) {
      target[2 * i] = 0xffffffff
      target[2 * i + 1] = i
    }
  }
}

/**
 * What noise-contrastive estimation adds to the dot product of each word, −log(K · Pn(word)) for the noise Pn of
 * `aliasTable`: with it, σ tells the chance that a word came from the text and not among K from the noise. A word
 * that the noise never gives has 0.
 *
 * counts    V
 * negative  K
 * target    V
 *
 * Source: Gutmann and Hyvärinen 2012; Mnih and Teh 2012, with the partition function taken as 1.
 */
export function noiseOffsets(
  counts: Float64Array,
  exponent: number,
  negative: number,
  target: Float32Array,
): void {
  const total = counts.reduce((sum, count) => sum + noiseShare(count, exponent), 0)
  for (let word = 0; word < counts.length; word++) {
    const chance = noiseShare(counts[word]!, exponent) / total
    target[word] = chance > 0 ? -Math.log(negative * chance) : 0
  }
}

/** Where the exponent is 0 or less, a word that does not occur would else be the likeliest of all. */
function noiseShare(count: number, exponent: number): number {
  return count > 0 ? count ** exponent : 0
}

/** A random u32 is at most this with (about) the given chance. */
function chanceToU32(chance: number): number {
  return Math.max(0, Math.min(0xffffffff, Math.floor(chance * 2 ** 32) - 1))
}

/** What the kernels compute sigmoids with, in the order of kernels/activate.ts. The polynomial is Cephes' exp2f. */
export const sigmoidConstants = [
  -Math.LOG2E,
  12582912,
  1.5353361883195e-4,
  1.339887440266574e-3,
  9.61843735767464e-3,
  5.550332471162809e-2,
  2.402264791363012e-1,
  6.931472028550421e-1,
  1,
  16,
  -16,
]
