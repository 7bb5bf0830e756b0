import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate } from 'millrace/evaluate'
import { KeyedVectors } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { markQuestions } from '../../src/evaluate/analogy.ts'
import { readQuestions } from '../../src/evaluate/analogy-file.ts'

// What gensim makes of the same vectors and questions: see scripts/golden-gensim.py.

interface Golden {
  analogies: {
    vectors: string
    file: string
    restrict: number
    method: 'add' | 'mul'
    sections: Record<string, [correct: number, incorrect: number]>
    /** Of each question: 1 right, 0 wrong, - not asked. */
    marks: string
  }[]
  pairs: Record<string, { pearson: [number, number]; spearman: [number, number]; oov: number }>
  odd: string[]
  near: Record<string, [string, number][]>
  analogy: Record<string, [string, number][]>
  mul: Record<string, [string, number][]>
}

const folder = join(import.meta.dirname, 'gensim')
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'gensim-evaluate.json'), 'utf8'))
const vectors = KeyedVectors.load(join(folder, 'vectors.txt'))

const phrases = KeyedVectors.load(join(folder, 'phrases.txt'))

for (const { vectors: name, file, restrict, method, sections, marks } of golden.analogies)
  test(`${file} by ${method} among ${restrict} words: right and wrong as in gensim, question by question`, () => {
    const asked = name === 'phrases.txt' ? phrases : vectors
    const path = join(folder, file)
    const scores = evaluate(asked, { analogies: [{ file: path, method, restrict }] }).analogies[0]!
    expect(
      Object.fromEntries(
        [...scores.sections, { ...scores.total, name: 'Total accuracy' }].map((tally) => [
          tally.name,
          [tally.correct, tally.questions - tally.skipped - tally.correct],
        ]),
      ),
    ).toEqual(sections)
    const found = markQuestions(asked, readQuestions(path), method, restrict)
    expect(found.map((mark) => (mark === null ? '-' : Number(mark))).join('')).toBe(marks)
  })

for (const [name, expected] of Object.entries(golden.pairs))
  test(`${name}: correlations and their chances as in gensim`, () => {
    const asked = name === 'pairs-korean.tsv' ? phrases : vectors
    const { pearson, spearman, pairs, skipped } = evaluate(asked, { pairs: [join(folder, name)] }).pairs[0]!
    expect((100 * skipped) / pairs).toBeCloseTo(expected.oov, 10)
    // gensim's cosines are float32.
    expect(pearson.value).toBeCloseTo(expected.pearson[0], 6)
    expect(pearson.p).toBeCloseTo(expected.pearson[1], 5)
    expect(spearman.value).toBeCloseTo(expected.spearman[0], 10)
    expect(spearman.p).toBeCloseTo(expected.spearman[1], 10)
  })

test('the odd one out as in gensim', () => {
  const lines = readFileSync(join(folder, 'odd.txt'), 'utf8').trim().split('\n')
  expect(lines.map((line) => vectors.odd(line.split(' ')))).toEqual(golden.odd)
  const right = lines.filter((line, i) => line.endsWith(` ${golden.odd[i]}`)).length
  expect(evaluate(vectors, { odd: [join(folder, 'odd.txt')] }).odd[0]).toMatchObject({
    questions: lines.length,
    skipped: 0,
    correct: right,
  })
})

test('neighbours and analogies with their cosines as in gensim', () => {
  for (const [words, expected] of Object.entries(golden.near)) expectSame(vectors.near(words.split(' ')), expected)
  for (const [words, expected] of Object.entries(golden.analogy)) {
    const [a, b, c] = words.split(' ') as [string, string, string]
    expectSame(vectors.analogy(a, b, c), expected)
    expectSame(vectors.analogy(a, b, c, { method: 'mul' }), golden.mul[words]!)
  }
})

function expectSame(found: { word: string; score: number }[], expected: [string, number][]) {
  expect(found.map(({ word }) => word)).toEqual(expected.map(([word]) => word))
  for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i]![1], 5)
}
