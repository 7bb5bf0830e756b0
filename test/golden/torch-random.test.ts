import { expect, test } from 'vitest'
import { asSampler } from '../../src/loader/sampler.ts'
import { TorchRandom } from '../../src/loader/torch-random.ts'
import { makeSampler, readGolden, type SamplerSpec, setEpoch } from './torch-golden.ts'

// What torch's generator draws, and its samplers on it: see scripts/golden-torch.py. `next`, drawn last, shows that
// as many words were drawn before.

type Config = { kind: string; seed: number; next: number; values: number[] } & Record<string, any>

const below = 2 ** 32 - 1
const configs = readGolden<Config>('random')
const all = (kind: string) => {
  const chosen = configs.filter((config) => config.kind === kind)
  expect(chosen.length).toBeGreaterThan(0)
  return chosen.map((config) => ({ config, random: new TorchRandom(config.seed) }))
}

test('base seeds', () => {
  for (const { config, random } of all('baseSeed'))
    expect(config.draws.map(() => String(random.next64()))).toEqual(config.draws)
})

test('permutations', () => {
  for (const { config, random } of all('randperm')) {
    expect([...random.permutation(config.length)]).toEqual(config.values)
    expect(random.below(below)).toBe(config.next)
  }
})

test('long permutations', () => {
  for (const { config, random } of all('randpermSum')) {
    const sum = random
      .permutation(config.length)
      .reduce((sum, value) => (Math.imul(sum, 31) + value) >>> 0, 0)
    expect(sum).toBe(config.sum)
    expect(random.below(below)).toBe(config.next)
  }
})

test('whole numbers below a bound', () => {
  for (const { config, random } of all('randint')) {
    expect(config.values.map(() => random.below(config.high))).toEqual(config.values)
    expect(random.below(below)).toBe(config.next)
  }
})

test('numbers in [0, 1)', () => {
  for (const { config, random } of all('rand'))
    expect(config.values.map(() => random.nextDouble())).toEqual(config.values)
})

test('samplers, two passes each', () => {
  for (const { config, random } of all('sampler')) {
    const spec: SamplerSpec = config.sampler
    const sampler = asSampler('sampler', makeSampler(spec, config.length))
    expect(sampler.length).toBe(config.samplerLength)
    const passes = [0, 1].map((epoch) => {
      setEpoch(spec, sampler, epoch)
      return [...sampler.draw(random)]
    })
    expect(passes, JSON.stringify(spec)).toEqual(config.passes)
    expect(random.below(below), JSON.stringify(spec)).toBe(config.next)
  }
})
