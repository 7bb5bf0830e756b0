import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchMemory } from './batch-memory.ts'
import { collateInto, defaultCollate } from './collate.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

test('pieces lie at multiples of 8 and do not overlap, however large', () => {
  const memory = new BatchMemory()
  for (let batch = 0; batch < 3; batch++) {
    memory.reset()
    const pieces = [0, 1, 7, 8, 9, 65_000, 100, 200_000, 3].map((size, i) => {
      const at = memory.take(size)
      expect(at % 8).toBe(0)
      return new Uint8Array(memory.buffer, at, size).fill(i)
    })
    for (const [i, piece] of pieces.entries()) expect(piece.every((byte) => byte === i)).toBe(true)
  }
})

test('memory that has become large enough is used again', () => {
  const memory = new BatchMemory()
  memory.take(300_000)
  const { buffer } = memory
  for (let batch = 0; batch < 3; batch++) {
    memory.reset()
    expect(memory.take(100_000)).toBe(0)
    expect(memory.take(100_000)).toBe(100_000)
    expect(memory.buffer).toBe(buffer)
  }
})

test('batches made in it are those made without', () => {
  const sample = fc.record({
    number: fc.double(),
    id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    flag: fc.boolean(),
    text: fc.string({ unit: 'binary' }),
    row: fc.uint8Array({ minLength: 3, maxLength: 3 }),
    pair: fc.tuple(fc.string(), fc.integer()),
  })
  const memory = new BatchMemory()
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 100 }), (samples) => {
      expect(collateInto(memory, samples, {})).toEqual(defaultCollate(samples))
    }),
    { seed },
  )
  expect(collateInto(memory, ['\ud83d', '\ude00'], {})).toEqual(defaultCollate(['\ud83d', '\ude00']))
  const large = Array.from({ length: 50_000 }, (_, i) => i)
  expect(collateInto(memory, large, { dtype: 'int32' })).toEqual(Int32Array.from(large))
})
