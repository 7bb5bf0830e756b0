// Tables that the kernel draws from. V vocabulary size.

/**
 * For each word, the largest random u32 at which one occurrence of it is kept.
 *
 * The chance of keeping a word of relative frequency f is (√(f/t) + 1) · t/f, 1 at most.
 * Source: word2vec.c, which differs from the paper's √(t/f) (2013b §2.3).
 *
 * counts  V
 * sample  t; 0 keeps every word
 */
export function keepThresholds(counts: Float64Array, sample: number, target: Uint32Array): void {
  const total = counts.reduce((sum, count) => sum + count, 0)
  for (const [word, count] of counts.entries()) target[word] = chanceToU32(keepChance(count / total, sample))
}

export function keepChance(frequency: number, sample: number): number {
  if (sample === 0) return 1
  return Math.min(1, (Math.sqrt(frequency / sample) + 1) * (sample / frequency))
}

/**
 * An alias table for drawing a word with a chance proportional to count^exponent, in constant time.
 *
 * counts  V
 * target  V×2, row-major: the largest u32 at which a slot stands for itself, and the word it else stands for
 *
 * Source: Vose 1991.
 */
export function aliasTable(counts: Float64Array, exponent: number, target: Uint32Array): void {
  const size = counts.length
  const weights = counts.map((count) => count ** exponent)
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / size
  const share = weights.map((weight) => weight / mean)
  const small: number[] = []
  const large: number[] = []
  for (let i = size - 1; i >= 0; i--) (share[i]! < 1 ? small : large).push(i)
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!
    const more = large.pop()!
    target[2 * less] = chanceToU32(share[less]!)
    target[2 * less + 1] = more
    share[more] = share[more]! + share[less]! - 1
    ;(share[more]! < 1 ? small : large).push(more)
  }
  // What is left is 1 but for rounding.
  for (const i of [...small, ...large]) {
    target[2 * i] = 0xffffffff
    target[2 * i + 1] = i
  }
}

/** A random u32 is at most this with (about) the given chance. */
function chanceToU32(chance: number): number {
  return Math.max(0, Math.min(0xffffffff, Math.floor(chance * 2 ** 32) - 1))
}
