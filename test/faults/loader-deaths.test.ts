// Workers die, of themselves or by force; the consumer sees the same batches, or an error that says where.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { DataLoader, type DataLoaderOptions, fromModule } from '../../src/loader/index.ts'
import { DiesAtAtomic } from '../support/loader-atomics.ts'
import {
  describeCase,
  type Kind,
  kinds,
  type LoaderCase,
  makeCase,
  makeDataset,
  makeLoader,
  makeOptions,
  model,
} from '../support/loader-cases.ts'
import { DiesFirst, ThrowsThenDies, troubledCollate } from '../support/loader-datasets.ts'
import { ends, errorOf, leavingNoThread, plain, readPass, threads } from '../support/loader-harness.ts'
import { AtImport } from '../support/loader-import-fault.ts'
import { type Trouble, type TroubleKind, trouble } from '../support/loader-troubles.ts'
import { forSeeds, pick } from '../support/seeds.ts'

const datasetsModule = new URL('../support/loader-datasets.ts', import.meta.url).href
const collate = fromModule(datasetsModule, troubledCollate)

describe('terminated at random moments', () => {
  test.each(kinds)('%s', async (kind) => {
    await forSeeds(1, async (random) => {
      const config = { ...makeCase(random, kind), isPersistent: random.below(2) === 0 }
      const expected = await readPass(makeLoader(config, 0))
      const numWorkers = 1 + random.below(3)
      const loader = makeLoader(config, numWorkers)
      // Three deaths in a row at one place are the place's fault, so there are never so many without a batch between.
      let kills = 2
      let batches = 0
      const kill = () => {
        const thread = pick(random, [...threads])
        if (!thread || kills-- <= 0) return
        void thread.terminate()
      }
      const timers = [0, 1].map(() => setTimeout(kill, random.below(150)))
      await leavingNoThread(async () => {
        for (let pass = 0; pass < (config.isPersistent && kind !== 'shuffle' ? 2 : 1); pass++) {
          const read: unknown[] = []
          const walk = async () => {
            for await (const batch of loader) {
              const before = plain(batch)
              if (random.below(5) === 0) kill()
              // Gives the death time to be noticed while the batch is borrowed.
              if (random.below(5) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(30)))
              assert.deepEqual(plain(batch), before)
              read.push(before)
              if (++batches % (2 * config.lanes * (config.prefetchFactor ?? 260) + 4) === 0) kills = 2
            }
          }
          await ends(describeCase(config), walk())
          if (pass === 0 || kind !== 'stream') assert.deepEqual(read, expected, describeCase(config))
        }
        await ends('close()', loader.close())
      })
      // What is left of them would kill threads of the next case.
      for (const timer of timers) clearTimeout(timer)
    })
  })

  test('each before its first batch, and again before the second', async () => {
    const config: LoaderCase = { ...calm, kind: 'map', count: 60 }
    const loader = makeLoader(config, 2)
    let left = 3 // at most two of one worker: three deaths at one place are the place's fault
    const kill = (worker: { terminate(): unknown }) => {
      if (left-- > 0) setImmediate(() => worker.terminate())
    }
    process.on('worker', kill)
    try {
      assert.deepEqual(await ends('killed on being started', readPass(loader)), model(config))
    } finally {
      process.off('worker', kill)
    }
  })

  test('while a full ring waits for the consumer, and while a batch is borrowed', async () => {
    for (const borrow of [false, true]) {
      const config: LoaderCase = { ...calm, borrow, count: 200, room: 1 }
      const read: unknown[] = []
      const walk = async () => {
        for await (const batch of makeLoader(config, 2)) {
          const before = plain(batch)
          if (read.length % 17 === 3) {
            await new Promise((resolve) => setTimeout(resolve, 60)) // the rings fill
            await Promise.all([...threads].map((thread) => thread.terminate()))
            assert.deepEqual(plain(batch), before, 'a batch outlives its worker')
          }
          read.push(before)
        }
      }
      await ends('killed when full', walk())
      assert.deepEqual(read, model(config))
    }
  })
})

test('a worker that dies at any use of the ring loses nothing', async () => {
  let hasDied = true
  for (let n = 1; hasDied; n++) {
    const left = new SharedArrayBuffer(4)
    new Int32Array(left)[0] = n
    const options: DataLoaderOptions = {
      batchSize: 2,
      numWorkers: 1,
      prefetchFactor: 1 + (n % 2),
      memoryLimit: 4096,
    }
    const read = await ends(`dead at ${n}`, readPass(new DataLoader(new DiesAtAtomic(6, left), options)))
    assert.deepEqual(
      read,
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      `dead at the atomic operation ${n}`,
    )
    hasDied = new Int32Array(left)[0]! <= 0
  }
})

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

/** Where each doing can be met, and with what. */
const places: [Trouble['doing'], Kind[]][] = [
  ['next', ['plain', 'slow', 'shard', 'info', 'seekable']],
  ['get', ['map', 'async map']],
  ['collate', ['plain', 'slow', 'map']],
  ['workerInit', ['init']],
  ['opening', ['plain', 'slow']],
]
const deadly: TroubleKind[] = ['exit', 'exit 0', 'timer error', 'microtask error', 'rejection']

