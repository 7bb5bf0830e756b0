import { expect, test } from 'vitest'
import { Meter } from './meter.ts'

const run = {
  epoch: 1,
  wordsTotal: 4000,
  seconds: 1,
  rateAt: (share: number) => 0.1 * (1 - share),
  planBytes: 1,
}
const block = (words: number, loss: number, pairs: number) => ({
  place: 0,
  words,
  records: 1,
  hash: 0n,
  loss,
  pairs,
})

test('words per second and loss are those of the window', () => {
  const meter = new Meter(0)
  meter.add(block(500, 30, 100))
  meter.add(block(500, 10, 100))
  expect(meter.isDue(999)).toBe(false)
  expect(meter.isDue(1000)).toBe(true)
  expect(meter.read(1000, { ...run, wordsDone: 1000 })).toMatchObject({
    fraction: 0.25,
    wordsPerSecond: 1000,
    loss: 0.2,
    secondsLeft: 3,
    learningRate: expect.closeTo(0.075, 12),
  })
  meter.add(block(3000, 10, 100))
  expect(meter.read(2000, { ...run, wordsDone: 4000 })).toMatchObject({
    wordsPerSecond: 3000,
    loss: 0.1,
    fraction: 1,
  })
})

test('a short last window keeps the speed, and an empty one the loss', () => {
  const meter = new Meter(0)
  meter.add(block(1000, 10, 100))
  meter.read(1000, { ...run, wordsDone: 1000 })
  meter.add(block(900, 0, 0))
  expect(meter.read(1010, { ...run, wordsDone: 1900 })).toMatchObject({ wordsPerSecond: 1000, loss: 0.1 })
})

test('before the first block there is no loss and no estimate', () => {
  expect(new Meter(0).read(1000, { ...run, wordsDone: 0 })).toMatchObject({
    loss: null,
    secondsLeft: null,
  })
})
