import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readEvents } from '../../src/run/index.ts'
import { isFused, trainerFlags } from '../../src/runtime/wasm.ts'
import { madeUpText } from '../made-up-text.ts'

const launcher = join(import.meta.dirname, '../support/millrace.ts')
const hasWide = trainerFlags().length > 0 && isFused()

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  writeFileSync(join(folder, 'corpus.txt'), madeUpText(100_000, 1))
})

/** A run of the command line; kernels are optimised from the first call on, so that it is those that are compared. */
function train(out: string, args: string[], env: Record<string, string> = {}) {
  const { status, stderr, pid } = spawnSync(
    process.execPath,
    ['--no-liftoff', '--conditions=millrace-source', launcher, 'train', 'corpus.txt', '--out', out, ...args],
    {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    },
  )
  expect(status, stderr).toBe(0)
  const start = readEvents(join(folder, out, 'events.ndjson')).find((event) => event.type === 'start')
  return {
    kernel: start?.kernel,
    pid: start?.pid,
    started: pid,
    vectors: readFileSync(join(folder, out, 'vectors.safetensors')),
    warned: /256 bits/.test(stderr),
  }
}

test.skipIf(!hasWide).each([
  { name: 'skip-gram', args: [] },
  { name: 'cbow by columns', args: ['--model', 'cbow', '--deterministic', '--threads', '2'] },
  { name: 'softmax', args: ['--loss', 'hs', '--dim', '50'] },
])('operations of 256 bits are used, and change no bit: $name', ({ name, args }) => {
  const all = ['--epochs', '1', '--min-count', '2', '--threads', '1', ...args]
  const wide = train(`${name}-wide`, all)
  const narrow = train(`${name}-narrow`, all, { MILLRACE_WIDE: '0' })
  expect(wide).toMatchObject({ kernel: 'train.wide', warned: false })
  expect(narrow).toMatchObject({ kernel: 'train.relaxed', warned: false })
  expect(wide.vectors.equals(narrow.vectors)).toBe(true)
})

test.skipIf(!hasWide)('a trainer without a parent takes the flags itself, and keeps its process', () => {
  const alone = train('alone', ['--epochs', '1', '--min-count', '2', '--no-supervise'])
  expect(alone).toMatchObject({ kernel: 'train.wide', warned: false })
  expect(alone.pid).toBe(alone.started)
})

test('the Node that npm installs here is one whose engine widens, where the processor can', () => {
  expect(trainerFlags().length > 0).toBe(process.arch === 'x64')
})
