import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { KeyedVectors, WordTable } from '../vectors/index.ts'
import { scoreQuestions } from './score-questions.ts'

let folder: string
let vectors: KeyedVectors
const file = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  writeFileSync(file('words.txt'), ': cities\na b c d\na b x y\n: gram1\nc d a b\n')
  writeFileSync(file('plain.txt'), 'a b c d\n')
  writeFileSync(file('pairs.tsv'), 'a\tb\t3\na\tc\t2\nb\tc\t1\n')
  writeFileSync(file('odd.txt'), 'a b d\n')
  writeFileSync(file('torn.txt'), 'a b c\n')
  const matrix = Float32Array.from([1, 0, 0, 1, 1, 0.2, 0.2, 1])
  vectors = KeyedVectors.from({ words: WordTable.from(['a', 'b', 'c', 'd']), dim: 2, matrix })
})

test('scores are told by their paths, all files in turn, and what is wanted besides', async () => {
  const { score, names } = scoreQuestions(
    { analogies: [file('words.txt'), file('plain.txt')], pairs: [file('pairs.tsv')], odd: [file('odd.txt')] },
    ['words.total.ofAll'],
  )
  const told = await score(vectors, ['words.cities'])
  expect(told).toEqual({
    'words.total': 1,
    'words.semantic': 1,
    'words.syntactic': 1,
    'words.total.ofAll': 2 / 3,
    'words.cities': 1,
    'plain.total': 1,
    'pairs.spearman': expect.any(Number),
    'pairs.pearson': expect.any(Number),
    odd: expect.any(Number),
  })
  for (const name of [...Object.keys(told), 'plain', 'pairs', 'odd.ofAll']) expect(names).toContain(name)
  expect(names).not.toContain('pairs.ofAll')
})

test('what cannot be asked is known at once', () => {
  expect(() => scoreQuestions({ analogies: [file('none.txt')] })).toThrow('no such file')
  expect(() => scoreQuestions({ analogies: [file('torn.txt')] })).toThrow('line 1 is not a question')
  expect(() => scoreQuestions({ completion: [file('words.txt')] })).toThrow('nothing to score')
})
