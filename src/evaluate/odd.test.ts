import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'
import { scoreOdd } from './odd.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const file = (name: string, content: string) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const vectors = KeyedVectors.from({
  words: WordTable.from(['a', 'b', 'c', 'z']),
  dim: 2,
  matrix: Float32Array.of(1, 0, 1, 0.2, 1, 0.1, 0, 1),
})

test('the last word of a line is the odd one', () => {
  expect(scoreOdd(vectors, file('odd.txt', '# three lines\nA b c z\na z b\na b nowhere\n'))).toEqual({
    questions: 3,
    skipped: 1,
    correct: 1,
    accuracy: 0.5,
    accuracyOfAll: 1 / 3,
  })
  expect(() => scoreOdd(vectors, file('short', 'a b z\na b\n'))).toThrow('line 2 is not a question: "a b"')
})

test('scores are plain JSON without paths', () => {
  const scores = evaluate(vectors, {
    odd: [file('odd.txt', 'a b c z\n')],
    analogies: [file('analogies.txt', 'a b c z\n')],
    pairs: [file('pairs.txt', 'a b 1\n')],
  })
  expect(JSON.parse(JSON.stringify(scores))).toEqual(scores)
  expect(JSON.stringify(scores)).not.toContain(folder)
  expect(scores).toMatchObject({
    format: 2,
    words: 4,
    dim: 2,
    trained: null,
    analogies: [{ restrict: 30_000 }],
  })
})

test('nothing to score with is an error, and so is a senseless restriction', () => {
  expect(() => evaluate(vectors, {})).toThrow('there is nothing to score the vectors with')
  expect(() => scoreOdd(vectors, file('only.txt', '# a comment\n'))).toThrow('holds no questions')
  expect(() => evaluate(vectors, { analogies: ['x'], restrict: 0 })).toThrow(
    'restrict 0 is not a number of words',
  )
})
