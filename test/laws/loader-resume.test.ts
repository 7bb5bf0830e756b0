// A state taken behind any batch is all that is needed to go on with exactly the rest, with any number of workers.
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { DataLoader, type DataLoaderOptions, type LoaderState } from '../../src/loader/index.ts'
import {
  describeCase,
  type Kind,
  kinds,
  type LoaderCase,
  makeCase,
  makeDataset,
  makeLoader,
  makeOptions,
} from '../support/loader-cases.ts'
import { Indexed, Plain, Seekable, Tally } from '../support/loader-datasets.ts'
import { ends, plain, readPass } from '../support/loader-harness.ts'
import { forSeeds } from '../support/seeds.ts'

/** What a loader gave in two passes, with its state before all, and behind each batch. */
interface Story {
  batches: unknown[]
  states: LoaderState[]
  /** How many batches came in the first pass. */
  firstPass: number
}

const throughJson = (state: LoaderState): LoaderState => JSON.parse(JSON.stringify(state))

async function tell(loader: DataLoader): Promise<Story> {
  const story: Story = { batches: [], states: [throughJson(loader.state())], firstPass: 0 }
  for (let pass = 0; pass < 2; pass++) {
    for await (const batch of loader) {
      story.batches.push(plain(batch))
      story.states.push(throughJson(loader.state()))
    }
    if (pass === 0) story.firstPass = story.batches.length
  }
  await loader.close()
  return story
}

async function resume(config: LoaderCase, numWorkers: number, state: LoaderState): Promise<DataLoader> {
  // Saved lanes win; the options say other ones.
  const options = { ...makeOptions(config, numWorkers), lanes: config.lanes + 1 }
  return DataLoader.resume(makeDataset(config), options, state)
}

describe('resumed behind any batch, a loader gives the rest, and then the same passes', () => {
  test.each(kinds)('%s', async (kind) => {
    await forSeeds(1, async (random) => {
      const config = { ...makeCase(random, kind), isPersistent: false }
      config.count = Math.min(config.count, 60)
      const name = describeCase(config)
      const story = await ends(name, tell(makeLoader(config, random.below(3))))
      for (const [place, state] of story.states.entries()) {
        const loader = await resume(config, 0, state)
        const inFirst = place <= story.firstPass
        const rest = await readPass(loader)
        const until = inFirst ? story.firstPass : story.batches.length
        assert.deepEqual(rest, story.batches.slice(place, until), `resumed at ${place}: ${name}`)
        if (inFirst)
          assert.deepEqual(
            await readPass(loader),
            story.batches.slice(story.firstPass),
            `the pass behind, resumed at ${place}: ${name}`,
          )
      }
      // And with workers, batch by batch, taken over from each other.
      let place = random.below(story.firstPass + 1)
      for (const numWorkers of [1 + random.below(3), 0, 1 + random.below(3)]) {
        const loader = await resume(config, numWorkers, story.states[place]!)
        // Before the first batch the pass's seed is still to be drawn, and is drawn on resuming.
        if (place > 0) assert.deepEqual(loader.state(), story.states[place], `state at ${place}: ${name}`)
        const from = place
        for await (const batch of loader) {
          assert.deepEqual(plain(batch), story.batches[place], `batch ${place}, resumed at ${from}: ${name}`)
          place++
          assert.deepEqual(throughJson(loader.state()), story.states[place], `state at ${place}: ${name}`)
          if (random.below(6) === 0) break
        }
        await ends(name, loader.close())
        if (place >= story.firstPass) break
      }
    })
  })

  test('persistent workers draw no seed for a second pass, resumed or not', async () => {
    await forSeeds(1, async (random) => {
      const config = { ...makeCase(random, 'shuffle'), isPersistent: true, lanes: 2, count: 40 }
      const story = await ends('persistent', tell(makeLoader(config, 2)))
      const place = random.below(story.firstPass) + 1
      const loader = await resume(config, 1, story.states[place]!)
      const rest = [...(await readPass(loader)), ...(await readPass(loader))]
      await loader.close()
      assert.deepEqual(rest, story.batches.slice(place), `at ${place}: ${describeCase(config)}`)
    })
  })
})

