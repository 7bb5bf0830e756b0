import { expect, test } from 'vitest'
import { formatBytes, parseBytes } from './bytes.ts'
import { formatSeconds, nearestName } from './text.ts'

test('the nearest name is found for a typo, and none for another word', () => {
  expect(nearestName('epoch', ['epochs', 'dim', 'window'])).toBe('epochs')
  expect(nearestName('minCont', ['minCount', 'model'])).toBe('minCount')
  expect(nearestName('zebra', ['epochs', 'dim', 'window'])).toBeUndefined()
})

test('sizes are read and written', () => {
  expect(parseBytes('2G', '--memory')).toBe(2 ** 31)
  expect(parseBytes('1.5 MiB', '--memory')).toBe(1.5 * 2 ** 20)
  expect(parseBytes('65536', '--memory')).toBe(65536)
  expect(() => parseBytes('lots', '--memory')).toThrow('--memory lots is not a size')
  expect(formatBytes(54_321_000)).toBe('51.8 MiB')
})

test('times are written as people read them', () => {
  expect(formatSeconds(8.2)).toBe('8.2 s')
  expect(formatSeconds(187)).toBe('3:07')
  expect(formatSeconds(7387)).toBe('2:03:07')
})
