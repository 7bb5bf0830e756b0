import { expect, test } from 'vitest'
import { parseTrainConfig, type TrainConfigInput } from './config.ts'
import { chooseKernel } from './wide-check.ts'

const configs: TrainConfigInput[] = [
  {},
  { dim: 300, deterministic: true },
  { model: 'cbow', optimizer: 'adagrad' },
  { loss: 'hs', window: 1 },
  { loss: 'nce', negative: 64, negatives: 'per-pair' },
  { model: 'cbow', loss: 'hs', cbowInput: 'sum', deterministic: true },
  { dim: 204, model: 'cbow', negative: 9, deterministic: true },
]

test.each(configs)('the wide kernel gives the same bits on a small model, and is chosen: %o', (input) => {
  const doubts: string[] = []
  const config = parseTrainConfig(input)
  expect(chooseKernel(config, config.deterministic, (why) => doubts.push(why), 'train.wide')).toBe(
    'train.wide',
  )
  expect(doubts).toEqual([])
})

test('where it does not, training goes on without it, and says so', () => {
  const doubts: string[] = []
  const config = parseTrainConfig({})
  const chosen = chooseKernel(
    config,
    false,
    (why) => doubts.push(why),
    'train.wide',
    (_, kernel) => Buffer.from(kernel),
  )
  expect(chosen).toBe('train.relaxed')
  expect(doubts).toEqual([expect.stringMatching(/256 bits/)])
})

test('a kernel that is not wide needs no trial', () => {
  const never = () => {
    throw new Error('tried')
  }
  expect(chooseKernel(parseTrainConfig({}), false, never, 'train.strict', never)).toBe('train.strict')
})
