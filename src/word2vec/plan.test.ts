import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlanError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { Vocabulary } from '../corpus/index.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import type { MemoryLimit } from '../runtime/memory-limit.ts'
import { parseTrainConfig, type TrainConfigInput } from './config.ts'
import { planLayout } from './layout.ts'
import { createModel, shapeOf } from './model.ts'
import { idleBytes, planMemory, requireFit } from './plan.ts'

const root = join(import.meta.dirname, '../..')
const vocabulary = Vocabulary.from(
  Array.from({ length: 3000 }, (_, i): [Uint8Array, number] => [
    Buffer.from(`word${i}`),
    Math.ceil(1e5 / (i + 1)),
  ]),
  1,
)

function build(input: TrainConfigInput, threads = 2, memoryCap?: number) {
  const config = parseTrainConfig(input)
  const shape = shapeOf(vocabulary, { length: 7, blockBytes: 65536 }, config, threads)
  if (memoryCap !== undefined) shape.memoryCap = memoryCap
  return { config, shape }
}

const variants: [string, TrainConfigInput, cap?: number][] = [
  ['sgd', {}],
  ['scored', { evaluateEvery: '1epoch' }],
  ['adagrad', { optimizer: 'adagrad' }],
  ['hs', { loss: 'hs' }],
  ['nce', { loss: 'nce' }],
  ['cbow', { model: 'cbow' }],
  ['per-pair', { negatives: 'per-pair' }],
  ['frozen', { init: 'vectors.bin', freeze: 'init' }],
  ['deterministic', { deterministic: true }],
  ['deterministic hs of cbow', { deterministic: true, loss: 'hs', model: 'cbow' }],
  ['several memories', {}, 2 ** 21],
  ['several memories, adagrad', { optimizer: 'adagrad' }, 2 ** 21],
  ['several memories, hs', { loss: 'hs' }, 2 ** 21],
]

test.each(variants)('the plan is what is allocated, and the engine: %s', (_name, input, cap) => {
  for (const threads of [1, 3]) {
    const { config, shape } = build({ dim: 50, ...input }, threads, cap)
    const { memories } = createModel(vocabulary, config, shape)
    expect(memories.length > 1).toBe(cap !== undefined)
    const allocated = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
    expect(planLayout(shape).bytes).toBe(allocated)
    const { bytes, parts } = planMemory(shape)
    expect(bytes - parts.words! - (parts.evaluation ?? 0) - parts.runtime! + idleBytes(shape)).toBe(allocated)
    // Nothing is left out of the parts but the start and the end of each memory.
    const named = Object.values(parts).reduce((sum, part) => sum + part, 0)
    expect(bytes - named).toBeGreaterThan(0)
    expect(bytes - named).toBeLessThanOrEqual(memories.length * (65536 + 64))
  }
})

const allow = (bytes: number): MemoryLimit => ({ bytes, of: '--memory' })
const refusal = (...args: Parameters<typeof requireFit>) => {
  try {
    requireFit(...args)
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError)
    expect((error as PlanError).exitCode).toBe(2)
    return String(error)
  }
  throw new Error('it fits')
}

test.each(variants)('what does not fit is refused, with settings that would: %s', (_name, input, cap) => {
  const { config, shape } = build({ dim: 600, ...input }, 2, cap && 2 ** 24)
  const { bytes } = planMemory(shape)
  expect(requireFit(shape, allow(bytes), vocabulary)).toMatchObject({ bytes, limit: allow(bytes) })
  const limit = allow(bytes - 4 * 2 ** 20)
  const fits = (changed: Partial<typeof shape>) =>
    requireFit({ ...shape, ...changed }, limit).bytes <= limit.bytes
  const message = refusal(shape, limit, vocabulary)
  expect(message).toContain('words × 600 dimensions need')
  expect(message).toContain(`MiB (--memory)`)
  expect(message).toContain('use --threads 1,')
  expect(fits({ threads: 1 })).toBe(true)

  const dim = Number(/--dim (\d+)/.exec(message)?.[1])
  // Vectors to begin with are as wide as they are.
  expect(Number.isNaN(dim)).toBe(input.init !== undefined)
  if (input.init === undefined) {
    expect(fits({ config: { ...config, dim } })).toBe(true)
    expect(() => fits({ config: { ...config, dim: dim + 4 } })).toThrow('MiB')
  }
  const [, minCount, left] = /--min-count (\d+), which leaves ([\d,]+) words/.exec(message)!
  const wordsWith = (minCount: number) => vocabulary.counts.filter((count) => count >= minCount).length
  const shapeWith = (minCount: number) =>
    shapeOf(vocabulary.first(wordsWith(minCount)), { length: 7, blockBytes: 65536 }, config, 2)
  expect(Number(left!.replace(',', ''))).toBe(wordsWith(Number(minCount)))
  expect(fits(shapeWith(Number(minCount)))).toBe(true)
  expect(() => fits(shapeWith(Number(minCount) - 1))).toThrow('MiB')
})

