// Mistakes that are easily made. Each is told in one clear message, and none hangs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import {
  DataLoader,
  type DataLoaderOptions,
  fromModule,
  IterableDataset,
  MapDataset,
} from '../../src/loader/index.ts'
import { from } from '../../src/stream/index.ts'
import { Indexed, Plain } from '../support/loader-datasets.ts'
import { Handle } from '../support/loader-failing.ts'
import { ends, errorOf, leavingNoThread, readPass } from '../support/loader-harness.ts'
import * as mistaken from '../support/loader-mistaken.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-loader-mistakes-'))
afterAll(() => rmSync(folder, { recursive: true }))

const loaderUrl = new URL('../../src/loader/index.ts', import.meta.url).href

/** Runs a script as a user would, and gives what it said. */
async function run(name: string, text: string): Promise<{ code: number | null; said: string; out: string }> {
  const path = join(folder, `${name}.mts`)
  writeFileSync(path, `import { DataLoader, IterableDataset, MapDataset } from '${loaderUrl}'\n${text}`)
  const child = spawn(process.execPath, ['--conditions=millrace-source', path], {
    timeout: 20_000,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let said = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  return await new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (signal) reject(new Error(`${name} hangs, having said: ${said}`))
      else resolve({ code, said, out })
    })
  })
}

const numbers = `export class Numbers extends IterableDataset {
  static module = import.meta.url;
  *[Symbol.iterator]() { for (let i = 0; i < 8; i++) yield i }
}
`

describe('a script without its import.meta.main guard', () => {
  const iterate = `for await (const batch of new DataLoader(new Numbers(), { batchSize: 4, numWorkers: 2 })) console.log([...batch])`
  const scripts = {
    'with top-level await': iterate,
    'with main() that is awaited': `async function main() { ${iterate} }\nawait main()`,
    'with main() that is not awaited': `async function main() { ${iterate} }\nmain()`,
    'with main() that first does something else': `async function main() {
      await new Promise((resolve) => setTimeout(resolve, 30))
      ${iterate.replace('batchSize: 4', 'batchSize: 1')}, await new Promise((resolve) => setTimeout(resolve, 200))
    }
    main()`,
  }

  test.each(Object.entries(scripts))('%s', async (name, script) => {
    const { said, code } = await run(name.replaceAll(/\W/g, '-'), numbers + script)
    expect(said).toMatch(/import\.meta\.main/)
    expect(code).not.toBe(0)
  })

  test('with a catch of its own', async () => {
    const { said } = await run(
      'caught',
      `${numbers}async function main() { ${iterate} }
      main().catch((error) => { console.error(error.message); process.exitCode = 3 })`,
    )
    expect(said).toMatch(/import\.meta\.main/)
  })

  test('with it, runs', async () => {
    const { said, code, out } = await run('guarded', `${numbers}if (import.meta.main) { ${iterate} }`)
    assert.deepEqual([code, said, out], [0, '', '[ 0, 2, 4, 6 ]\n[ 1, 3, 5, 7 ]\n'])
  })
})

describe('scripts that end by themselves', () => {
  test('an iterator that is merely forgotten does not keep the process', async () => {
    const { code, out } = await run(
      'forgotten',
      `${numbers}if (import.meta.main) {
        const loader = new DataLoader(new Numbers(), { numWorkers: 2, persistentWorkers: true })
        const iterator = loader[Symbol.asyncIterator]()
        console.log((await iterator.next()).value[0])
      }`,
    )
    assert.deepEqual([code, out], [0, '0\n'])
  })

  test('persistent workers that were never closed neither', async () => {
    const { code, out } = await run(
      'unclosed',
      `${numbers}if (import.meta.main) {
        const loader = new DataLoader(new Numbers(), { batchSize: 8, numWorkers: 1, persistentWorkers: true })
        for (const _ of [1, 2]) for await (const batch of loader) console.log(batch.length)
      }`,
    )
    assert.deepEqual([code, out], [0, '8\n8\n'])
  })

  test('process.exit() in the middle', async () => {
    const { code, out } = await run(
      'exits',
      `${numbers}if (import.meta.main)
        for await (const batch of new DataLoader(new Numbers(), { numWorkers: 2 })) { console.log(batch[0]); process.exit(4) }`,
    )
    assert.deepEqual([code, out], [4, '0\n'])
  })

  test('a class that the script itself does not export', async () => {
    const { said } = await run(
      'unexported',
      `${numbers.replace('export ', '')}if (import.meta.main)
        for await (const batch of new DataLoader(new Numbers(), { numWorkers: 2 })) console.log(batch[0])`,
    )
    expect(said).toMatch(/“Numbers” is not exported by .*unexported\.mts/)
    expect(said).toMatch(/export class Numbers/)
  })

  test('a module with a mistake in it, that only workers meet', async () => {
    const { said } = await run(
      'broken',
      `${numbers}if (import.meta.main)
        for await (const batch of new DataLoader(new Numbers(), { numWorkers: 1 })) console.log(batch[0])
      else throw new Error('only here')`,
    )
    expect(said).toMatch(/could not import .*broken\.mts.*only here/)
  })
})

