import { expect, test } from 'vitest'
import { describeRow, parseRow, standardRows } from './rows.ts'

test("a row's name says how it differs from skip-gram with negative sampling", () => {
  const plain = { model: 'skipgram', loss: 'ns', dim: 100, lr: 0.025, beside: 'peers', busy: false }
  expect(parseRow('skipgram-300')).toEqual({ ...plain, name: 'skipgram-300', dim: 300 })
  expect(parseRow('hs')).toEqual({ ...plain, name: 'hs', loss: 'hs' })
  const busy = {
    name: 'cbow-20-deterministic-busy',
    model: 'cbow',
    dim: 20,
    lr: 0.05,
    beside: 'free-running',
  }
  expect(parseRow(busy.name)).toEqual({ ...plain, ...busy, busy: true })
  expect(parseRow('threads')).toMatchObject({ beside: 'one thread' })
  expect(describeRow(parseRow('cbow-busy')!)).toBe(
    'CBOW, negative sampling, 100 dimensions, rate 0.05, a busy process beside it',
  )
})

test('names that mean nothing, or two things, are none', () => {
  for (const name of ['', 'glove', 'skipgram-', 'cbow-skipgram', '100-300', 'threads-deterministic', '0'])
    expect(parseRow(name), name).toBeUndefined()
  for (const name of standardRows) expect(parseRow(name), name).toBeDefined()
})