function troubledCase(
  kind: Kind,
  doing: Trouble['doing'],
  what: TroubleKind,
  at: number,
  times?: number,
): LoaderCase {
  let samples = [at]
  if (doing === 'opening') samples = [0]
  if (doing === 'workerInit') samples = [at % 2]
  // Met at the first sample of a batch; there is one among six.
  if (doing === 'collate' && times === 1) samples = Array.from({ length: 6 }, (_, i) => at - i)
  return { ...calm, kind, trouble: trouble(what, doing, samples, times) }
}

function loaderOf(config: LoaderCase, more: DataLoaderOptions = {}): DataLoader {
  const isInCollate = config.trouble?.doing === 'collate'
  return new DataLoader(makeDataset(config), {
    ...makeOptions(config, 2),
    ...(isInCollate && { collate }),
    ...more,
  })
}

describe('a death that happens once is not seen', () => {
  test.each(places)('in %s', async (doing, kindsHere) => {
    await forSeeds(3, async (random) => {
      const what = pick(random, deadly)
      const config = troubledCase(pick(random, kindsHere), doing, what, 3 + random.below(30), 1)
      await leavingNoThread(async () => {
        const loader = loaderOf(config)
        assert.deepEqual(
          await ends(describeCase(config), readPass(loader)),
          model(config),
          describeCase(config),
        )
      })
      assert.ok(new Int32Array(config.trouble!.left)[0]! <= 0, `was not met: ${describeCase(config)}`)
    })
  })

  test('nor one that happens twice', async () => {
    const config = troubledCase('map', 'get', 'exit', 7, 2)
    assert.deepEqual(await ends('twice', readPass(loaderOf(config))), model(config))
  })

  test('nor a loop that is stuck', async () => {
    for (const kind of ['plain', 'map'] as Kind[]) {
      const config = troubledCase(kind, kind === 'map' ? 'get' : 'next', 'spin', 11, 1)
      assert.deepEqual(await ends('spin', readPass(loaderOf(config, { timeoutMs: 1500 }))), model(config))
    }
  })
})

