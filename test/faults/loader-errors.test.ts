// What the user's code throws comes out at its turn, with its place and the worker's stack, or is passed over.
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { DataLoader, type DataLoaderOptions, fromModule } from '../../src/loader/index.ts'
import { Plain } from '../support/loader-datasets.ts'
import {
  Breaking,
  collateToCircle,
  collateToFunction,
  collateToInstance,
  collateToNothing,
  collateToSymbol,
  failCollate,
  failCollateLater,
  failInit,
  failInitLater,
  failsToBegin,
  failsToBeginLater,
  Gaps,
  Large,
  LargeState,
  noIterable,
  Stumbling,
  sameError,
  sameString,
} from '../support/loader-failing.ts'
import { ends, errorOf, leavingNoThread, plain, readPass, warningsOf } from '../support/loader-harness.ts'
import { trouble } from '../support/loader-troubles.ts'

const module = new URL('../support/loader-failing.ts', import.meta.url).href
const here = <F extends (...args: any[]) => unknown>(fn: F) => fromModule(module, fn)

/** What came before the error, and the error. */
async function until(dataset: any, options: DataLoaderOptions): Promise<{ read: unknown[]; error: any }> {
  const read: unknown[] = []
  const loader = new DataLoader(dataset, options)
  const walk = async () => {
    for await (const batch of loader) read.push(plain(batch))
  }
  return await leavingNoThread(async () => ({ error: await errorOf(walk()), read }))
}

