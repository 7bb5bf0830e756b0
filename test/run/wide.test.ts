import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { readEvents } from '../../src/run/index.ts'
import { isFused } from '../../src/runtime/wasm.ts'
import { madeUpText } from '../made-up-text.ts'

const root = join(import.meta.dirname, '../..')
const launcher = join(root, 'test/support/millrace.ts')
// Such as this engine's and no other's: see runtime/wasm.ts.
const flags = ['--experimental-wasm-revectorize', '--no-liftoff']
const hasWide = process.arch === 'x64' && isFused()

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  writeFileSync(join(folder, 'corpus.txt'), madeUpText(100_000, 1))
})

/** A run of the command line from its sources, which does not take the flags by itself. */
function train(out: string, args: string[], env: Record<string, string> = {}) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [...flags, '--conditions=millrace-source', launcher, 'train', 'corpus.txt', '--out', out, ...args],
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
    vectors: readFileSync(join(folder, out, 'vectors.safetensors')),
    warned: /256 bits/.test(stderr),
  }
}

test.skipIf(!hasWide).each([
  { name: 'skip-gram', args: [] },
  { name: 'cbow in lanes', args: ['--model', 'cbow', '--deterministic', '--threads', '2'] },
  { name: 'softmax', args: ['--loss', 'hs', '--dim', '50'] },
])('operations of 256 bits are used, and change no bit: $name', ({ name, args }) => {
  const all = ['--epochs', '1', '--min-count', '2', '--threads', '1', ...args]
  const wide = train(`${name}-wide`, all)
  const narrow = train(`${name}-narrow`, all, { MILLRACE_WIDE: '0' })
  expect(wide).toMatchObject({ kernel: 'train.wide', warned: false })
  expect(narrow).toMatchObject({ kernel: 'train.relaxed', warned: false })
  expect(wide.vectors.equals(narrow.vectors)).toBe(true)
})

/** Waits for a line of a run's events that is not there yet. */
async function nextStart(out: string, count: number) {
  const path = join(out, 'events.ndjson')
  for (;;) {
    const starts = existsSync(path) ? readEvents(path).filter((event) => event.type === 'start') : []
    if (starts.length > count) return starts[count]!
    await sleep(20)
  }
}

const isBuilt = existsSync(join(root, 'dist/cli/main.js'))

test.skipIf(!hasWide || !isBuilt)('what is built takes the flags by itself (needs npm run build)', () => {
  const built = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'bin/millrace.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
  const out = join(folder, 'built')
  expect(built('train', 'corpus.txt', '--out', out, '--epochs', '1', '--min-count', '2').status).toBe(0)
  expect(readEvents(join(out, 'events.ndjson')).find((event) => event.type === 'start')?.kernel).toBe(
    'train.wide',
  )
  const { status, stdout } = built('plan', 'corpus.txt', '--json')
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toHaveProperty('memory')
  expect(built('plan', 'nowhere.txt').status).toBe(2)
})

test.skipIf(!hasWide || !isBuilt)(
  'a trainer whose engine has crashed twice is started without the flags (needs npm run build)',
  { timeout: 30_000 },
  async () => {
    const out = join(folder, 'crashing')
    const args = ['train', 'corpus.txt', '--out', out, '--epochs', '2000', '--min-count', '2']
    const parent = spawn(process.execPath, [join(root, 'bin/millrace.js'), ...args], {
      cwd: folder,
      stdio: 'ignore',
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const kernels: (string | undefined)[] = []
    for (let attempt = 0; attempt < 3; attempt++) {
      const { kernel, pid } = await nextStart(out, attempt)
      kernels.push(kernel)
      // The last one first loses its parent, or it would be started once more.
      if (attempt === 2) parent.kill('SIGKILL')
      process.kill(pid, attempt === 2 ? 'SIGKILL' : 'SIGSEGV')
    }
    expect(kernels).toEqual(['train.wide', 'train.wide', 'train.relaxed'])
  },
)
