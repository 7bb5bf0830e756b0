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
  for (let word = 0; word < counts.length; word++) {
    target[word] = chanceToU32(keepChance(counts[word]! / total, sample))
  }
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
  const share = new Float64Array(size)
  let total = 0
  for (let i = 0; i < size; i++) total += share[i] = counts[i]! ** exponent
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

/** A random u32 is at most this with (about) the given chance. */
function chanceToU32(chance: number): number {
  return Math.max(0, Math.min(0xffffffff, Math.floor(chance * 2 ** 32) - 1))
}