describe('lanes of the state', () => {
  const cases = (['plain', 'shard', 'seekable', 'map', 'shuffle'] as Kind[]).map((kind) => [kind] as const)

  test.each(cases)('are kept when a state without workers is resumed with some: %s', async (kind) => {
    await forSeeds(1, async (random) => {
      const config = { ...makeCase(random, kind), lanes: 1, dropLast: false, count: 40 }
      const story = await tell(makeLoader(config, 0, { lanes: undefined }))
      const place = random.below(story.firstPass)
      const options = { ...makeOptions(config, 2), lanes: undefined, persistentWorkers: false }
      const loader = DataLoader.resume(makeDataset(config), options, story.states[place]!)
      assert.deepEqual(await ends(kind, readPass(loader)), story.batches.slice(place, story.firstPass))
      assert.deepEqual(await ends(kind, readPass(loader)), story.batches.slice(story.firstPass))
    })
  })

  test('are kept by state() of the resumed loader, and by who resumes that', async () => {
    const first = new DataLoader(new Indexed({ shape: 'number', count: 12 }), { batchSize: 2 })
    for await (const _ of first) break
    const second = DataLoader.resume(
      new Indexed({ shape: 'number', count: 12 }),
      { batchSize: 2, numWorkers: 2 },
      throughJson(first.state()),
    )
    for await (const _ of second) break
    await second.close()
    const third = DataLoader.resume(
      new Indexed({ shape: 'number', count: 12 }),
      { batchSize: 2 },
      throughJson(second.state()),
    )
    assert.deepEqual(await readPass(third), [
      [4, 5],
      [6, 7],
      [8, 9],
      [10, 11],
    ])
  })
})

