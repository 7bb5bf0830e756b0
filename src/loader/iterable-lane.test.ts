import { expect, test, vi } from 'vitest'
import { DataLoader, getWorkerInfo } from './index.ts'

test('an iterator that fails for ever ends the pass, whatever is passed over', async () => {
  const hopeless = {
    [Symbol.iterator]: () => ({
      next(): IteratorResult<number> {
        throw new Error('never')
      },
    }),
  }
  const loader = new DataLoader(hopeless, { onError: () => 'skip' })
  await expect(loader[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'LOADER_UNREACHABLE' })
})

test('an iterator that asks for getWorkerInfo() too late is told of', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  try {
    const late = {
      *[Symbol.iterator]() {
        yield -1
        for (let i = getWorkerInfo()!.id; i < 12; i += getWorkerInfo()!.numWorkers) yield i
      },
    }
    for await (const _ of new DataLoader(late, { lanes: 2, batchSize: 2 }));
    expect(warned.mock.calls.map(([, options]) => (options as { code: string }).code)).toEqual([
      'LOADER_ASKED_LATE',
    ])
  } finally {
    warned.mockRestore()
  }
})

test('an iterable written as an object is read by lanes, and told that it cannot get to a worker', async () => {
  const object = {
    *[Symbol.iterator]() {
      yield* [1, 2, 3, 4]
    },
  }
  const read: number[][] = []
  for await (const batch of new DataLoader(object, { lanes: 2, batchSize: 2 })) read.push([...batch])
  expect(read).toEqual([
    [1, 3],
    [2, 4],
  ])
  expect(() => new DataLoader(object, { numWorkers: 1 })).toThrow(/\[Symbol\.iterator\][\s\S]*static module/)
})
