import { expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { from, range, type Stream, zip } from './index.ts'

const stream = range(9) as Stream<any>
const bad = undefined as any

test.each<[string, () => unknown]>([
  ['range.start is NaN', () => range(Number.NaN, 3)],
  ['range.step is 0', () => range(0, 3, 0)],
  ['range.stop is NaN', () => range(Number.NaN)],
  ['range.stop is "3"', () => range('3' as any)],
  ['map.fn is undefined', () => stream.map(bad)],
  ['filter.keep is undefined', () => stream.filter(bad)],
  ['tap.look is undefined', () => stream.tap(bad)],
  ['flatMap.fn is undefined', () => stream.flatMap(bad)],
  ['take.count is -1', () => stream.take(-1)],
  ['skip.count is Infinity', () => stream.skip(Infinity)],
  ['skip.count is 1.5', () => stream.skip(1.5)],
  ['batch.size is 0', () => stream.batch(0)],
  ['batch.size is "4"', () => stream.batch('4' as any)],
  ['batch.size is an object', () => stream.batch({ size: 3 } as any)],
  ['batch.dropLast is 1', () => stream.batch(2, { dropLast: 1 } as any)],
  ['did you mean dropLast?', () => stream.batch(2, { droplast: true } as any)],
  ['window.size is 0', () => stream.window(0)],
  ['window.step is 0', () => stream.window(2, { step: 0 })],
  ['window.partial is "no"', () => stream.window(2, { partial: 'no' } as any)],
  ['shuffle.window is 0', () => stream.shuffle({ window: 0 })],
  ['shuffle.window.bytes is 0', () => stream.shuffle({ window: { bytes: 0 } })],
  ['shuffle.window.bytesOf is 3', () => stream.shuffle({ window: { bytes: 9, bytesOf: 3 as any } })],
  ['shuffle.seed is 0.5', () => stream.shuffle({ seed: 0.5 })],
  ['shuffle is 100', () => stream.shuffle(100 as any)],
  ['repeat.count is -1', () => stream.repeat(-1)],
  ['prefetch.count is 0', () => stream.prefetch(0)],
  ['argument 2 of zip is undefined', () => zip(stream, bad)],
  ['argument 1 of concat is 5', () => stream.concat(5 as any)],
  ['argument 1 of interleave is the string', () => stream.interleave('abc')],
  ['from is undefined', () => from(bad)],
])('%s', (message, make) => {
  expect(make).toThrow(ConfigError)
  expect(make).toThrow(message)
})
