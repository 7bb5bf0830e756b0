// The short version of test/long/kills.ts: some moments of one run.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../../src/core/random.ts'
import { madeUpText } from '../made-up-text.ts'
import { resumesOf, runThroughKills } from '../support/kills.ts'
import { millrace } from '../support/run-millrace.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const launcher = ['--conditions=millrace-source', join(import.meta.dirname, '../support/millrace.ts')]

test('killed 20 times, trainer, supervisor or both, a run ends as if nothing had happened', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const text = join(folder, 'corpus.txt')
  writeFileSync(text, madeUpText(1_500_000, 4))
  const settings = [
    '--dim',
    '256',
    '--epochs',
    '6',
    '--sample',
    '0',
    '--threads',
    '1',
    '--checkpoint-every',
    '4steps',
  ]
  const args = ['train', text, ...settings, '--json']
  const undisturbed = millrace(folder, ...args, '--out', join(folder, 'whole'))
  const expected = JSON.parse(undisturbed.stdout)
  const run = await runThroughKills({
    launcher,
    args,
    out: join(folder, 'killed'),
    kills: 20,
    random: new Random(deriveSeed(seed)),
  })
  const told = `SEED=${seed}: ${JSON.stringify(run.kills)}\n${run.notes}`
  expect(run.kills.length, told).toBeGreaterThanOrEqual(19)
  const result = JSON.parse(run.output)
  expect(result.audit, told).toEqual(expected.audit)
  expect(readFileSync(result.vectors).equals(readFileSync(expected.vectors)), told).toBe(true)
  const resumes = resumesOf(run.folder)
  // How many kills find a checkpoint inside an epoch is chance: 7 of 20 were seen.
  expect(resumes.inside, told).toBeGreaterThanOrEqual(run.kills.length / 5)
})