describe('a death that happens always', () => {
  const always = [
    ['map', 'get', /worker 1 ended \(exit code 7\), in get\(11\) \(lane 1\)/],
    ['async map', 'get', /worker 1 ended \(exit code 7\), in get\(11\) \(lane 1\)/],
    ['plain', 'next', /worker [01] ended \(exit code 7\), in the iterator's next\(\), at its sample 11/],
    ['seekable', 'next', /worker [01] ended .*sample 11/],
    ['plain', 'opening', /worker 0 ended .*(opening the dataset's iterator|at its sample 0) \(lane 0\)/],
    ['init', 'workerInit', /worker 1 ended .*in workerInit \(lane 1\)/],
    ['map', 'collate', /worker 1 ended .*in collate, with batch 1 \(lane 1\)/],
  ] as const

  test.each(always)('is told with its place: %s, %s', async (kind, doing, message) => {
    const config = troubledCase(kind, doing, 'exit', doing === 'collate' ? 9 : 11)
    await leavingNoThread(async () => {
      const error = await errorOf(readPass(loaderOf(config)))
      expect(error.message).toMatch(message)
      expect(error.code).toBe('LOADER_WORKER_DIED')
      if (doing !== 'opening') expect(error.place.doing).toBe(doing)
    })
  })

  test.each(['map', 'async map', 'seekable'] as Kind[])(
    'is passed over, alone, by skip: %s',
    async (kind) => {
      await forSeeds(1, async (random) => {
        const doing = kind === 'seekable' ? 'next' : 'get'
        const config = troubledCase(kind, doing, pick(random, ['exit', 'exit 0'] as const), 11)
        config.trouble!.at = [11, 4 + random.below(6)]
        const told: number[] = []
        const onError = (error: any) => {
          told.push(error.place.sample)
          return 'skip' as const
        }
        const loader = loaderOf(config, random.below(2) === 0 ? { onError } : { onError: 'skip' })
        const read = (await ends(kind, readPass(loader))) as number[][]
        const ids = read.flat().sort((a, b) => a - b)
        assert.deepEqual(
          ids,
          Array.from({ length: 40 }, (_, id) => id).filter((id) => !config.trouble!.at.includes(id)),
        )
        if (told.length > 0 && kind !== 'seekable')
          assert.deepEqual(new Set(told), new Set(config.trouble!.at))
        assert.ok(loader.quarantined.length >= 2)
      })
    },
  )

  test('is put to the right one of samples that are waited for together', async () => {
    const loader = new DataLoader(new DiesFirst(), { batchSize: 4, numWorkers: 2, onError: 'skip' })
    const whole = [
      [0, 1, 2, 3],
      [4, 5, 7],
      [8, 9, 10, 11],
    ]
    assert.deepEqual(await ends('together', readPass(loader)), whole)
    assert.deepEqual(
      loader.quarantined.map(({ sample }) => sample),
      [6],
    )
  })

  test('is left out of every later pass, also when the samples are shuffled', async () => {
    const config = { ...troubledCase('shuffle', 'get', 'exit', 11), count: 20 }
    const loader = loaderOf(config, { onError: 'skip', shuffle: true })
    const ids = Array.from({ length: 20 }, (_, id) => id).filter((id) => id !== 11)
    for (let pass = 0; pass < 2; pass++) {
      const read = (await ends('shuffled', readPass(loader))) as number[][]
      assert.deepEqual(
        read.flat().sort((a, b) => a - b),
        ids,
      )
    }
    assert.equal(1e9 - new Int32Array(config.trouble!.left)[0]!, 3, 'three workers died, in all')
    const state = JSON.parse(JSON.stringify(loader.state()))
    const resumed = DataLoader.resume(
      makeDataset(config),
      { ...makeOptions(config, 1), onError: 'skip' },
      state,
    )
    const read = (await ends('resumed', readPass(resumed))) as number[][]
    assert.deepEqual(
      read.flat().sort((a, b) => a - b),
      ids,
    )
    assert.equal(1e9 - new Int32Array(config.trouble!.left)[0]!, 3, 'and none after the state was resumed')
  })

  test('is told clearly where it cannot be passed over: in a generator', async () => {
    const config = troubledCase('plain', 'next', 'exit', 11)
    const error = await errorOf(readPass(loaderOf(config, { onError: 'skip' })))
    expect(error.message).toMatch(/cannot go on behind its sample|sample 11/)
  })

  test('does not keep a loader going round with a throw before it in the batch', async () => {
    for (const onError of ['skip', () => 'skip' as const] as const) {
      const dataset = new ThrowsThenDies()
      const loader = new DataLoader(dataset, { batchSize: 4, numWorkers: 2, onError })
      assert.deepEqual(await ends('throw and death', readPass(loader)), [
        [0, 2],
        [4, 5, 6, 7],
        [8, 9],
      ])
    }
    const told: string[] = []
    const loader = new DataLoader(new ThrowsThenDies(), {
      batchSize: 4,
      numWorkers: 2,
      onError: ({ code, place }) => {
        told.push(`${code} ${place.sample}`)
        return 'skip'
      },
    })
    await ends('throw and death', readPass(loader))
    assert.deepEqual(told, ['LOADER_SAMPLE 1', 'LOADER_WORKER_DIED 3'])
  })

  test('is told, when it is a stuck loop, with the time and the place', async () => {
    const config = troubledCase('map', 'get', 'spin', 11)
    const error = await errorOf(readPass(loaderOf(config, { timeoutMs: 700 })))
    expect(error.code).toBe('LOADER_TIMEOUT')
    expect(error.message).toMatch(
      /worker 1 gave no batch for 0\.7 s, in get\(11\) \(lane 1\)[\s\S]*timeoutMs/,
    )
  })
})

describe('a worker that cannot be had', () => {
  const importing = async (fault: string, options: DataLoaderOptions = {}) => {
    process.env.LOADER_IMPORT_FAULT = fault
    try {
      const loader = new DataLoader(new AtImport(), { batchSize: 2, numWorkers: 2, ...options })
      return await leavingNoThread(() => ends(fault, readPass(loader)))
    } finally {
      delete process.env.LOADER_IMPORT_FAULT
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'millrace-loader-'))
  const once = (kind: string) => {
    const file = join(folder, kind.replace(' ', '-'))
    writeFileSync(file, '')
    return `${kind} ${file}`
  }

  test.each([
    ['exit', {}],
    ['wait', { timeoutMs: 1500 }],
    ['spin', { timeoutMs: 1500 }],
  ])('at its import, once: %s', async (kind, options) => {
    assert.deepEqual(await importing(once(kind), options), [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ])
  })

  test.each([
    ['exit', {}, /ended \(exit code 5\), importing the dataset's module/],
    ['throw', {}, /could not import .*loader-import-fault\.ts.*not importable/],
    ['wait', { timeoutMs: 400 }, /gave no batch for 0\.4 s, importing the dataset's module/],
  ])('at every import: %s', async (kind, options, message) => {
    expect((await errorOf(importing(kind, options))).message).toMatch(message)
  })
})

describe('the heap limit', () => {
  const program = new URL('../support/loader-heap.ts', import.meta.url).pathname
  const run = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=millrace-source', '--max-old-space-size=60', program, ...args],
      { timeout: 60_000, killSignal: 'SIGKILL' },
    )
    return JSON.parse(stdout)
  }
  const all = [
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
    [8, 9],
    [10, 11],
  ]

  test('met once, is not seen', async () => {
    assert.deepEqual(await run('1', 'throw'), { batches: all })
  })

  test('met always, is told, or passed over', async () => {
    const told = await run('99', 'throw')
    expect(told.batches).toEqual([
      [0, 1],
      [2, 3],
    ])
    expect(told.message).toMatch(/worker 0 ran out of memory \(its heap limit\), in get\(5\) \(lane 0\)/)
    assert.deepEqual(
      (await run('99', 'skip')).batches,
      all.map((batch) => batch.filter((id) => id !== 5)),
    )
  })
})
