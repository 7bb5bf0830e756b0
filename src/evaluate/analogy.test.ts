import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { scoreAnalogies } from './analogy.ts'
import { withExamples } from './analogy-methods.ts'

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

test('averaged offsets: the own pair and the nine behind it, without the pair asked about', () => {
  // Pair i is rows 2i and 2i + 1; each is asked with the next but one.
  const pairs = 14
  const questions = Array.from({ length: pairs }, (_, i) => {
    const [own, other] = [i, (i + 2) % pairs]
    return { section: 's', rows: [2 * own, 2 * own + 1, 2 * other, 2 * other + 1] as const }
  })
  // The section names pairs in the order 0 2 1 3 4 5 …
  const { rows, weights } = withExamples(questions)[12]!
  expect(rows[0]).toBe(0)
  expect(rows.slice(1)).toEqual([12, 13, 2, 1, 3, 4, 5, 6, 7, 8].flatMap((pair) => [2 * pair + 1, 2 * pair]))
  expect(weights.slice(0, 3)).toEqual([1, 0.1, -0.1])
  // With a pair of its own only, it is 3CosAdd; another section is no example.
  const two = withExamples([questions[0]!, { ...questions[1]!, section: 't' }])
  expect(two[0]).toEqual({ rows: [4, 1, 0], weights: [1, 1, -1] })
})

test('averaged offsets answer where one example misleads', () => {
  const points: Record<string, [number, number, number]> = { far: [-1, 0, 0] }
  for (let i = 0; i < 6; i++) {
    const angle = i * 0.25
    points[`a${i}`] = [Math.cos(angle), Math.sin(angle), 0]
    // The first pair's offset is bent towards the lure.
    points[`b${i}`] = [Math.cos(angle), Math.sin(angle), i === 0 ? -0.6 : 0.6]
  }
  points.lure = [Math.cos(1), Math.sin(1), -0.6]
  const bent = KeyedVectors.from({
    words: WordTable.from(Object.keys(points)),
    dim: 3,
    matrix: Float32Array.from(Object.values(points).flat()),
  })
  const lines = [1, 2, 3, 4, 5].map((i) => `a0 b0 a${i} b${i}`)
  const path = file('bent.txt', `: relation\n${lines.join('\n')}\n`)
  const right = (method: 'add' | 'offset') => scoreAnalogies(bent, path, { method }).total.correct
  expect([right('add'), right('offset')]).toEqual([0, 5])
  expect(() => scoreAnalogies(bent, file('flat.txt', 'a0 b0 a1 b1\n'), { method: 'offset' })).toThrow(
    'it has no sections',
  )
})

test('the Korean set is split as its sections are named', () => {
  const path = file('ko.txt', ': sem1_x\na b c d\n: syn1_y\na b c d\na b d c\n: synonyms\na b c d\n')
  const { semantic, syntactic } = scoreAnalogies(vectors, path)
  expect([semantic!.questions, syntactic!.questions]).toEqual([2, 2])
})

const data = process.env.MILLRACE_DATA
test.skipIf(!data)(
  `the known sets are read whole${data ? '' : ': skipped, MILLRACE_DATA is not set'}`,
  () => {
    const sizes = ['questions-words', 'questions-phrases', 'msr-syntactic', 'ko-word-analogy-park2018'].map(
      (name) => {
        const { sections, semantic, syntactic, total } = scoreAnalogies(
          vectors,
          join(data!, 'analogy', `${name}.txt`),
        )
        return [total.questions, sections.length, semantic?.questions, syntactic?.questions]
      },
    )
    expect(sizes).toEqual([
      [19_544, 14, 8869, 10_675],
      [3218, 5, undefined, undefined],
      [8000, 1, undefined, undefined],
      [10_000, 10, 5000, 5000],
    ])
  },
)
