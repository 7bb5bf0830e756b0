import { expect, test } from 'vitest'
import { progressText, sparkline } from './progress.ts'
import { lossLines } from './train.ts'

const progress = {
  epoch: 2,
  fraction: 0.123,
  wordsPerSecond: 1_234_567,
  learningRate: 0.025,
  loss: 2.3456,
  rssBytes: 500 * 2 ** 20,
  planBytes: 600 * 2 ** 20,
  secondsLeft: 184,
  seconds: 1000,
}

test('the course of a loss as bars', () => {
  expect(sparkline([8, 7, 6, 5, 4, 3, 2, 1], 16)).toBe('█▇▆▅▄▃▂▁')
  expect(sparkline([3, 3, 3], 16)).toBe('▁▁▁')
  // Of many values, the means of neighbours.
  expect(sparkline([9, 7, 1, 1, 0, 0], 3)).toBe('█▂▁')
  expect(sparkline(Array(1000).fill(1), 16)).toHaveLength(16)
})

test('the progress line fits its terminal, and shows the course of the loss where there is room', () => {
  const losses = Array.from({ length: 300 }, (_, i) => 3 - i / 200)
  expect(progressText(progress, 5, losses, { columns: 80 }).length).toBeLessThan(80)
  expect(progressText(progress, 5, losses, { columns: 119 })).not.toMatch(/[▁-█]/)
  const wide = progressText(progress, 5, losses, { columns: 120 })
  expect(wide).toContain('loss 2.346 ██▇▇▆▆▅▅▄▄▃▃▂▂▁▁  ')
  expect(wide.length).toBeLessThan(120)
  expect(progressText(progress, 5, [2], { columns: 120 })).not.toMatch(/[▁-█]/)
  expect(progressText({ ...progress, loss: null }, 5, [], { columns: 120 })).toContain('loss –  ')
})

test('the last score stands in the line of a run that is scored', () => {
  const score = { name: 'questions-words.total', value: 0.41234 }
  const text = (columns: number, shown = score) => progressText(progress, 5, [], { columns, score: shown })
  expect(text(80)).toContain(' score 0.412 ')
  expect(text(80).length).toBeLessThan(80)
  expect(text(120)).toContain('  questions-words.total 0.412  ')
  expect(text(120, { ...score, value: null as never })).toContain('questions-words.total –  ')
})

test('the loss of each epoch, ten to a line', () => {
  expect(lossLines([])).toEqual([])
  expect(lossLines([2.5])).toEqual(['loss     2.5000  (epoch 1, nats per pair)'])
  const lines = lossLines([...Array(11).fill(1), null])
  expect(lines).toEqual([
    `loss     ${Array(10).fill('1.0000').join(' ')}  (epochs 1 to 10, nats per pair)`,
    'loss     1.0000 –  (epochs 11 to 12, nats per pair)',
  ])
})
