import { expect, test } from 'vitest'
import { madeUpRun, madeUpScores, madeUpVectors } from '../../test/report/made-up-run.ts'
import { summary } from './summary.ts'

test('neighbours stand in columns, no line is wider than asked', () => {
  const folder = madeUpRun()
  const text = summary(folder, madeUpVectors(), undefined, { words: ['war', 'gold', 'zebra'] })
  const lines = text.split('\n')
  expect(lines[0]).toBe(
    'tale: complete, 4,000 words in 8.0 s (500 a second), vocabulary 40, peak memory 50.0 MiB',
  )
  const [war, gold] = lines.slice(3)
  expect(war).toMatch(/^ {2}war {3}[a-z]+/)
  expect(gold).toMatch(/^ {2}gold {2}[a-z]+/)
  expect(text).not.toContain('zebra')
  const narrow = summary(folder, madeUpVectors(), undefined, { words: ['war', 'gold'], width: 24 })
  for (const line of narrow.split('\n').slice(3)) expect(line.length).toBeLessThanOrEqual(24)
})

test('scores follow, numbers to the right', () => {
  const folder = madeUpRun()
  const lines = summary(folder, madeUpVectors(), madeUpScores(), { words: ['war'] }).split('\n')
  const scores = lines.slice(lines.indexOf('Scores') + 1)
  expect(scores.slice(0, 3)).toEqual([
    '  test                  score  right  asked  skipped',
    '  analogies            25.0 %    490  1,960       52',
    '    semantic                –      0      0       12',
  ])
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
})
