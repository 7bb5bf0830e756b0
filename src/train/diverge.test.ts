import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { CheckpointStore } from '../checkpoint/index.ts'
import { MillraceError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import { runTraining } from './run-training.ts'

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
let corpus: string

/** Bursts of two words, which large windows cannot bear. */
beforeAll(() => {
  const random = new Random(deriveSeed(1))
  const line = () => {
    const pair = [random.below(200), random.below(200)]
    return Array.from({ length: 60 }, () => `w${pair[random.below(2)]}`).join(' ')
  }
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'bursts.txt')
  writeFileSync(corpus, `${Array.from({ length: 4000 }, line).join('\n')}\n`)
})

const config = { dim: 20, sample: 0, lr: 0.5, window: 40, threads: 1, epochs: 4 }

/** The error, and the length of the longest vector in the newest checkpoint; 0 if there is none. */
async function diverge(out: string, checkpointEveryMs: number) {
  const error: MillraceError = await runTraining({ corpus: [corpus], out, config, checkpointEveryMs }).then(
    () => expect.fail('training must diverge'),
    (error) => error,
  )
  expect(error).toBeInstanceOf(MillraceError)
  const file = new CheckpointStore(new RunFolder(out).checkpoints).newest()?.tensors()
  if (!file) return { error, longest: 0 }
  const lengths = ['input', 'output'].flatMap((name) => {
    const numbers = new Float32Array(file.read(name).buffer)
    return Array.from({ length: numbers.length / 20 }, (_, row) =>
      Math.hypot(...numbers.subarray(row * 20, row * 20 + 20)),
    )
  })
  file.close()
  return { error, longest: lengths.reduce((a, b) => (a >= b ? a : b)) }
}

test('training that diverges fails, names what to change, and writes none of it', async () => {
  const out = newFolder()
  const { error, longest } = await diverge(out, 60_000)
  expect(error).toMatchObject({ code: 'DIVERGED', exitCode: 1 })
  expect(error.message).toMatch(
    /why: lr 0.5 is 20 times the usual 0.025; window 40 .*\n {2}try: --lr 0.025, or/,
  )
  expect(longest).toBe(0)
  const folder = new RunFolder(out)
  expect(folder.read()).toMatchObject({ status: 'failed', error: error.parts.what })
  expect(existsSync(folder.vectors)).toBe(false)
  expect(readEvents(folder.events).at(-1)).toMatchObject({ type: 'error', message: error.parts.what })
  // Nothing was saved, so the settings may change in the same folder.
  const warnings: string[] = []
  const observer = { warning: (message: string) => warnings.push(message) }
  const mended = { lr: 0.025, window: 5, epochs: 1 }
  const { result } = await runTraining({ corpus: [corpus], out, config: mended, observer })
  expect(result.audit.epochs).toHaveLength(1)
  expect(warnings.join()).toContain(`the attempt before this one failed: ${error.parts.what}`)
})

test('it goes back to the last checkpoint, which is sound', async () => {
  const out = newFolder()
  const { error, longest } = await diverge(out, 1)
  expect(error.message).toContain(
    'in another folder with --out (this run stays as it was at its last checkpoint)',
  )
  expect(longest).toBeGreaterThan(0)
  expect(longest).toBeLessThan(10_000)
  const again = await diverge(out, 1)
  expect(again.error.code).toBe('DIVERGED')
  expect(again.longest).toBeLessThan(10_000)
  const types = readEvents(new RunFolder(out).events).map(({ type }) => type)
  expect(types).toContain('resume')
})
