/** The rate falls to this share of the first at the end, as in word2vec.c. */
const floor = 1e-4

/** The learning rate when `share` (0 to 1) of all words are trained: a straight line. */
export function learningRate(first: number, share: number): number {
  return first * Math.max(floor, 1 - share)
}

/** The rate at a share of all words: Adagrad's stays, for it falls by itself. */
export function rateAt(
  { lr, optimizer }: { lr: number; optimizer: 'sgd' | 'adagrad' },
  share: number,
): number {
  return optimizer === 'adagrad' ? lr : learningRate(lr, share)
}

/**
 * For each place in an epoch's order of blocks, the share of the epoch's words before it; one more for the end.
 *
 * order   N block numbers
 * words   N words of each block
 * target  N+1
 */
export function sharesBefore(order: Uint32Array, words: Uint32Array, target: Float64Array): void {
  const total = words.reduce((sum, count) => sum + count, 0)
  let before = 0
  for (const [place, block] of order.entries()) {
    target[place] = before / total
    before += words[block]!
  }
  target[order.length] = 1
}
