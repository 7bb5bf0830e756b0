import assert from 'node:assert/strict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { from, range } from '../../src/stream/index.ts'
import { forSeeds } from '../support/seeds.ts'
import { proveStreamLaws } from '../support/stream-laws.ts'
import { anyRecipe, build, model, type Recipe, type StageRecipe } from '../support/stream-pipelines.ts'
import { Probe, sourceKinds } from '../support/stream-probe.ts'

const other: Recipe = { source: { kind: 'slow cursor', count: 4 }, stages: [] }
const stages: StageRecipe[] = [
  { stage: 'map', isAsync: false },
  { stage: 'map', isAsync: true },
  { stage: 'filter', isAsync: false },
  { stage: 'filter', isAsync: true },
  { stage: 'tap', isAsync: false },
  { stage: 'tap', isAsync: true },
  { stage: 'flatMap', gives: 'list', isAsync: false },
  { stage: 'flatMap', gives: 'generator', isAsync: false },
  { stage: 'flatMap', gives: 'async generator', isAsync: true },
  { stage: 'flatMap', gives: 'stream', isAsync: false },
  { stage: 'flatMap', gives: 'cursor', isAsync: false },
  { stage: 'take', count: 4 },
  { stage: 'take', count: 0 },
  { stage: 'skip', count: 3 },
  { stage: 'batch', size: 3, dropLast: false },
  { stage: 'batch', size: 3, dropLast: true },
  { stage: 'window', size: 3, step: 1, partial: false },
  { stage: 'window', size: 3, step: 2, partial: true },
  { stage: 'window', size: 2, step: 4, partial: true },
  { stage: 'shuffle', window: 3, seed: 5 },
  { stage: 'shuffle', window: { bytes: 30 }, seed: 5 },
  { stage: 'interleave', others: [other, other] },
  { stage: 'zip', others: [other] },
  { stage: 'concat', others: [other] },
  { stage: 'repeat', count: 3 },
  { stage: 'endless', count: 11 },
  { stage: 'prefetch', count: 3 },
]

test.each(stages.map((stage) => [JSON.stringify(stage), stage] as const))(
  'the laws hold for %s',
  async (_, stage) => {
    for (const kind of ['list', ...sourceKinds] as const) {
      const recipe = { source: { kind, count: 7 }, stages: [stage] }
      await compareWithModel(recipe)
      await proveStreamLaws((probe) => build(recipe, probe))
    }
  },
)

test('the laws hold for endless streams', async () => {
  await proveStreamLaws(() => range(Infinity).map((n) => n * 2))
  await proveStreamLaws((probe) =>
    from(probe.source('async generator', [1, 2, 3]))
      .repeat()
      .shuffle({ window: 4 }),
  )
})

test('the laws hold for random pipelines', () =>
  forSeeds(1, async (random) => {
    const property = fc.asyncProperty(anyRecipe, async (recipe) => {
      await compareWithModel(recipe)
      const behindFaults = !JSON.stringify(recipe).includes('"zip"')
      await proveStreamLaws((probe) => build(recipe, probe), { stateLength: 1200, behindFaults })
    })
    await fc.assert(property, { seed: random.below(2 ** 31), numRuns: Number(process.env.RUNS ?? 1000) })
  }))

test('a law that is broken is found', async () => {
  const forgetful = (probe: Probe) => {
    let count = 0 // hidden from the state
    return from(probe.source('cursor', [1, 2, 3, 4])).filter(() => count++ % 2 === 0)
  }
  await expect(proveStreamLaws(forgetful)).rejects.toThrow('resumed at 1')
})

async function compareWithModel(recipe: Recipe): Promise<void> {
  const expected = model(recipe)
  if (expected) assert.deepEqual(await build(recipe, new Probe()).toArray(), expected)
}
