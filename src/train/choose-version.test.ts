import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { newRuns } from '../../test/run/made-up-runs.ts'
import { RunFolder } from '../run/index.ts'
import type { TrainConfigInput } from '../word2vec/index.ts'
import { chooseVersion } from './choose-version.ts'
import { runTraining } from './run-training.ts'

const quick: TrainConfigInput = { minCount: 1, dim: 4, epochs: 1, threads: 1 }

/** A text and an empty folder of runs beside it. */
function place() {
  const runs = newRuns()
  const text = join(dirname(runs), 'text.txt')
  writeFileSync(text, 'a b c d a b c d\n'.repeat(50))
  const choose = (config: TrainConfigInput, corpus = [text], except: number[] = []) =>
    chooseVersion({ name: 'mine', corpus, config: { ...quick, ...config }, runs, except })
  const train = async (config: TrainConfigInput) => {
    const { out } = choose(config)
    await runTraining({ corpus: [text], out, config: { ...quick, ...config } })
  }
  return { runs, text, choose, train }
}

test('each config has its version: what was left out is the default, and how it is run is nothing', async () => {
  const { runs, choose, train } = place()
  expect(choose({})).toEqual({
    name: 'mine',
    version: 1,
    out: join(runs, 'mine'),
    isNew: true,
    because: null,
  })
  await train({})
  await train({ dim: 6 })
  expect(choose({ threads: 2, checkpointEvery: '5s' })).toMatchObject({ version: 1, isNew: false })
  expect(choose({ dim: 6 })).toMatchObject({ version: 2, out: join(runs, 'mine@2'), isNew: false })
  expect(choose({ seed: 2 })).toMatchObject({
    version: 3,
    isNew: true,
    because: 'mine@2: it has dim 6, and this 4',
  })
  expect(choose({ dim: 6, epochs: 2 })).toMatchObject({ because: 'mine@2: it has epochs 1, and this 2' })
  expect(choose({}, undefined, [1])).toMatchObject({ version: 3, isNew: true })
})

test('another text is another version; the same one elsewhere is not', async () => {
  const { text, choose, train } = place()
  await train({})
  const copy = `${text}.copy.txt`
  writeFileSync(copy, 'a b c d a b c d\n'.repeat(50))
  utimesSync(copy, 1, 1)
  expect(choose({}, [copy])).toMatchObject({ version: 1, isNew: false })
  writeFileSync(copy, 'a b c d a b c d\n'.repeat(51))
  expect(choose({}, [copy])).toMatchObject({ version: 2, because: 'mine: it was trained on another text' })
})

test('vectors to begin with are known by what is in them', async () => {
  const { runs, choose, train } = place()
  await train({})
  const init = join(runs, 'mine')
  expect(choose({ init })).toMatchObject({ version: 2, isNew: true })
  await train({ init })
  expect(choose({ init })).toMatchObject({ version: 2, isNew: false })
  expect(choose({})).toMatchObject({ version: 1, isNew: false })
  rmSync(init, { recursive: true })
  expect(choose({ init })).toMatchObject({ version: 2, isNew: false })
})

test('recipes and damaged runs are nobody’s version, and keep their numbers', () => {
  const { runs, choose } = place()
  mkdirSync(join(runs, 'mine'))
  writeFileSync(join(runs, 'mine/experiment.json'), '{"format":1,"runs":[]}')
  mkdirSync(join(runs, 'mine@2'))
  writeFileSync(new RunFolder(join(runs, 'mine@2')).runFile, '{')
  expect(choose({})).toMatchObject({ version: 3, because: 'mine@2: its run.json is damaged' })
})

test('a name that would lie elsewhere is refused', () => {
  const { runs, text } = place()
  for (const name of ['a/b', '../a', 'a@2', '', '.hidden'])
    expect(() => chooseVersion({ name, corpus: [text], config: {}, runs })).toThrow('is no name of a run')
})
