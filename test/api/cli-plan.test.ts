import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { madeUpText } from '../made-up-text.ts'
import { millrace } from '../support/run-millrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
writeFileSync(join(folder, 'text.txt'), madeUpText(100_000, 1))
writeFileSync(
  join(folder, 'recipe.yaml'),
  'name: mine\ncorpus: [text.txt]\ntrain:\n  dim: 30\n  minCount: 2\n',
)

test('plan shows each part, the limit, the disk and the time, and writes nothing', () => {
  const { status, stdout, stderr } = millrace(folder, 'plan', 'text.txt', '--dim', '20', '--memory', '500M')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const line of [
    /^vocabulary {2}[\d,]+ words, [\d,]+ times in the text: counted$/m,
    /^Memory to count the words/m,
    /^ {2}input vectors +[\d.]+ [KM]iB$/m,
    /^ {2}checkpoint copy +0 B +none: /m,
    /^ {2}thread buffers +\S+ KiB +\S+ KiB for each thread/m,
    /^ {2}in all +\d+ MiB +fits in 500 MiB \(--memory\)$/m,
    /^ {2}checkpoints +.* two that stay, and one that is written$/m,
    /^ {2}at most +.* are free$/m,
    /^ {2}training +\S+ s +5 epochs at [\d,]+ words a second$/m,
  ])
    expect(stdout).toMatch(line)
  expect(readdirSync(folder).sort()).toEqual(['recipe.yaml', 'text.txt'])
})

test('a recipe is planned with its settings, flags before them, and a refusal ends with 2', () => {
  const args = ['plan', 'recipe.yaml', '--dim', '3000', '--memory', '125M', '--json']
  const { status, stdout, stderr } = millrace(folder, ...args)
  expect(status).toBe(2)
  const plan = JSON.parse(stdout)
  expect(plan).toMatchObject({ type: 'plan', fits: false, config: { dim: 3000, minCount: 2 } })
  expect(plan.refusals).toMatchObject([{ code: 'MEMORY_PLAN', why: 'the limit is 125 MiB (--memory)' }])
  expect(stderr).toContain('words × 3000 dimensions need')
  expect(stderr).toContain('--dim ')
  expect(readdirSync(folder).sort()).toEqual(['recipe.yaml', 'text.txt'])
})

test('train tells its plan in a line, and refuses what does not fit with 2', () => {
  const train = ['train', 'text.txt', '--epochs', '1', '--threads', '1']
  const fits = millrace(folder, ...train, '--dim', '8', '--memory', '500M')
  expect(fits.status).toBe(0)
  expect(fits.stderr).toMatch(
    /^memory plan \d+ MiB of 500 MiB \(--memory\): runtime \d+ MiB(, [a-z ]+ [\d.]+ [KM]iB){2}, …$/m,
  )
  const { status, stderr } = millrace(folder, ...train, '--dim', '3000', '--memory', '115M', '--out', 'other')
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('try: use --dim ') })
})
