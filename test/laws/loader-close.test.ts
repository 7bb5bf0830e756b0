// However a pass is left, its iterators are closed once and its threads are gone.
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { DataLoader, type DataLoaderOptions } from '../../src/loader/index.ts'
import {
  type Contents,
  Indexed,
  LateOpening,
  NeverThere,
  Plain,
  Seekable,
  Slow,
  Tally,
} from '../support/loader-datasets.ts'
import { ends, errorOf, leavingNoThread, plain, readPass } from '../support/loader-harness.ts'
import { forSeeds, pick } from '../support/seeds.ts'

const datasets: [string, (contents: Contents) => any][] = [
  ['a generator', (contents) => new Plain(contents)],
  ['an async generator', (contents) => new Slow(contents)],
  ['a cursor', (contents) => new Seekable(contents)],
]

/** The iterators that were opened are closed, if not at once then soon. */
async function allClosed(tally: Tally): Promise<void> {
  for (let turn = 0; turn < 500 && tally.closed < tally.opened; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(tally.closed, tally.opened, `${tally.opened} iterators were opened, ${tally.closed} closed`)
}

function optionsFor(numWorkers: number, more: DataLoaderOptions = {}): DataLoaderOptions {
  return { batchSize: 2, lanes: 2, numWorkers, ...(numWorkers > 0 && { prefetchFactor: 1 }), ...more }
}

describe.each(datasets)('%s', (_name, make) => {
  test.each([0, 2])('is closed at the end, on break, return() and throw: %i workers', async (numWorkers) => {
    await forSeeds(1, async (random) => {
      for (const leave of ['end', 'break', 'return', 'throw'] as const) {
        const tally = new Tally()
        const dataset = make({ shape: 'number', count: 30, tally: tally.memory })
        const loader = new DataLoader(dataset, optionsFor(numWorkers, { borrow: random.below(2) === 0 }))
        await leavingNoThread(async () => {
          const at = random.below(6) + 1
          if (leave === 'return') {
            const iterator = loader[Symbol.asyncIterator]()
            for (let i = 0; i < at; i++) await iterator.next()
            assert.deepEqual(await ends(leave, iterator.return!()), { done: true, value: undefined })
            assert.deepEqual(await ends(leave, iterator.return!()), { done: true, value: undefined })
            assert.deepEqual(await ends(leave, iterator.next()), { done: true, value: undefined })
            return
          }
          let batches = 0
          const walk = async () => {
            for await (const _ of loader) {
              if (++batches < at || leave === 'end') continue
              if (leave === 'break') break
              throw new Error('enough')
            }
          }
          if (leave === 'throw') expect((await errorOf(walk())).message).toBe('enough')
          else await ends(leave, walk())
        })
        await allClosed(tally)
        assert.ok(tally.opened > 0)
      }
    })
  })

  test.each([0, 1])('is closed by return() while next() is pending: %i workers', async (numWorkers) => {
    for (const given of [0, 1, 4]) {
      const tally = new Tally()
      const loader = new DataLoader(
        make({ shape: 'number', count: 30, tally: tally.memory }),
        optionsFor(numWorkers),
      )
      await leavingNoThread(async () => {
        const iterator = loader[Symbol.asyncIterator]()
        for (let i = 0; i < given; i++) await iterator.next()
        const pending = [iterator.next(), iterator.next()]
        await ends('return()', iterator.return!())
        for (const result of await ends('pending', Promise.all(pending)))
          if (!result.done) assert.equal((result.value as Float64Array).length, 2)
      })
      await allClosed(tally)
    }
  })

  test('a persistent worker closes it when the next pass begins, and at close()', async () => {
    const tally = new Tally()
    const dataset = make({ shape: 'number', count: 30, tally: tally.memory })
    await leavingNoThread(async () => {
      const loader = new DataLoader(dataset, optionsFor(2, { persistentWorkers: true }))
      const left = loader[Symbol.asyncIterator]()
      await left.next()
      assert.equal((await ends('the second pass', readPass(loader))).length, 16)
      assert.deepEqual(await left.next(), { done: true, value: undefined })
      for await (const _ of loader) break
      await ends('close()', loader.close())
    })
    await allClosed(tally)
    assert.ok(tally.opened >= 4, `only ${tally.opened} were opened`)
  })
})

test.each([0, 1])('what is still being opened is closed too: %i workers', async (numWorkers) => {
  const tally = new Tally()
  const loader = new DataLoader(
    new LateOpening({ shape: 'number', count: 9, tally: tally.memory }),
    optionsFor(numWorkers),
  )
  const iterator = loader[Symbol.asyncIterator]()
  const pending = iterator.next()
  await new Promise((resolve) => setTimeout(resolve, numWorkers === 0 ? 0 : 200))
  await ends('return()', iterator.return!())
  assert.equal((await ends('next()', pending)).done, true)
  await new Promise((resolve) => setTimeout(resolve, 400))
  await allClosed(tally)
  if (numWorkers === 0) assert.equal(tally.pulled, 0)
})

test('a worker whose sample never comes does not keep return() or the process', async () => {
  await leavingNoThread(async () => {
    const loader = new DataLoader(new NeverThere(), { numWorkers: 1 })
    const iterator = loader[Symbol.asyncIterator]()
    const pending = iterator.next()
    await new Promise((resolve) => setTimeout(resolve, 200))
    await ends('return()', iterator.return!())
    assert.equal((await ends('next()', pending)).done, true)
  })
})

test('closing at random moments, over and over', async () => {
  await forSeeds(8, async (random) => {
    await leavingNoThread(async () => {
      const dataset = pick(random, datasets)[1]({ shape: 'number', count: 50 })
      const loader = new DataLoader(
        dataset,
        optionsFor(1 + random.below(2), { borrow: random.below(2) === 0 }),
      )
      const iterator = loader[Symbol.asyncIterator]()
      const asked = Array.from({ length: random.below(5) }, () => iterator.next())
      if (random.below(2) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(150)))
      await ends<unknown>('close()', random.below(2) === 0 ? loader.close() : iterator.return!())
      await ends('next()', Promise.all(asked))
    })
  })
})

test('a loader that is disposed of in the middle leaves nothing', async () => {
  await leavingNoThread(async () => {
    await using loader = new DataLoader(new Indexed({ shape: 'number', count: 100 }), {
      numWorkers: 2,
      persistentWorkers: true,
    })
    const iterator = loader[Symbol.asyncIterator]()
    assert.deepEqual(plain((await iterator.next()).value), [0])
  })
})
