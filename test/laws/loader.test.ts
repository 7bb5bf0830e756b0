// The batches depend on the lanes, and not on the workers, the ring, or what the consumer does with them.
import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { DataLoader } from '../../src/loader/index.ts'
import {
  describeCase,
  idsIn,
  iterableKinds,
  type LoaderCase,
  makeCase,
  makeLoader,
  mapKinds,
  model,
  randomKinds,
} from '../support/loader-cases.ts'
import { Seekable, Tally } from '../support/loader-datasets.ts'
import { Large } from '../support/loader-failing.ts'
import { ends, leavingNoThread, plain, readPasses } from '../support/loader-harness.ts'
import { forSeeds, pick } from '../support/seeds.ts'

async function passes(config: LoaderCase, numWorkers: number, count = 2): Promise<unknown[][]> {
  const loader = makeLoader(config, numWorkers)
  return await leavingNoThread(() => ends(describeCase(config), readPasses(loader, count)))
}

describe('any number of workers gives what the model says', () => {
  test.each([...iterableKinds, ...mapKinds])('%s', async (kind) => {
    await forSeeds(1, async (random) => {
      const config = makeCase(random, kind)
      const expected = model(config)
      for (const numWorkers of [0, pick(random, [1, 2]), pick(random, [3, 8])])
        assert.deepEqual(
          await passes(config, numWorkers),
          [expected, expected],
          `${numWorkers} workers: ${describeCase(config)}`,
        )
    })
  })

  test('0, 1, 2, 3 and 8, over one case', async () => {
    await forSeeds(1, async (random) => {
      const config = {
        ...makeCase(random, pick(random, ['plain', 'async map'])),
        lanes: 3,
        isPersistent: true,
      }
      for (const numWorkers of [0, 1, 2, 3, 8])
        assert.deepEqual(await passes(config, numWorkers, 1), [model(config)], describeCase(config))
    })
  })

  test('lanes that are not set are the workers', async () => {
    await forSeeds(1, async (random) => {
      const config = { ...makeCase(random, 'plain'), lanes: 2 }
      const loader = makeLoader(config, 2, { lanes: undefined })
      assert.deepEqual(await ends(describeCase(config), readPasses(loader, 1)), [model(config)])
    })
  })
})

describe('what is drawn does not depend on the workers', () => {
  test.each(randomKinds)('%s', async (kind) => {
    await forSeeds(1, async (random) => {
      // With persistent workers PyTorch draws no seed for the second pass, which changes the shuffle's.
      const config = { ...makeCase(random, kind), dropLast: false, isPersistent: false }
      const expected = await passes(config, 0)
      for (const pass of expected) {
        const ids = pass.flatMap((batch) => idsIn(config, batch)).sort((a, b) => a - b)
        const first = kind === 'stream' ? 1 : 0
        assert.deepEqual(
          ids,
          Array.from({ length: config.count }, (_, i) => i + first),
          describeCase(config),
        )
      }
      if (config.count > 20) assert.notDeepEqual(expected[0], expected[1], 'the same order in both passes')
      for (const numWorkers of [pick(random, [1, 2]), pick(random, [3, 8])])
        assert.deepEqual(await passes(config, numWorkers), expected, `${numWorkers}: ${describeCase(config)}`)
    })
  })
})

test('persistent workers, of any number, draw the same', async () => {
  await forSeeds(1, async (random) => {
    const config = { ...makeCase(random, 'shuffle'), isPersistent: true }
    const expected = await passes(config, 1, 3)
    assert.deepEqual(expected[0], (await passes(config, 0, 1))[0], describeCase(config))
    assert.deepEqual(await passes(config, 2, 3), expected, describeCase(config))
  })
})

