import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { StoppedError } from '../core/errors.ts'
import { readEvents } from '../run/index.ts'
import { isFused } from '../runtime/wasm.ts'
import { parseTrainConfig, type TrainConfigInput } from '../word2vec/index.ts'
import { arithmeticOf, requireArithmetic, requireKernel } from './arithmetic.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'
import { newState } from './state.ts'

let folder: string
let corpus: string
let runs = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  corpus = join(folder, 'corpus.txt')
  writeFileSync(corpus, madeUpText(130_000, 1))
})

const standard: TrainConfigInput = { dim: 20, epochs: 1, minCount: 2, sample: 1e-3, deterministic: true }

/** Trains with all threads that are asked for, however few cores there are. */
async function train(config: TrainConfigInput, more: Partial<TrainRequest> = {}) {
  const out = join(folder, `run${runs++}`)
  const request = { corpus: [corpus], out, config: { ...standard, ...config }, team: 'all' as const, ...more }
  const { result } = await runTraining(request)
  const events = readEvents(join(request.out, 'events.ndjson'))
  const losses = events.flatMap((event) => (event.type === 'epoch' ? [event.loss] : []))
  const walked = events.findLast((event) => event.type === 'walk')?.rounds
  return { hash: sha256(result.vectors), losses, walked, audit: result.audit, out }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

const variants: TrainConfigInput[] = [
  {},
  { arithmetic: 'strict' },
  { dim: 3 },
  { dim: 70, negative: 9 },
  { dim: 200 },
  { dim: 204, model: 'cbow' },
  { model: 'cbow' },
  { loss: 'hs' },
  { loss: 'nce', model: 'cbow', optimizer: 'adagrad' },
  { negatives: 'per-pair' },
]

test.each(variants)('the same bits and loss with 1, 2, 3, 4 and 8 threads: %o', async (config) => {
  const one = await train({ ...config, threads: 1 })
  for (const threads of [2, 3, 4, 8]) {
    const more = await train({ ...config, threads })
    expect(more.hash, `${threads} threads`).toBe(one.hash)
    expect(more.losses).toEqual(one.losses)
    expect(more.audit).toEqual(one.audit)
    expect(more.walked).toHaveLength(threads)
    expect(new Set(more.walked).size).toBe(1)
    expect(more.walked![0]).toBe(one.walked![0])
    expect(more.walked![0]).toBeGreaterThan(20)
  }
})

test.each(variants)(
  'the same bits if another number of threads takes part in each round: %o',
  async (config) => {
    const one = await train({ ...config, epochs: 2, threads: 1 })
    for (const threads of [2, 4]) {
      const changing = await train({ ...config, epochs: 2, threads }, { team: 'changing' })
      expect(changing.hash, `${threads} threads`).toBe(one.hash)
      expect(changing.losses).toEqual(one.losses)
      expect(new Set(changing.walked).size).toBeGreaterThan(1)
    }
  },
)

test.each(variants)('the same bits where rows lie in several memories: %o', async (config) => {
  const whole = await train({ ...config, threads: 2 })
  for (const threads of [1, 2, 3]) {
    const apart = await train({ ...config, threads }, { memoryCap: 2 ** 20 })
    expect(apart.hash).toBe(whole.hash)
    expect(apart.losses).toEqual(whole.losses)
  }
})

test('a model that no memory holds is trained in lanes without being asked, with the same bits', async () => {
  const asked = await train({ threads: 2 })
  const notAsked = await train({ threads: 2, deterministic: false }, { memoryCap: 2 ** 20 })
  expect(notAsked.hash).toBe(asked.hash)
})

test.each([{}, { model: 'cbow', loss: 'hs', optimizer: 'adagrad' }] as TrainConfigInput[])(
  'stopped again and again, with other threads each time, the bits are the same: %o',
  async (variant) => {
    const whole = await train({ ...variant, threads: 2, epochs: 12 })
    const out = join(folder, `run${runs++}`)
    for (let attempt = 0; ; attempt++) {
      const controller = new AbortController()
      let blocks = 0
      const observer = { trained: () => void (++blocks === 1 && controller.abort()) }
      const config = { ...standard, ...variant, epochs: 12, threads: 1 + (attempt % 4) }
      const request = {
        corpus: [corpus],
        out,
        config,
        team: 'all' as const,
        observer,
        signal: controller.signal,
      }
      try {
        const { result } = await runTraining(request)
        expect(attempt).toBeGreaterThan(3)
        expect(sha256(result.vectors)).toBe(whole.hash)
        return
      } catch (error) {
        expect(error).toBeInstanceOf(StoppedError)
      }
    }
  },
)

/**
 * Made by this code, on x64 with fused multiply-add. They change only with what is computed; that they are the same on
 * another engine or machine is what this test is for.
 */
const golden: Record<string, string> = {
  fused: '2dba8a34078b19afbad78396c93c71d56d7798b84420f12a50a2182f3b1961e4',
  strict: '9f39afaf85c1c0a08d8554b229f886df833d8de0b8917d27cde7331ccbaa1ba3',
  cbow: 'e1324300493017ae03a6d6c832d1e651f1f90b72654bc352e4265014aea20b2e',
  softmax: 'f4b579f04bf5bf2f2b37658e1ce1b4ff8fa3ff835ceb4cc42809facdd89581c7',
}

test('the bits are those of other engines and machines', async () => {
  const configs: Record<string, TrainConfigInput> = {
    fused: {},
    strict: { arithmetic: 'strict' },
    cbow: { model: 'cbow' },
    softmax: { loss: 'hs' },
  }
  const found: Record<string, string> = {}
  for (const [name, config] of Object.entries(configs)) {
    const needsFused = config.arithmetic !== 'strict'
    found[name] = needsFused && !isFused() ? golden[name]! : (await train({ ...config, threads: 2 })).hash
  }
  expect(found).toEqual(golden)
})

test('a word repeated in bursts does not throw the vectors off', async () => {
  const bursts = join(folder, 'bursts.txt')
  const text = madeUpText(200_000, 2).split('\n')
  const lines = text.map((line, i) => (i % 200 === 0 ? `${'salt pepper '.repeat(1000)}\n${line}` : line))
  writeFileSync(bursts, lines.join('\n'))
  const { losses } = await train({ threads: 2, sample: 0, epochs: 3 }, { corpus: [bursts] })
  expect(losses[2]!).toBeLessThan(losses[0]!)
})

test('fused arithmetic that is not fused is refused, and strict is offered', () => {
  const config = parseTrainConfig(standard)
  expect(() => requireArithmetic(config, false)).toThrow(/--arithmetic strict/)
  expect(() => requireArithmetic({ ...config, arithmetic: 'strict' }, false)).not.toThrow()
  expect(() => requireArithmetic({ ...config, deterministic: false }, false)).not.toThrow()
  expect(() => requireArithmetic(config, true)).not.toThrow()
})

test('a deterministic run goes on with its own kernel only, another is warned', () => {
  const config = parseTrainConfig(standard)
  const state = { ...newState(), kernel: arithmeticOf('train.strict') }
  expect(() => requireKernel(config, state, arithmeticOf('train.relaxed'))).toThrow(/bits/)
  expect(requireKernel(config, state, arithmeticOf('train.strict'))).toBeUndefined()
  expect(requireKernel({ ...config, deterministic: false }, state, arithmeticOf('train.relaxed'))).toMatch(
    /last digits/,
  )
  // What is wide or not is no other arithmetic.
  expect(arithmeticOf('train.wide')).toBe(arithmeticOf('train.relaxed'))
})
