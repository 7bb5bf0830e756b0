import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type RunFile, RunFolder, type RunStatus } from '../run/index.ts'
import { KeyedVectors } from './keyed-vectors.ts'
import { WordTable } from './words.ts'

const plane: Record<string, [number, number]> = {
  man: [2, 0],
  woman: [0, 1],
  king: [3, 1],
  queen: [1, 3],
  boat: [-1, -1],
}
const vectors = KeyedVectors.from({
  words: WordTable.from(Object.keys(plane)),
  dim: 2,
  matrix: Float32Array.from(Object.values(plane).flat()),
})

test('words have their rows, and vectors are copies', () => {
  expect([
    vectors.length,
    vectors.dim,
    vectors.word(3),
    vectors.indexOf('queen'),
    vectors.indexOf('x'),
  ]).toEqual([5, 2, 'queen', 3, -1])
  const copy = vectors.vector('king')
  expect([...copy]).toEqual([3, 1])
  copy[0] = 9
  expect([...vectors.vector('king')]).toEqual([3, 1])
})

test('near: a word, several, and a vector', () => {
  expect(vectors.near('king', { count: 2 }).map(({ word }) => word)).toEqual(['man', 'queen'])
  expect(vectors.near('king', { count: 1 })[0]!.score).toBeCloseTo(3 / Math.sqrt(10), 6)
  // On unit vectors: the longer one does not pull the mean to its side.
  expect(vectors.near(['man', 'woman']).map(({ word, score }) => [word, score.toFixed(4)])).toEqual([
    ['king', '0.8944'],
    ['queen', '0.8944'],
    ['boat', '-1.0000'],
  ])
  expect(vectors.near(Float32Array.of(-5, -5), { count: 1 })[0]!.word).toBe('boat')
  expect(vectors.near('king', { restrict: 1 }).map(({ word }) => word)).toEqual(['man'])
  expect(() => vectors.near(Float32Array.of(1))).toThrow('a vector of 1 numbers')
})

test('analogy, odd one out, similarity', () => {
  expect(vectors.analogy('man', 'king', 'woman', { count: 1 })[0]!.word).toBe('queen')
  expect(vectors.odd(['man', 'king', 'boat', 'queen'])).toBe('boat')
  expect(() => vectors.odd(['man', 'king'])).toThrow('2 words were given')
  expect(vectors.similarity('man', 'woman')).toBeCloseTo(0, 9)
  expect(vectors.similarity('king', 'king')).toBe(1)
})

test('an unknown word is told with those spelled like it', () => {
  expect(() => vectors.vector('Quen')).toThrow('"Quen" is not among the 5 words')
  expect(() => vectors.similarity('man', 'kingg')).toThrow('one of the words like it: king')
})

for (const status of ['running', 'stopped', 'failed', 'complete'] as RunStatus[])
  test(`a run that is ${status} without vectors says how to get them`, () => {
    const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'millrace-')))
    folder.write({ format: 1, name: 'x', status, error: 'out of luck' } as RunFile)
    expect(() => KeyedVectors.load(folder.path)).toThrow(/has no vectors yet\n {2}why: .*\n {2}try: /)
    vectors.save(folder.vectors, 'safetensors')
    expect(KeyedVectors.load(folder.path).length).toBe(5)
  })

test('a folder that is no run, and a path that is not there, are told', () => {
  expect(() => KeyedVectors.load(tmpdir())).toThrow('is not a run folder')
  expect(() => KeyedVectors.load(join(tmpdir(), 'none.bin'))).toThrow('there is no such file')
})
