import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { type RunFile, RunFolder, type TrainResult } from '../run/index.ts'
import { evaluateRun, scoresOf } from './evaluate-run.ts'
import { measuresOf } from './questions.ts'
import { readScores, scoreAt } from './scores.ts'

const vectors = KeyedVectors.from({
  words: WordTable.from(['a', 'b', 'c', 'z']),
  dim: 2,
  matrix: Float32Array.of(1, 0, 1, 0.2, 1, 0.1, 0, 1),
})

/** A run with vectors and two files of questions. */
function madeRun() {
  const base = mkdtempSync(join(tmpdir(), 'millrace-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(base, name), text)
    return join(base, name)
  }
  const folder = new RunFolder(join(base, 'run'))
  const trainOn = (words: number) =>
    folder.write({
      format: 1,
      name: 'run',
      status: 'complete',
      result: { words } as TrainResult,
    } as RunFile)
  trainOn(1000)
  vectors.save(folder.vectors, 'safetensors')
  return {
    folder,
    file,
    trainOn,
    odd: file('odd.txt', 'a b c z\n'),
    pairs: file('pairs.txt', 'a b 3\na c 2\na z 1\n'),
  }
}

test('recipes that share a run each add their measures, and nothing is scored twice', async () => {
  const { folder, odd, pairs } = madeRun()
  const first = await evaluateRun(folder, { odd: [odd] })
  expect(first).toMatchObject({ format: 2, trained: 1000, words: 4, odd: [{ name: 'odd', correct: 1 }] })
  const second = await evaluateRun(folder, { pairs: [{ file: pairs, name: 'mine' }] })
  expect(second.odd).toEqual(first.odd)
  expect(scoreAt(second, 'mine')).toBe(0.5)
  expect(readScores(folder)).toEqual(second)
  // Without the vectors only what is known can be told; the file is left alone.
  const { mtimeMs } = statSync(folder.scores)
  rmSync(folder.vectors)
  expect(await evaluateRun(folder, { odd: [odd], pairs: [{ file: pairs, name: 'mine' }] })).toEqual(second)
  expect(statSync(folder.scores).mtimeMs).toBe(mtimeMs)
  // Under another name, it is the same score.
  const third = await evaluateRun(folder, { pairs: [{ file: pairs, name: 'yours' }] })
  expect(third.pairs).toEqual([second.pairs[0], { ...second.pairs[0], name: 'yours' }])
  expect(scoresOf(third, { pairs: [{ file: pairs, name: 'yours' }] })).toMatchObject({
    odd: [],
    pairs: [{ name: 'yours' }],
  })
  await expect(evaluateRun(folder, { analogies: [odd] })).rejects.toThrow()
})

test('what has changed is scored again: the questions, how they are asked, the training', async () => {
  const { folder, file, trainOn, odd } = madeRun()
  const ask = (restrict: number) =>
    evaluateRun(folder, { analogies: [file('a.txt', ': x\na b c z\n')], odd: [odd], restrict })
  expect((await ask(4)).analogies).toMatchObject([{ restrict: 4, total: { skipped: 0 } }])
  const both = await ask(3)
  expect(both.analogies).toMatchObject([{ restrict: 4 }, { restrict: 3, total: { skipped: 1 } }])
  const questions = { analogies: [join(folder.path, '../a.txt')], odd: [odd] }
  expect(scoresOf(both, { ...questions, restrict: 4 }).analogies).toMatchObject([{ restrict: 4 }])
  expect(scoreAt(both, 'a')).toBe(scoreAt(scoresOf(both, { ...questions, restrict: 3 }), 'a'))
  file('odd.txt', 'a b c z\na z b\n')
  expect((await ask(3)).odd).toMatchObject([{ questions: 2 }])
  trainOn(2000)
  const after = await evaluateRun(folder, { odd: [odd] })
  expect(after).toMatchObject({ trained: 2000, analogies: [], odd: [{ questions: 2 }] })
})

test('scores of the first format are made anew; of a later one, or damaged, they are an error', async () => {
  const { folder, odd } = madeRun()
  writeFileSync(folder.scores, '{"format":1,"words":4,"odd":[{"file":"odd.txt"}]}')
  expect(readScores(folder)).toBeUndefined()
  expect((await evaluateRun(folder, { odd: [odd] })).odd).toMatchObject([{ name: 'odd', questions: 1 }])
  writeFileSync(folder.scores, '{"format":3}')
  await expect(evaluateRun(folder, { odd: [odd] })).rejects.toThrow('has format 3')
  writeFileSync(folder.scores, '{"for')
  await expect(evaluateRun(folder, { odd: [odd] })).rejects.toThrow('is damaged')
})

test('a stop keeps what was scored', async () => {
  const { folder, odd } = madeRun()
  const stop = new AbortController()
  stop.abort()
  await expect(evaluateRun(folder, { odd: [odd] }, { signal: stop.signal })).rejects.toThrow('was stopped')
  expect(() => readFileSync(folder.scores)).toThrow('ENOENT')
})

test('names: from the file and the method, or as given; each is its own', () => {
  const names = (questions: Parameters<typeof measuresOf>[0]) => measuresOf(questions).map(({ name }) => name)
  expect(
    names({
      analogies: [
        'a/words.txt',
        { file: 'a/words.txt', method: 'mul' },
        { file: 'b/words.txt', name: 'own' },
      ],
      pairs: ['b/words.txt'],
      odd: [{ file: 'x.txt', name: 'words' }],
    }),
  ).toEqual(['words-2', 'words-mul', 'own', 'words-3', 'words'])
  expect(() =>
    names({
      odd: [
        { file: 'a', name: 'x' },
        { file: 'b', name: 'x' },
      ],
    }),
  ).toThrow('two scores have the name "x"')
  expect(() => names({ pairs: [{ file: 'a', method: 'mul' }] })).toThrow('a: method does nothing here')
  expect(() => names({ analogies: [{ file: 'a', method: 'div' as 'mul' }] })).toThrow(
    'there is no method div',
  )
  expect(() => names({ analogies: [{ file: 'a', restrict: 1.5 }] })).toThrow(
    'restrict 1.5 is not a number of words',
  )
})