describe('batches', () => {
  test('are the consumer’s: kept over a whole pass, they hold what they held', async () => {
    await forSeeds(4, async (random) => {
      const config = {
        ...makeCase(random, pick(random, ['plain', 'map', 'slow'])),
        borrow: false,
        room: 2,
        count: 500,
      }
      const loader = makeLoader(config, pick(random, [1, 2]))
      const all: unknown[] = []
      for await (const batch of loader) all.push(batch)
      await loader.close()
      assert.deepEqual(all.map(plain), model(config), describeCase(config))
    })
  })

  test('that are written to change no other', async () => {
    const config: LoaderCase = { ...calm, kind: 'map', count: 400, batchSize: 4 }
    const loader = makeLoader(config, 2)
    const sums: number[] = []
    for await (const batch of loader) {
      sums.push((batch as Float64Array).reduce((sum, value) => sum + value))
      ;(batch as Float64Array).fill(-1)
    }
    await loader.close()
    assert.deepEqual(
      sums,
      Array.from({ length: 100 }, (_, i) => 16 * i + 6),
    )
  })

  test('that are borrowed are good until the next is asked for, however long that takes', async () => {
    await forSeeds(2, async (random) => {
      const config = {
        ...makeCase(random, pick(random, ['plain', 'map'])),
        borrow: true,
        room: 2,
        count: 200,
      }
      const loader = makeLoader(config, pick(random, [1, 2]))
      const all: unknown[] = []
      for await (const batch of loader) {
        const before = plain(batch)
        // The workers go on meanwhile, as far as there is room.
        if (random.below(3) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
        assert.deepEqual(plain(batch), before, describeCase(config))
        all.push(before)
      }
      await loader.close()
      assert.deepEqual(all, model(config), describeCase(config))
    })
  })

  test('that nearly fill the ring are not written over while they are borrowed, or copied', async () => {
    for (const borrow of [true, false])
      for (let bytes = 3000; bytes < 3950; bytes += borrow ? 300 : 60) {
        const loader = new DataLoader(new Large(bytes), { numWorkers: 1, memoryLimit: 4096, borrow })
        const read: number[] = []
        const walk = async () => {
          for await (const batch of loader) {
            const before = plain(batch)
            if (borrow) await new Promise((resolve) => setTimeout(resolve, 10))
            assert.deepEqual(plain(batch), before, `${bytes} bytes, borrowed`)
            read.push((before as string[])[0]!.length)
          }
        }
        await ends(`${bytes} bytes`, walk())
        assert.deepEqual(read, [1, 1, 1, 1, 1, bytes, 1, 1], `${bytes} bytes`)
      }
  })

  test('come in order to who asks for several at once', async () => {
    await forSeeds(4, async (random) => {
      const config = { ...makeCase(random, pick(random, ['plain', 'slow', 'async map'])), borrow: false }
      for (const numWorkers of [0, 2]) {
        const iterator = makeLoader(config, numWorkers)[Symbol.asyncIterator]()
        const asked: Promise<IteratorResult<unknown>>[] = []
        const expected = model(config)
        while (asked.length < expected.length + 3) {
          asked.push(iterator.next())
          if (random.below(4) === 0) await asked[random.below(asked.length)]
        }
        const results = await ends(describeCase(config), Promise.all(asked))
        assert.deepEqual(
          results.filter(({ done }) => !done).map(({ value }) => plain(value)),
          expected,
          describeCase(config),
        )
        assert.deepEqual(
          results.map(({ done }) => Boolean(done)),
          [...expected.map(() => false), true, true, true],
        )
      }
    })
  })

  test('of concurrent passes of one loader do not mix', async () => {
    const config: LoaderCase = { ...calm, kind: 'plain', count: 60 }
    const loader = makeLoader(config, 2)
    const [one, two] = await ends('two passes', Promise.all([collect(loader), collect(loader)]))
    assert.deepEqual(one, model(config))
    assert.deepEqual(two, model(config))
  })
})

test('workers make no more batches ahead than prefetchFactor says', async () => {
  const tally = new Tally()
  const dataset = new Seekable({ shape: 'number', count: 400, tally: tally.memory })
  const loader = new DataLoader(dataset, { batchSize: 4, numWorkers: 1, prefetchFactor: 2 })
  for await (const _ of loader) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    break
  }
  // The one that was taken, two that wait, and one that waits for room.
  assert.ok(tally.pulled <= 4 * 4, `${tally.pulled} samples were pulled`)
})

async function collect(loader: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const batch of loader) all.push(plain(batch))
  return all
}

const calm: LoaderCase = {
  kind: 'plain',
  shape: 'number',
  count: 40,
  lanes: 2,
  batchSize: 3,
  dropLast: false,
  borrow: false,
  isPersistent: false,
  prefetchFactor: undefined,
  seed: 1,
  room: 4,
}
