import { expect, test } from 'vitest'
import { Random } from '../core/random.ts'
import { formatFloat32, parseNumber } from './numbers.ts'

const parse = (text: string) => parseNumber(Buffer.from(text), 0, Buffer.byteLength(text))

test('numbers are read as JavaScript reads them', () => {
  const texts = ['0', '-0', '1', '+1.5', '.5', '5.', '-0.018713748', '1e5', '1E-30', '123456789012345678']
  for (const text of [
    ...texts,
    '0.1',
    '0.30000000000000004',
    '2.2250738585072014e-308',
    '0.00000000000000000000000001',
  ])
    expect(parse(text), text).toBe(Number(text))
})

test('what is no decimal number is not one', () => {
  for (const text of [
    '',
    '-',
    '.',
    '1-2',
    '0x10',
    'nan',
    'inf',
    'Infinity',
    '1,5',
    '1.2.3',
    'e5',
    '1e',
    ' 1',
  ])
    expect(parse(text), text).toBeNaN()
})

test('every float32 comes back from its decimal form', () => {
  const seed = 20240611n
  const random = new Random(seed)
  const bits = new Uint32Array(1)
  const float = new Float32Array(bits.buffer)
  for (let i = 0; i < 20_000; i++) {
    // Half of them of any size, half of a size that vectors have.
    bits[0] = Number(random.next64() & 0xffffffffn)
    const value = i % 2 ? float[0]! : Math.fround((random.below(2 ** 32) / 2 ** 32 - 0.5) * 4)
    if (!Number.isFinite(value)) continue
    const text = formatFloat32(value)
    expect(Math.fround(parse(text)), `${text}, seed ${seed}`).toBe(value)
  }
})

test('numbers are written short', () => {
  expect([0.1, 1, -2.5, 100, 0, -0, 3e-10, 1e20].map(Math.fround).map(formatFloat32)).toEqual([
    '0.1',
    '1',
    '-2.5',
    '100',
    '0',
    '-0',
    '3e-10',
    '100000000000000000000',
  ])
  expect(formatFloat32(Math.fround(1 / 3))).toBe('0.33333334')
})
