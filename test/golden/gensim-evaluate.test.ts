import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate } from 'millrace/evaluate'
import { KeyedVectors } from 'millrace/vectors'
import { expect, test } from 'vitest'

// What gensim makes of the same vectors and questions: see scripts/golden-gensim.py.

interface Golden {
  analogies: Record<string, Record<string, { correct: number; incorrect: number }>>
  pairs: Record<string, { pearson: [number, number]; spearman: [number, number]; oov: number }>
  odd: string[]
  near: Record<string, [string, number][]>
  analogy: Record<string, [string, number][]>
}

const folder = join(import.meta.dirname, 'gensim')
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'gensim-evaluate.json'), 'utf8'))
const vectors = KeyedVectors.load(join(folder, 'vectors.txt'))

for (const [restrict, sections] of Object.entries(golden.analogies))
  test(`analogies among ${restrict} words: right and wrong as in gensim`, () => {
    const scores = evaluate(vectors, { analogies: [join(folder, 'analogies.txt')], restrict: Number(restrict) })
    const { sections: found, total } = scores.analogies[0]!
    expect(
      Object.fromEntries(
        [...found, { ...total, name: 'Total accuracy' }].map(({ name, questions, skipped, correct }) => [
          name,
          { correct, incorrect: questions - skipped - correct },
        ]),
      ),
    ).toEqual(sections)
  })

for (const [name, expected] of Object.entries(golden.pairs))
  test(`${name}: correlations and their chances as in gensim`, () => {
    const { pearson, spearman, pairs, skipped } = evaluate(vectors, { pairs: [join(folder, name)] }).pairs[0]!
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
  }
})

function expectSame(found: { word: string; score: number }[], expected: [string, number][]) {
  expect(found.map(({ word }) => word)).toEqual(expected.map(([word]) => word))
  for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i]![1], 5)
}
