// Many short loaders, with troubles of all kinds at random. Each ends: with the right batches, or with an error.
import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { Random } from '../../src/core/random.ts'
import { DataLoader, type DataLoaderOptions, fromModule, LoaderError } from '../../src/loader/index.ts'
import {
  describeCase,
  type Kind,
  type LoaderCase,
  makeCase,
  makeDataset,
  makeOptions,
  model,
} from '../support/loader-cases.ts'
import { troubledCollate } from '../support/loader-datasets.ts'
import { ends, leavingNoThread, plain, threads } from '../support/loader-harness.ts'
import { type Trouble, type TroubleKind, trouble, troubleKinds } from '../support/loader-troubles.ts'
import { forSeeds, pick } from '../support/seeds.ts'

const datasetsModule = new URL('../support/loader-datasets.ts', import.meta.url).href
const collate = fromModule(datasetsModule, troubledCollate)

const doingsOf: [Kind, Trouble['doing'][]][] = [
  ['plain', ['next', 'collate', 'opening']],
  ['slow', ['next', 'collate', 'opening']],
  ['shard', ['next', 'collate']],
  ['info', ['next', 'collate']],
  ['init', ['next', 'workerInit']],
  ['seekable', ['next', 'collate']],
  ['map', ['get', 'collate']],
  ['async map', ['get', 'collate']],
  ['shuffle', ['get', 'collate']],
]

interface Run {
  config: LoaderCase
  options: DataLoaderOptions
  numWorkers: number
  times: number
  kills: number
  /** How many batches the consumer takes. */
  until: number
}

function makeRun(random: Random): Run {
  const [kind, doings] = pick(random, doingsOf)
  const doing = pick(random, doings)
  // A stuck loop takes as long as the loader's patience, so there are few of them.
  const what: TroubleKind =
    random.below(12) === 0
      ? 'spin'
      : pick(
          random,
          troubleKinds.filter((k) => k !== 'spin'),
        )
  const times = pick(random, [1, 1, 2, Number.POSITIVE_INFINITY])
  const config: LoaderCase = { ...makeCase(random, kind), shape: 'number', room: 2 }
  config.batchSize ??= 2
  const at = Array.from({ length: 1 + random.below(4) }, () => random.below(config.count + 1))
  config.trouble = trouble(what, doing, doing === 'workerInit' || doing === 'opening' ? [0] : at, times)
  const numWorkers = 1 + random.below(2)
  const options: DataLoaderOptions = {
    ...makeOptions(config, numWorkers),
    ...(doing === 'collate' && { collate }),
    timeoutMs: what === 'spin' ? 1500 : 30_000,
    onError: pick(random, ['throw', 'skip', () => pick(random, ['skip', 'skip', 'throw'] as const)] as const),
  }
  return {
    config,
    options,
    numWorkers,
    times,
    kills: random.below(3) === 0 ? 1 : 0,
    until: random.below(4) === 0 ? random.below(8) : Number.POSITIVE_INFINITY,
  }
}

async function play(random: Random, run: Run): Promise<void> {
  const { config, options, until } = run
  const name = describeCase(config)
  const read: unknown[] = []
  let error: unknown
  let kills = run.kills
  await leavingNoThread(async () => {
    const loader = new DataLoader(makeDataset(config), options)
    const walk = async () => {
      for await (const batch of loader) {
        read.push(plain(batch))
        if (read.length >= until) break
        if (random.below(6) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(20)))
        const thread = pick(random, [...threads])
        if (thread && random.below(4) === 0 && kills-- > 0) void thread.terminate()
      }
    }
    error = await ends(
      name,
      walk().then(
        () => undefined,
        (reason) => reason,
      ),
    )
    await ends(`close() of ${name}`, loader.close())
  })
  judge(run, read, error)
}

/** What a run may have come to. */
function judge({ config, until, times, options }: Run, read: unknown[], error: unknown): void {
  const name = describeCase(config)
  const { kind, at } = config.trouble!
  const isWhole = error === undefined && read.length < until
  const ids = (read as number[][]).flat()
  assert.equal(new Set(ids).size, ids.length, `samples came twice: ${name}`)
  if (error !== undefined) {
    assert.ok(
      error instanceof LoaderError || /LOADER_UNREACHABLE/.test(String((error as any).code)),
      `${error} of ${name}`,
    )
    // A death that comes once or twice is made up for.
    if (kind !== 'throw') assert.ok(times > 2, `${error}: ${name}`)
  }
  const isClean = kind !== 'throw' && times <= 2
  if (config.kind === 'shuffle') {
    if (isClean && isWhole && !config.dropLast) assert.equal(ids.length, config.count, name)
    return
  }
  const expected = model(config) as number[][]
  if (isClean) assert.deepEqual(read, isWhole ? expected : expected.slice(0, read.length), name)
  else if (isWhole && !config.dropLast && config.trouble!.doing !== 'collate') {
    // Nothing is missing but what was passed over.
    assert.notEqual(
      options.onError,
      'throw' === options.onError && ids.length < config.count ? 'throw' : '',
      name,
    )
    for (let id = 0; id < config.count; id++)
      if (!at.includes(id)) assert.ok(ids.includes(id), `sample ${id} is missing: ${name}`)
  }
}

test('troubles at random: every loader ends, rightly', async () => {
  await forSeeds(16, async (random) => {
    const run = makeRun(random)
    await play(random, run)
  })
})