const two: DataLoaderOptions = { numWorkers: 2 }

describe('what cannot get to a worker is refused by the constructor', () => {
  const closedOver = 3
  class Local extends MapDataset<number> {
    readonly length = closedOver
    get(index: number) {
      return index
    }
  }
  const plainWith = (field: unknown) => Object.assign(new Plain({ shape: 'number', count: 4 }), { field })
  function* generator() {
    yield 1
  }
  const cases: [string, () => any, RegExp][] = [
    [
      'a class without static module',
      () => new Local(),
      /class Local, which does not say where its module is[\s\S]*static module = import\.meta\.url/,
    ],
    [
      '#private fields',
      () => new mistaken.Secretive(),
      /Secretive has private fields \(#secret\)[\s\S]*toWorker/,
    ],
    [
      '#private methods',
      () => new mistaken.SecretMethod(),
      /SecretMethod has private .*#twice[\s\S]*toWorker/,
    ],
    ['a #private accessor', () => new mistaken.SecretAccessor(), /SecretAccessor has private .*#half/],
    [
      '#private fields of the class above',
      () => new mistaken.BelowSecretive(),
      /Secretive has private fields/,
    ],
    ['toWorker without fromWorker', () => new mistaken.OneWay(), /toWorker but no static fromWorker/],
    ['a function in a field', () => plainWith(() => 1), /Plain\.field is a function[\s\S]*fromModule/],
    [
      'a function deep in a field',
      () => plainWith({ steps: [1, { parse: () => 1 }] }),
      /Plain\.field\.steps\[1\]\.parse is a function/,
    ],
    ['a symbol in a field', () => plainWith(Symbol('s')), /Plain\.field.*symbol/],
    ['a generator in a field', () => plainWith(generator()), /Plain\.field is a generator/],
    ['a promise in a field', () => plainWith(Promise.resolve(1)), /Plain\.field cannot be sent/],
    ['a WeakMap in a field', () => plainWith(new WeakMap()), /Plain\.field cannot be sent/],
    ['an instance in a field', () => plainWith(new Handle()), /Plain\.field is of the class Handle/],
    [
      'an instance in a list in a field',
      () => plainWith([1, new Handle()]),
      /Plain\.field\[1\] is of the class Handle/,
    ],
    ['a file handle in a field', () => plainWith(Readable.from([1])), /Plain\.field/],
    ['a generator as the dataset', () => generator(), /generator/],
    ['a stream as the dataset', () => from([1, 2]).map((x) => x), /fromModule/],
  ]
  test.each(cases)('%s', async (_name, make, message) => {
    const error = await errorOf((async () => void new DataLoader(make(), two))())
    expect(error.message).toMatch(message)
    expect(error.name).toBe('ConfigError')
  })

  test('an instance in a Map in a field', () => {
    const dataset = plainWith(new Map([['a', new Handle()]]))
    assert.throws(() => new DataLoader(dataset, two), /Plain\.field.*Handle/)
  })

  test('a class that its module does not export is told at the first batch', async () => {
    await leavingNoThread(async () => {
      const error = await errorOf(readPass(new DataLoader(mistaken.makeUnexported(), two)))
      expect(error.message).toMatch(
        /“Unexported” is not exported by .*loader-mistaken\.ts[\s\S]*export class Unexported/,
      )
    })
  })

  test.each(['collate', 'workerInit'] as const)('a closure as %s', async (option) => {
    const seen: unknown[] = []
    const work = async () => {
      await readPass(
        new DataLoader(new Plain({ shape: 'number', count: 4 }), {
          ...two,
          [option]: function remember(given: unknown) {
            seen.push(given)
            return given
          },
        }),
      )
    }
    const error = await errorOf(leavingNoThread(work))
    expect(error.message).toMatch(new RegExp(`${option}.*remember.*not exported[\\s\\S]*fromModule`))
  })

  test('an anonymous function as the dataset', async () => {
    const work = () => readPass(new DataLoader((() => [1, 2]) as any, two))
    expect((await errorOf(leavingNoThread(work))).message).toMatch(
      /the dataset.*no name.*not exported[\s\S]*fromModule/,
    )
  })

  test('a bound or built-in function', async () => {
    for (const collate of [Math.max, Plain.bind(null)] as any[])
      assert.throws(
        () => new DataLoader(new Plain({ shape: 'number', count: 4 }), { ...two, collate }),
        /collate is a built-in or bound function/,
      )
  })

  test('fromModule with the wrong things', () => {
    assert.throws(() => fromModule('not a url', () => 1), /fromModule was given "not a url"/)
    assert.throws(() => fromModule(import.meta.url, null as any), /null where a function is wanted/)
  })

  test('a module that does not exist', async () => {
    const lost = fromModule('file:///nowhere/at-all.ts', function lost() {
      return [1]
    })
    expect((await errorOf(readPass(new DataLoader(lost as any, two)))).message).toMatch(
      /could not import .*nowhere/,
    )
  })
})

describe('fields that do get there', () => {
  test('typed arrays, maps, sets, dates, shared memory, nested datasets', async () => {
    const shared = new SharedArrayBuffer(4)
    new Int32Array(shared)[0] = 41
    const dataset = new mistaken.Holder({
      map: new Map([['a', [1, 2]]]),
      set: new Set([3]),
      date: new Date(5),
      pattern: /x+/g,
      floats: Float32Array.of(0.5),
      shared,
      inner: new Indexed({ shape: 'number', count: 4 }),
      twice: mistaken.twice,
    })
    assert.deepEqual(
      await ends('fields', readPass(new DataLoader(dataset, { batchSize: null, numWorkers: 1 }))),
      [[1, 2, 3, 5, 0.5, 41, 3, 14].map(String).join()],
    )
  })
})

describe('a one-shot iterable', () => {
  function* once() {
    yield* [1, 2, 3]
  }
  test.each([
    ['a generator', () => once()],
    ['an iterator helper', () => [1, 2, 3].values().map((x) => x)],
    [
      'an async generator',
      () =>
        (async function* () {
          yield* [1, 2, 3]
        })(),
    ],
    ['a Readable', () => Readable.from([1, 2, 3])],
    ['a web stream', () => ReadableStream.from([1, 2, 3])],
  ])('gives one pass; the second is refused: %s', async (_name, make) => {
    const loader = new DataLoader(make() as any, { batchSize: 2 })
    assert.deepEqual(await readPass(loader), [[1, 2], [3]])
    const error = await errorOf(readPass(loader))
    expect(error.message).toMatch(/only once|one pass|passed over|second/)
  })

  test('and so is going on from its middle', async () => {
    const loader = new DataLoader(once() as any, { batchSize: 2 })
    for await (const _ of loader) break
    const state = JSON.parse(JSON.stringify(loader.state()))
    const error = await errorOf(readPass(loader))
    expect(error.message).toMatch(/only once|one pass|passed over|second/)
    const anew = DataLoader.resume(once() as any, { batchSize: 2 }, state)
    expect((await errorOf(readPass(anew))).message).toMatch(/give a function/)
    const made = new DataLoader(once as any, { batchSize: 2 })
    for await (const _ of made) break
    const again = DataLoader.resume(once as any, { batchSize: 2 }, made.state())
    assert.deepEqual(await readPass(again), [[3]])
  })
})

describe('datasets and options', () => {
  test.each([
    [null, /the dataset is null/],
    [undefined, /the dataset is a undefined|the dataset is undefined/],
    [7, /the dataset is a number/],
    [{}, /the dataset is an object/],
    ['text', /the dataset is a string/],
    [new (class extends IterableDataset<number> {})(), /the dataset is a/],
  ])('%o is no dataset', (dataset, message) => {
    assert.throws(() => new DataLoader(dataset as any), message)
  })

  test('a sampler whose index does not exist names it', async () => {
    for (const numWorkers of [0, 1]) {
      const loader = new DataLoader([1, 2, 3], { sampler: [0, 7], numWorkers, batchSize: 2 })
      const error = await errorOf(readPass(loader))
      expect(error.message).toMatch(/7|undefined/)
    }
  })

  test('a sampler that fails, fails the pass and closes it', async () => {
    for (const numWorkers of [0, 2]) {
      const sampler = {
        *[Symbol.iterator]() {
          yield* [0, 1, 2]
          throw new Error('no more indices')
        },
      }
      await leavingNoThread(async () => {
        const loader = new DataLoader(new Indexed({ shape: 'number', count: 4 }), { sampler, numWorkers })
        expect((await errorOf(readPass(loader))).message).toMatch(/no more indices/)
      })
    }
  })
})
