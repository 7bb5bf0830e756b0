import type { KeyedVectors } from '../vectors/index.ts'

/**
 * How a question "a is to b as c is to …" is answered, over unit vectors.
 *
 * add     the word nearest to b − a + c (3CosAdd; Mikolov et al. 2013c)
 * mul     the word with the most of cos b · cos c / (cos a + 1e-6), cosines brought to 0 … 1 (3CosMul; Levy and
 *         Goldberg 2014, eq. 4 and footnote 7)
 * offset  the word nearest to c + the mean of ten pairs' b − a (Mikolov et al. 2013a, section 5.1); see `withExamples`
 */
export type AnalogyMethod = 'add' | 'mul' | 'offset'
export const analogyMethods = ['add', 'mul', 'offset'] as const satisfies AnalogyMethod[]

/** A question whose words are all known, by their rows. */
export interface KnownQuestion {
  section: string
  rows: readonly [a: number, b: number, c: number, d: number]
}

/** Pairs whose mean is the relation, the question's own among them. */
export const exampleCount = 10

/** The nearest rows of a question, best first, and never those of a, b and c. */
export interface Answers {
  /** The best row of each question; -1 if there is none. */
  best: Int32Array
  /** The `count` best rows of one of the questions. */
  several(question: number, count: number): number[]
}

/** Answers questions among the first `restrict` words. Of equally good words the first. */
export function answer(
  vectors: KeyedVectors,
  questions: readonly KnownQuestion[],
  method: AnalogyMethod,
  restrict: number,
): Answers {
  const { search } = vectors
  const sums = method === 'offset' ? withExamples(questions) : questions.map(ofThree)
  const analogies = sums.map((sum, i) => ({ ...sum, excluded: questions[i]!.rows.slice(0, 3) }))
  return {
    best: search.analogies.best(analogies, method === 'mul' ? 'ratio' : 'sum', restrict),
    several: (i, count) => {
      const { rows, weights, excluded } = analogies[i]!
      const found =
        method === 'mul'
          ? search.nearestByRatio(questions[i]!.rows, { count, restrict, excluded })
          : search.nearest(vectors.sumOfUnits(rows, weights), { count, restrict, excluded })
      return found.map(({ row }) => row)
    },
  }
}

/** Rows and the weights of their unit vectors in a sum. */
interface WeightedRows {
  rows: number[]
  weights: number[]
}

function ofThree({ rows: [a, b, c] }: KnownQuestion): WeightedRows {
  return { rows: [b, c, a], weights: [1, 1, -1] }
}

/**
 * For each question c and ten pairs of its section: its own a and b, and the nine that follow these in the order in
 * which the section first names pairs, beginning anew at its end. Pairs that hold c or d are left out, so that the
 * answer is not among the examples. A section with fewer pairs gives as many as there are.
 *
 * The paper says no more than that ten examples are averaged; which, it leaves open. The question's own is one of
 * them, so that with one example this is 3CosAdd, and there is no chance in it.
 */
export function withExamples(questions: readonly KnownQuestion[]): WeightedRows[] {
  const sections = new Map<string, Map<string, readonly [a: number, b: number]>>()
  for (const { section, rows } of questions) {
    const pairs = sections.get(section) ?? new Map()
    sections.set(section, pairs)
    for (const pair of [rows.slice(0, 2), rows.slice(2)])
      if (!pairs.has(`${pair}`)) pairs.set(`${pair}`, pair)
  }
  const lists = new Map(
    Array.from(sections, ([section, pairs]) => {
      const list = [...pairs.values()]
      return [section, { list, places: new Map(list.map((pair, place) => [`${pair}`, place])) }]
    }),
  )
  return questions.map(({ section, rows: [a, b, c, d] }) => {
    const { list, places } = lists.get(section)!
    const chosen: (readonly [number, number])[] = [[a, b]]
    const own = places.get(`${[a, b]}`)!
    for (let i = 1; i < list.length && chosen.length < exampleCount; i++) {
      const pair = list[(own + i) % list.length]!
      if (!pair.includes(c) && !pair.includes(d)) chosen.push(pair)
    }
    const share = 1 / chosen.length
    return {
      rows: [c, ...chosen.flatMap(([from, to]) => [to, from])],
      weights: [1, ...chosen.flatMap(() => [share, -share])],
    }
  })
}