test('where no one change is enough, two are proposed; and memory where nothing is', () => {
  const { shape, config } = build({ dim: 600 }, 16)
  const limit = allow(planMemory({ ...shape, threads: 1 }).bytes - 2 ** 20)
  const [, dim] = /use --threads 1 --dim (\d+), or/.exec(refusal(shape, limit, vocabulary))!
  const changed = { ...shape, threads: 1, config: { ...config, dim: Number(dim) } }
  expect(requireFit(changed, limit).bytes).toBeLessThanOrEqual(limit.bytes)
  const needed = `${Math.ceil(planMemory(shape).bytes / 2 ** 20)}M`
  expect(refusal(shape, allow(2 ** 20), vocabulary)).toContain(`try: use --memory ${needed}: the engine`)
  expect(refusal(shape, { bytes: 2 ** 20, of: 'the control group' }, vocabulary)).toContain(
    `let the control group have ${needed}`,
  )
  // A run that goes on is what it was.
  expect(refusal({ ...shape, threads: 1 }, limit)).toContain('try: use --memory')
})

test('a model for which no memory is wide enough is refused, however much there is', () => {
  const { shape } = build({ dim: 600 }, 2, 2 ** 20)
  // The cap is a test's; the limit is WASM's.
  expect(refusal({ ...shape, vocabulary: 3e8 }, allow(Number.POSITIVE_INFINITY))).toContain(
    'more than the 4.0 GiB of one WASM memory',
  )
})

// Real processes, as built: what runs from sources has the memory of the compiler too.
const built = existsSync(join(root, 'dist/cli/main.js'))
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const random = new Random(deriveSeed(seed))
  const line = () => Array.from({ length: 20 }, () => `w${random.below(15_000).toString(36)}`).join(' ')
  const question = () => Array.from({ length: 4 }, () => `w${random.below(15_000).toString(36)}`).join(' ')
  writeFileSync(join(folder, 'questions.txt'), Array.from({ length: 20_000 }, question).join('\n'))
  writeFileSync(join(folder, 'text.txt'), `${Array.from({ length: 4000 }, line).join('\n')}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

const runs: [threads: number, flags: string][] = [
  [1, '--dim 900 --analogies questions.txt --restrict 300 --evaluate-every 0.4epochs'],
  [2, '--dim 1000 --deterministic'],
  [2, '--dim 600 --optimizer adagrad'],
  [1, '--dim 600 --optimizer adagrad --deterministic'],
]

test.skipIf(!built || process.platform !== 'linux').each(runs)(
  'a process has what was planned for it, within a twentieth (needs npm run build, Linux): %i threads %s',
  (threads, flags) => {
    const out = join(folder, `run${threads}${flags.replaceAll(' ', '')}`)
    const quick = ['--min-count', '1', '--epochs', '1', '--window', '1', '--sample', '1e-5']
    const args = ['train', join(folder, 'text.txt'), '--out', out, '--threads', `${threads}`]
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'bin/millrace.js'), ...args, ...quick, ...flags.split(' ')],
      { cwd: folder, encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
    )
    expect(status, stderr).toBe(0)
    const events = readEvents(new RunFolder(out).events)
    const bytesOf = (type: 'plan' | 'done') => {
      const event = events.findLast((event) => event.type === type)!
      return 'bytes' in event ? event.bytes : 'peakRssBytes' in event ? event.peakRssBytes : 0
    }
    const ratio = bytesOf('done') / bytesOf('plan')
    expect(Math.abs(ratio - 1), `SEED=${seed}, peak / plan ${ratio.toFixed(3)}`).toBeLessThan(0.05)
    rmSync(out, { recursive: true })
  },
  30_000,
)
