import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { CheckpointStore } from '../checkpoint/index.ts'
import { MillraceError, StoppedError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import { runTraining } from './run-training.ts'

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
let corpus: string

/** Text that bears a large window, and at its end bursts of two words, which do not: training comes there in time. */
beforeAll(() => {
  const random = new Random(deriveSeed(1))
  const line = () => {
    const pair = [random.below(200), random.below(200)]
    return Array.from({ length: 60 }, () => `w${pair[random.below(2)]}`).join(' ')
  }
  const bursts = Array.from({ length: 500 }, line).join('\n')
  corpus = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'bursts.txt')
  writeFileSync(corpus, `${madeUpText(900_000, 1)}${bursts}\n`)
})

const config = { dim: 20, sample: 0, lr: 0.05, window: 40, threads: 1, epochs: 4 }

/** The error, and the length of the longest vector in the newest checkpoint; 0 if there is none. */
async function diverge(out: string, changes = {}) {
  const error: MillraceError = await runTraining({
    corpus: [corpus],
    out,
    config: { ...config, ...changes },
  }).then(
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
  const { error, longest } = await diverge(out)
  expect(error).toMatchObject({ code: 'DIVERGED', exitCode: 1 })
  expect(error.message).toMatch(
    /why: lr 0.05 is 2 times the usual 0.025; window 40 .*\n {2}try: --lr 0.025, or/,
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
  const controller = new AbortController()
  let done = 0
  const observer = { trained: () => void (++done === 2 && controller.abort()) }
  const { signal } = controller
  const stopped = runTraining({ corpus: [corpus], out, config, observer, signal })
  await expect(stopped).rejects.toBeInstanceOf(StoppedError)
  const store = new CheckpointStore(new RunFolder(out).checkpoints)
  const before = store.newest()!
  for (const attempt of [2, 3]) {
    const { error, longest } = await diverge(out)
    expect(error.message).toContain(
      'in another folder with --out (this run stays as it was at its last checkpoint)',
    )
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThan(100)
    expect(store.newest()).toMatchObject({ path: before.path, state: before.state })
    expect(new RunFolder(out).read()).toMatchObject({ status: 'failed', attempt })
  }
})

test('a loss that rises beyond reason is divergence too, though all numbers hold', async () => {
  const { error } = await diverge(newFolder(), { lr: 0.027 })
  expect(error.message).toMatch(
    /the loss of a block is [\d.]+ nats per pair, where an untrained model has 0.693/,
  )
})

test('a vector that has run away is seen before it is saved, and the checkpoint before it stays', async () => {
  const out = newFolder()
  const sound = { dim: 20, threads: 1, epochs: 1, minCount: 1 }
  await runTraining({ corpus: [corpus], out, config: sound })
  const store = new CheckpointStore(new RunFolder(out).checkpoints)
  const checkpoint = store.newest()!
  const file = checkpoint.tensors()
  const tensors = Object.fromEntries(
    ['input', 'output'].map((name) => {
      const { shape } = file.tensors.get(name)!
      const numbers = new Float32Array(file.read(name).buffer)
      // The last word: too rare to be brought back within an epoch.
      if (name === 'output') numbers[numbers.length - 20] = 20_000
      return [name, { dtype: 'F32' as const, shape, bytes: new Uint8Array(numbers.buffer) }]
    }),
  )
  file.close()
  const { path } = await store.write(checkpoint.state, tensors)
  const more = runTraining({ corpus: [corpus], out, config: { epochs: 2 } })
  await expect(more).rejects.toThrow(
    /in epoch 2: the output vector of ".*" has run away to a length of 2.00e\+4/,
  )
  expect(store.newest()!.path).toBe(path)
})
