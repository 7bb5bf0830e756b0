import { expect, test } from 'vitest'
import { assert, ConfigError, InputError, MillraceError, StoppedError } from './errors.ts'

test('an error says what, why and the mend, and keeps its cause', () => {
  const cause = new Error('ENOENT')
  const error = new InputError('CORPUS_MISSING', {
    what: 'no file a.txt',
    why: 'it is not there',
    mend: 'check the path',
    cause,
  })
  expect(error.message).toBe('no file a.txt\n  why: it is not there\n  try: check the path')
  expect(error.cause).toBe(cause)
  expect(error.name).toBe('InputError')
})

test('each kind of error has its exit code', () => {
  expect(new MillraceError('X', { what: 'x' }).exitCode).toBe(1)
  expect(new ConfigError('X', { what: 'x' }).exitCode).toBe(2)
  expect(new StoppedError('X', { what: 'x' }).exitCode).toBe(75)
})

test('assert throws on a broken invariant', () => {
  expect(() => assert(false, 'one is one')).toThrow('broken invariant: one is one')
})
