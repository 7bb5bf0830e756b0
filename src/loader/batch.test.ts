import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tensor, TextBatch } from './batch.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
/** Strings of any 16-bit units, so with lone surrogates; and more of those, since they are what goes wrong. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0xd83d, 0xde00)))
    .map((units) => String.fromCharCode(...units)),
)

test('texts come back as they were, but for lone surrogates', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const batch = TextBatch.from(texts)
      const expected = texts.map((text) => text.toWellFormed())
      expect(batch.length).toBe(texts.length)
      expect(batch.toArray()).toEqual(expected)
      expect([...batch]).toEqual(expected)
      expect(Buffer.from(batch.bytes).equals(Buffer.from(expected.join('')))).toBe(true)
      for (const [i, text] of expected.entries()) {
        expect(batch.at(i)).toBe(text)
        expect(Buffer.from(batch.bytesAt(i)).toString()).toBe(text)
      }
    }),
    { seed },
  )
})

test('two halves of a character in two texts stay two', () => {
  const batch = TextBatch.from(['a\ud83d', '\ude00b'])
  expect(batch.toArray()).toEqual(['a\ufffd', '\ufffdb'])
})

test('a byte order mark is a character of the text', () => {
  expect(TextBatch.from(['\ufeffa', '\ufeff']).toArray()).toEqual(['\ufeffa', '\ufeff'])
})

test('a text that is not there is an error', () => {
  const batch = TextBatch.from(['a', 'b'])
  for (const index of [-1, 2, 0.5, Number.NaN]) expect(() => batch.at(index)).toThrow(/no text .* of 2/)
  expect(() => TextBatch.from([]).bytesAt(0)).toThrow(RangeError)
})

test('a structured clone keeps the fields, and a new batch can be made of them', () => {
  const clone = structuredClone(TextBatch.from(['one', 'zwölf']))
  expect(new TextBatch(clone.bytes, clone.offsets).toArray()).toEqual(['one', 'zwölf'])
  const tensor = structuredClone(new Tensor(Float32Array.of(1, 2, 3, 4), [2, 2]))
  expect(new Tensor(tensor.data, tensor.shape).at(1)).toEqual(Float32Array.of(3, 4))
})

test('the rows of a tensor are views', () => {
  const tensor = new Tensor(Int16Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), [3, 2, 2])
  expect(tensor.length).toBe(3)
  expect([...tensor]).toEqual([
    Int16Array.of(1, 2, 3, 4),
    Int16Array.of(5, 6, 7, 8),
    Int16Array.of(9, 10, 11, 12),
  ])
  tensor.at(1)[0] = 50
  expect(tensor.data[4]).toBe(50)
  for (const index of [-1, 3, 0.5]) expect(() => tensor.at(index)).toThrow(/no row/)
})

test('a tensor may have rows without numbers, or no rows', () => {
  expect([...new Tensor(new Float64Array(0), [2, 0])]).toEqual([new Float64Array(0), new Float64Array(0)])
  expect([...new Tensor(new Float64Array(0), [0, 3])]).toEqual([])
})

test('a shape that does not fit is refused', () => {
  for (const shape of [[2, 2], [], [3], [-1, -4]])
    expect(() => new Tensor(new Float64Array(5), shape)).toThrow(/5 numbers cannot have the shape/)
})