describe.each([0, 2])('with %i workers', (numWorkers) => {
  const options: DataLoaderOptions = { batchSize: 3, lanes: 2, numWorkers }

  test.each([false, true])('an error comes at its turn (async: %s)', async (isAsync) => {
    const { read, error } = await until(new Gaps([10, 7], { isAsync, error: 'TypeError' }), options)
    assert.deepEqual(read, [
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(error.name).toBe('LoaderError')
    expect(error.code).toBe('LOADER_SAMPLE')
    expect(error.message).toMatch(/failed in get\(7\) \(lane 0\): TypeError: no sample 7/)
    if (numWorkers > 0) expect(error.message).toMatch(/^worker 0 failed/)
    expect(error.place).toEqual({ lane: 0, doing: 'get', sample: 7 })
    expect(error.cause).toBeInstanceOf(TypeError)
    expect(error.cause.message).toBe('no sample 7')
    expect(error.cause.stack).toMatch(/readSample.*loader-failing\.ts/)
  })

  test.each([false, true])('or is passed over (async: %s)', async (isAsync) => {
    const whole = [
      [0, 1, 2],
      [3, 4, 5],
      [6, 8],
      [9, 10, 11],
      [12, 14],
      [15, 16, 17],
      [18, 19],
    ]
    for (const decide of ['skip', 'function'] as const) {
      const told: number[] = []
      const onError =
        decide === 'skip'
          ? decide
          : (error: any) => {
              told.push(error.place.sample)
              return 'skip' as const
            }
      const loader = new DataLoader(new Gaps([7, 13], { isAsync }), { ...options, onError })
      assert.deepEqual(await ends('skip', readPass(loader)), whole)
      if (decide === 'function') assert.deepEqual(told, [7, 13])
    }
  })

  test('a batch of which nothing is left is left out', async () => {
    const loader = new DataLoader(new Gaps([3, 4, 5, 0]), { ...options, onError: 'skip' })
    const whole = [
      [1, 2],
      [6, 7, 8],
      [9, 10, 11],
      [12, 13, 14],
      [15, 16, 17],
      [18, 19],
    ]
    assert.deepEqual(await ends('skip', readPass(loader)), whole)
  })

  test('every sample fails, and the pass ends', async () => {
    const gaps = Array.from({ length: 20 }, (_, id) => id)
    const loader = new DataLoader(new Gaps(gaps), { ...options, onError: 'skip' })
    const warnings = await warningsOf(async () => assert.deepEqual(await ends('skip', readPass(loader)), []))
    assert.equal(warnings.filter(({ code }) => code === 'LOADER_SKIPPED').length, 1, 'said once')
  })

  test('what decides may say throw, or throw itself; both end the pass', async () => {
    const decide = (error: any) => (error.place.sample === 4 ? 'skip' : 'throw') as 'skip' | 'throw'
    const { read, error } = await until(new Gaps([4, 8]), { ...options, onError: decide })
    assert.deepEqual(read, [
      [0, 1, 2],
      [3, 5],
    ])
    expect(error.message).toMatch(/no sample 8/)
    const thrown = await until(new Gaps([4]), {
      ...options,
      onError: () => {
        throw new Error('my own')
      },
    })
    expect(thrown.error.message).toBe('my own')
  })

  test('after an error the pass is over, and the loader can begin another', async () => {
    const loader = new DataLoader(new Gaps([4]), options)
    await leavingNoThread(async () => {
      const iterator = loader[Symbol.asyncIterator]()
      await iterator.next()
      const both = await Promise.allSettled([iterator.next(), iterator.next()])
      expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
      expect((both[1] as any).value.done).toBe(true)
      expect((await errorOf(readPass(loader))).message).toMatch(/no sample 4/)
    })
  })

  test.each([
    ['string', /Error: just a string|: just a string/],
    ['undefined', /undefined/],
    ['object', /an object|\[object Object\]/],
    ['circular', /in get\(4\)/],
    ['hostile', /no sample 4/],
    ['long', /no sample 4…/],
  ])('what is thrown need not be an error, or a short one: %s', async (kind, message) => {
    const { read, error } = await until(new Gaps([4], { error: kind }), options)
    assert.deepEqual(read, [[0, 1, 2]])
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/in get\(4\) \(lane 1\)/)
  })

  test('its cause and its code come along', async () => {
    const { error } = await until(new Gaps([4], { error: 'with cause' }), options)
    expect(error.cause.cause).toBeInstanceOf(RangeError)
    expect(error.cause.cause.message).toBe('the disk said no')
    const coded = await until(new Gaps([4], { error: 'coded' }), options)
    expect(coded.error.cause.code).toBe('ENOENT')
  })

  test('in an iterator that goes on', async () => {
    const thrown = await until(new Stumbling([5]), options)
    assert.deepEqual(thrown.read, [[0, 2, 4]])
    expect(thrown.error.message).toMatch(/at its sample 5 \(lane 1\): Error: no sample 5/)
    const skipped = new DataLoader(new Stumbling([0, 5, 11]), { ...options, onError: 'skip' })
    assert.deepEqual(await ends('skip', readPass(skipped)), [[2, 4, 6], [1, 3, 7], [8, 10], [9]])
  })

  test('at the first sample of one that shards by itself', async () => {
    const told: string[] = []
    const onError = (error: any) => {
      told.push(`${error.place.lane} ${error.place.sample}`)
      return 'skip' as const
    }
    const loader = new DataLoader(new Stumbling([0], true), { ...options, batchSize: 6, onError })
    const expected = [0, 1].map((lane) => Array.from({ length: 11 }, (_, i) => 100 * lane + i + 1))
    const read = (await ends('first', readPass(loader))) as number[][]
    assert.deepEqual(read, [
      ...expected.map((ids) => ids.slice(0, 6)),
      ...expected.map((ids) => ids.slice(6)),
    ])
    assert.deepEqual(told, ['0 0', '1 0'])
  })

  test('in a generator, which is over then', async () => {
    for (const onError of ['throw', 'skip'] as const) {
      const { read, error } = await until(new Breaking(7), { ...options, onError })
      assert.deepEqual(
        read,
        onError === 'throw'
          ? [
              [0, 2, 4],
              [1, 3, 5],
            ]
          : [
              [0, 2, 4],
              [1, 3, 5],
            ],
      )
      expect(error.message).toMatch(
        onError === 'throw' ? /sample 7|no sample 7/ : /cannot go on behind its sample/,
      )
    }
  })

  test.each([
    ['one error object', sameError],
    ['one string', sameString],
  ])('that is the same every time: %s', async (_name, dataset) => {
    const loader = new DataLoader(dataset as any, { ...options, onError: 'skip' })
    assert.deepEqual(await ends('same', readPass(loader)), [[2, 4, 8], [1, 5, 7], [10], [11]])
  })

  test.each([
    ['a function that fails', failsToBegin, /nothing to begin with/],
    ['a promise that fails', failsToBeginLater, /nothing, later/],
    ['what is no iterable', noIterable, /iterable|iterate|something to/],
  ])('on being opened: %s', async (_name, dataset, message) => {
    const { read, error } = await until(dataset, options)
    assert.deepEqual(read, [])
    expect(error.message).toMatch(message)
  })

  test.each([1, 1e9])('on being iterated, %d times, which no policy passes over', async (times) => {
    for (const onError of ['throw', 'skip'] as const) {
      const dataset = new Plain({
        shape: 'number',
        count: 10,
        trouble: trouble('throw', 'opening', 0, times),
      })
      const { read, error } = await until(dataset, { ...options, onError })
      // Met once by all lanes together, it may be lane 1's.
      assert.deepEqual(read, times === 1 && read.length > 0 ? [[0, 2, 4]] : [])
      expect(error.message).toMatch(/no sample 0/)
    }
  })

  test.each([failInit, failInitLater])('in workerInit, at its lane’s first turn: %o', async (init) => {
    const { read, error } = await until(new Stumbling([]), { ...options, workerInit: here(init) })
    assert.deepEqual(read, [[0, 1, 2]])
    expect(error.message).toMatch(/in workerInit \(lane 1\).*lane 1 cannot begin/)
    expect(error.place.doing).toBe('workerInit')
  })

  test.each([failCollate, failCollateLater])('in collate: %o', async (collate) => {
    const thrown = await until(new Gaps([]), { ...options, collate: here(collate) as any })
    assert.deepEqual(thrown.read, [
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(thrown.error.message).toMatch(/in collate.*will not collate 6/)
    const loader = new DataLoader(new Gaps([]), {
      ...options,
      collate: here(collate) as any,
      onError: 'skip',
    })
    assert.deepEqual(await ends('skip', readPass(loader)), [
      [0, 1, 2],
      [3, 4, 5],
      [9, 10, 11],
      [12, 13, 14],
      [15, 16, 17],
      [18, 19],
    ])
  })
})

describe('batches that cannot come', () => {
  test.each([
    ['a function', collateToFunction, /function/],
    ['an instance', collateToInstance, /Handle/],
    ['a symbol', collateToSymbol, /symbol/i],
  ])('are told of: %s', async (_name, collate, message) => {
    const { error } = await until(new Gaps([]), { numWorkers: 1, collate: here(collate) as any })
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/collate/)
  })

  test('a circle is a batch like others', async () => {
    for await (const batch of new DataLoader(new Gaps([]), {
      numWorkers: 1,
      collate: here(collateToCircle) as any,
    })) {
      assert.ok(Array.isArray(batch))
      assert.equal(batch[0], batch)
    }
  })

  test('nothing is a batch too', async () => {
    for (const numWorkers of [0, 1]) {
      const loader = new DataLoader(new Gaps([]), {
        batchSize: 10,
        numWorkers,
        collate: here(collateToNothing) as any,
      })
      assert.deepEqual(await ends('nothing', readPass(loader)), [undefined, undefined])
    }
  })

  test('a record that is larger than the ring names memoryLimit, and others come before it', async () => {
    const { read, error } = await until(new Large(9000), { batchSize: 2, numWorkers: 2, memoryLimit: 16_384 })
    assert.deepEqual(read, [
      ['0', '1'],
      ['2', '3'],
    ])
    expect(error.message).toMatch(/memoryLimit/)
    expect(error.code).toBe('LOADER_MEMORY_LIMIT')
    const enough = new DataLoader(new Large(9000), { batchSize: 2, numWorkers: 2, memoryLimit: 40_000 })
    assert.equal((await ends('enough', readPass(enough))).length, 4)
  })

  test('nor does a state that is larger than the ring', async () => {
    const { error } = await until(new LargeState(9000), { batchSize: 2, numWorkers: 1, memoryLimit: 8192 })
    expect(error.message).toMatch(/state[\s\S]*memoryLimit/)
  })

  test('a record as large as the ring comes, and all sizes near it', async () => {
    for (let bytes = 4096 - 170; bytes < 4096; bytes += 7) {
      const loader = new DataLoader(new Large(bytes), { numWorkers: 1, memoryLimit: 4096 })
      let read: unknown[] = []
      const error = await ends(
        `${bytes} bytes`,
        readPass(loader).then(
          (batches) => void (read = batches),
          (reason) => reason,
        ),
      )
      if (error) expect(error.message).toMatch(/memoryLimit/)
      else assert.equal((read[5] as string[])[0]!.length, bytes)
      if (bytes < 4096 - 165) assert.equal(error, undefined)
    }
  })

  test('an error that is larger than the smallest ring', async () => {
    for (const numWorkers of [1, 4, 8]) {
      const { error } = await until(new Gaps([4], { error: 'long' }), {
        batchSize: 3,
        numWorkers,
        memoryLimit: 4096,
      })
      expect(error.message).toMatch(/no sample 4/)
      expect(error.place).toMatchObject({ doing: 'get', sample: 4 })
    }
  })
})
