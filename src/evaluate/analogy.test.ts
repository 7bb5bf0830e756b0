import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { scoreAnalogies } from './analogy.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const file = (name: string, content: string) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const grid = { a: [1, 0.1], b: [1, 1], c: [2, 0.3], d: [2, 2.1], E: [-1, 0], rare: [0, -1] }
const vectors = KeyedVectors.from({
  words: WordTable.from(Object.keys(grid)),
  dim: 2,
  matrix: Float32Array.from(Object.values(grid).flat()),
})

test('sections, and the split of the Google set', () => {
  const path = file(
    'google.txt',
    ': capital-x\na b c d\nA B C D\na b c nowhere\n: gram1-y\na b c E\na b c rare\n',
  )
  const scores = scoreAnalogies(vectors, path, { restrict: 5 })
  const [capital, gram] = scores.sections
  expect(capital).toEqual({
    name: 'capital-x',
    questions: 3,
    skipped: 1,
    correct: 2,
    accuracy: 1,
    accuracyOfAll: 2 / 3,
  })
  expect(gram).toEqual({
    name: 'gram1-y',
    questions: 2,
    skipped: 1,
    correct: 0,
    accuracy: 0,
    accuracyOfAll: 0,
  })
  const { name: _, ...semantic } = capital!
  expect(scores.semantic).toEqual(semantic)
  expect(scores.total).toEqual({ questions: 5, skipped: 2, correct: 2, accuracy: 2 / 3, accuracyOfAll: 0.4 })
})

test('tabs and no sections: one section, and no split', () => {
  const scores = scoreAnalogies(vectors, file('msr.txt', '\uFEFFa\tb\tc\td\r\n\r\nb\ta\td\tc\r\n'))
  expect(scores.sections.map(({ name, questions }) => [name, questions])).toEqual([['all', 2]])
  expect([scores.semantic, scores.syntactic]).toEqual([null, null])
})

test('nothing known gives no accuracy, and 0 of all', () => {
  const { total } = scoreAnalogies(vectors, file('unknown.txt', 'x y z w\n'))
  expect(total).toEqual({ questions: 1, skipped: 1, correct: 0, accuracy: null, accuracyOfAll: 0 })
})

test('a file that is missing, empty or malformed is told with its line', () => {
  expect(() => scoreAnalogies(vectors, join(folder, 'none'))).toThrow('there is no such file')
  expect(() => scoreAnalogies(vectors, file('empty', ' \n'))).toThrow('holds no questions')
  expect(() => scoreAnalogies(vectors, file('headers', ': x\n'))).toThrow('it has section lines only')
  expect(() => scoreAnalogies(vectors, file('three', ': x\na b c d\n\na b c\n'))).toThrow(
    'line 4 is not a question: "a b c"\n  why: it has 3 words, not 4',
  )
})
