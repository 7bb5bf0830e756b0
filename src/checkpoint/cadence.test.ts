import { expect, test } from 'vitest'
import { parseCadence } from './cadence.ts'

test.each([
  ['60s', 'ms', 60_000],
  ['1.5m', 'ms', 90_000],
  ['2h', 'ms', 7_200_000],
  ['5Mwords', 'words', 5_000_000],
  ['500kwords', 'words', 500_000],
  ['1000words', 'words', 1000],
  ['500steps', 'steps', 500],
  ['1step', 'steps', 1],
])('%s is every so many %s: %i', (text, unit, count) => {
  expect(parseCadence(text)).toEqual({ unit, count })
})

test.each([
  '',
  '60',
  's',
  '0s',
  '-1s',
  '5mwords',
  '5 M',
  '1ks',
  '1e3s',
  'steps',
  '0.1steps',
  '60sec',
  '9'.repeat(20),
])('%s is no interval', (text) => expect(parseCadence(text)).toBeUndefined())