describe('state()', () => {
  test('before, between and after passes, and after a break', async () => {
    const config = { ...base, kind: 'shuffle' as const }
    for (const numWorkers of [0, 2]) {
      const whole = await tell(makeLoader(config, numWorkers))
      const loader = makeLoader(config, numWorkers)
      const rest = async (state: LoaderState) => await readPass(await resume(config, 1, throughJson(state)))
      assert.deepEqual(await rest(loader.state()), whole.batches.slice(0, whole.firstPass), 'before')
      const iterator = loader[Symbol.asyncIterator]()
      assert.deepEqual(await rest(loader.state()), whole.batches.slice(0, whole.firstPass), 'opened')
      for (let i = 0; i < whole.firstPass; i++) await iterator.next()
      assert.deepEqual(await rest(loader.state()), [], 'behind the last batch, before the end is known')
      assert.equal(loader.epoch, 0)
      await iterator.next()
      assert.equal(loader.epoch, 1)
      assert.deepEqual(await rest(loader.state()), whole.batches.slice(whole.firstPass), 'between')
      let place = whole.firstPass
      for await (const _ of loader) if (++place === whole.firstPass + 3) break
      assert.deepEqual(await rest(loader.state()), whole.batches.slice(place), 'after a break')
      await loader.close()
      assert.deepEqual(await rest(loader.state()), whole.batches.slice(place), 'closed')
    }
  })

  test('after an error is behind the last batch that came', async () => {
    const dataset = new Failing(6)
    const loader = new DataLoader(dataset, { batchSize: 2 })
    const read: unknown[] = []
    await assert.rejects(async () => {
      for await (const batch of loader) read.push(plain(batch))
    }, /no sample 6/)
    assert.deepEqual(read, [
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    const state = throughJson(loader.state())
    await assert.rejects(readPass(DataLoader.resume(new Failing(6), { batchSize: 2 }, state)), /no sample 6/)
    const mended = DataLoader.resume(new Failing(6), { batchSize: 2, onError: 'skip' }, state)
    assert.deepEqual(await readPass(mended), [[7], [8, 9]])
  })

  test('does not grow', async () => {
    for (const kind of ['plain', 'seekable', 'map', 'shuffle', 'stream'] as Kind[]) {
      const config = { ...base, kind, count: kind === 'stream' ? 97 : 500, lanes: 3, borrow: true }
      const loader = makeLoader(config, 0)
      const lengths: number[] = []
      for await (const _ of loader) lengths.push(JSON.stringify(loader.state()).length)
      const [early, late] = [lengths[2]!, lengths.at(-1)!]
      // Only the places' digits grow, of lanes, batches and samples.
      assert.ok(late - early < 40, `${kind}: ${early} bytes, then ${late}`)
    }
  })

  test.each([0, 2])('lets a dataset that seeks pull nothing twice: %i workers', async (numWorkers) => {
    const count = 300
    const tally = new Tally()
    const contents = { shape: 'number' as const, count, tally: tally.memory }
    const options = (workers: number): DataLoaderOptions => ({
      batchSize: 4,
      numWorkers: workers,
      lanes: 2,
      sharding: 'none',
      ...(workers > 0 && { prefetchFactor: 1 }),
    })
    const loader = new DataLoader(new Seekable(contents), options(0))
    let state: LoaderState | undefined
    let batches = 0
    for await (const _ of loader)
      if (++batches === 140) {
        state = throughJson(loader.state())
        break
      }
    assert.equal(tally.opened, 2)
    assert.equal(tally.closed, 2)
    const again = new Tally()
    const resumed = DataLoader.resume(
      new Seekable({ ...contents, tally: again.memory }),
      options(numWorkers),
      state!,
    )
    assert.equal((await ends('seek', readPass(resumed))).length, 150 - 140)
    assert.equal(again.pulled, 2 * count - 140 * 4)
  })
})

/** Throws at one sample, and goes on behind it. */
class Failing {
  readonly length = 10
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
  get(index: number): number {
    if (index === this.at) throw new Error(`no sample ${index}`)
    return index
  }
}

const base: LoaderCase = {
  kind: 'map',
  shape: 'number',
  count: 30,
  lanes: 2,
  batchSize: 3,
  dropLast: false,
  borrow: false,
  isPersistent: false,
  prefetchFactor: undefined,
  seed: 9,
  room: 4,
}

describe('what has changed is refused by its name', () => {
  const options: DataLoaderOptions = { batchSize: 2, seed: 3 }
  const iterable = new Plain({ shape: 'number', count: 10 })
  const map = new Indexed({ shape: 'number', count: 10 })
  const stateOf = async (dataset: any, given: DataLoaderOptions) => {
    const loader = new DataLoader(dataset, given)
    for await (const _ of loader) break
    return throughJson(loader.state())
  }
  const collate = (samples: unknown[]) => samples
  const changes: [string, any, DataLoaderOptions, any, DataLoaderOptions, RegExp][] = [
    ['batchSize', map, {}, map, { batchSize: 3 }, /batchSize was 2 .* is 3/],
    ['dropLast', map, {}, map, { dropLast: true }, /dropLast was false .* is true/],
    ['shuffle', map, {}, map, { shuffle: true }, /shuffle was false .* is true/],
    ['seed', map, {}, map, { seed: 4 }, /seed was 3 .* is 4/],
    ['dtype', map, {}, map, { dtype: 'int32' }, /dtype was float64 .* is int32/],
    ['sharding', iterable, {}, iterable, { sharding: 'none' }, /sharding was auto .* is none/],
    ['collate', map, {}, map, { collate }, /collate was not given .* is collate/],
    ['sampler', map, { sampler: [1, 2, 3] }, map, {}, /sampler was array of 3 .* is not given/],
    ['length', map, {}, new Indexed({ shape: 'number', count: 11 }), {}, /dataset's length was 10 .* is 11/],
    [
      'a field',
      map,
      {},
      new Indexed({ shape: 'text', count: 10 }),
      {},
      /dataset's \.shape was number .* is text/,
    ],
    [
      'the class',
      iterable,
      {},
      new Seekable({ shape: 'number', count: 10 }),
      {},
      /dataset's class was Plain .* is Seekable/,
    ],
    ['the kind', map, {}, iterable, {}, /was read by map, and is by iterable/],
    ['items', [1, 2, 3], {}, [1, 2, 4], {}, /dataset's items/],
  ]
  test.each(changes)('%s', async (_name, dataset, more, other, change, message) => {
    const state = await stateOf(dataset, { ...options, ...more })
    assert.doesNotThrow(() => DataLoader.resume(dataset, { ...options, ...more }, state))
    assert.throws(() => DataLoader.resume(other, { ...options, ...change }, state), message)
  })

  test('other numbers of workers, memory, patience and borrowing are free', async () => {
    const state = await stateOf(map, options)
    const free = {
      ...options,
      numWorkers: 2,
      memoryLimit: '1MiB',
      timeoutMs: 9,
      borrow: true,
      prefetchFactor: 3,
    }
    assert.doesNotThrow(() => DataLoader.resume(map, free, state))
  })

  test('what is no state', () => {
    for (const state of [null, undefined, {}, 3, 'state', { format: 'other' }, { lanes: [] }])
      expect(() => DataLoader.resume(map, options, state as any)).toThrow(/not the state of a loader/)
  })
})

test('another list of indices is refused, and a state can be resumed from twice', async () => {
  const { DataLoader } = await import('../../src/loader/index.ts')
  const dataset = [10, 20, 30, 40]
  const loader = new DataLoader(dataset, { sampler: [3, 1, 0] })
  await loader[Symbol.asyncIterator]().next()
  const state = loader.state()
  const before = JSON.stringify(state)
  assert.throws(() => DataLoader.resume(dataset, { sampler: [3, 0, 1] }, state), /sampler was/)
  for (let i = 0; i < 2; i++) {
    const rest: number[] = []
    for await (const batch of DataLoader.resume(dataset, { sampler: [3, 1, 0] }, state)) rest.push(...batch)
    assert.deepEqual(rest, [20, 10])
    assert.equal(JSON.stringify(state), before)
  }
})
