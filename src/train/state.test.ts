import { expect, test } from 'vitest'
import { deriveSeed, permutation, Random } from '../core/random.ts'
import { addBlock, addLosses, noSums } from './state.ts'
import type { BlockDone } from './threads.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

test('an epoch comes to the same loss in whatever order its blocks are done, and wherever it is broken off', () => {
  const random = new Random(deriveSeed(seed))
  const places = 40
  const blocks = Array.from(
    { length: places },
    (_, place): BlockDone => ({
      place,
      words: 1 + random.below(100),
      records: 1 + random.below(9),
      hash: random.next64(),
      loss: random.below(1e9) / 7,
      pairs: random.below(1000),
    }),
  )
  const epoch = (breaks: number[], order: (count: number) => Iterable<number>) => {
    const sums = noSums()
    for (const [i, from] of [0, ...breaks].entries()) {
      const to = breaks[i] ?? places
      const losses = new Float64Array(places)
      for (const n of order(to - from)) addBlock(sums, losses, blocks[from + n]!, from + n)
      addLosses(sums, losses, from, to)
    }
    return sums
  }
  const whole = epoch([], (count) => Array(count).keys())
  expect(whole.loss).toBe(blocks.reduce((sum, { loss }) => sum + loss, 0))
  let others = 0
  for (let trial = 0; trial < 20; trial++) {
    const shuffled = (count: number) => permutation(count, random.next64())
    const cut = 1 + random.below(places - 1)
    expect(epoch([], shuffled), `SEED=${seed}`).toEqual(whole)
    expect(epoch([cut], shuffled), `SEED=${seed}`).toEqual(whole)
    const anyOrder = [...shuffled(places)].reduce((sum, place) => sum + blocks[place]!.loss, 0)
    if (anyOrder !== whole.loss) others++
  }
  // The test is worth something only if order does matter.
  expect(others, `SEED=${seed}`).toBeGreaterThan(0)
})
