import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RunFolder } from '../run/index.ts'
import type { RunPlan } from '../train/index.ts'
import { secondsLeft } from './dry-run.ts'

test('of a run that goes on, what its last checkpoint holds takes no more time', () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'millrace-')))
  const plan = {
    config: { epochs: 10 },
    vocabulary: { corpusWords: 100 },
    time: { wordsPerSecond: 50 },
  } as unknown as RunPlan
  expect(secondsLeft(plan, folder)).toBe(20)
  const event = (type: string, words: number) => `${JSON.stringify({ type, words })}\n`
  writeFileSync(folder.events, event('checkpoint', 400) + event('checkpoint', 900) + event('progress', 950))
  expect(secondsLeft(plan, folder)).toBe(2)
  expect(secondsLeft({ ...plan, config: { ...plan.config, epochs: 9 } }, folder)).toBe(0)
  expect(secondsLeft({ ...plan, time: { ...plan.time, wordsPerSecond: null } }, folder)).toBeNull()
})
