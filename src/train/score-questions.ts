import { setImmediate as nextTurn } from 'node:timers/promises'
import { evaluate, measuresOf, type Questions, type Scores, scoreAt } from '../evaluate/index.ts'
import { collectGarbage } from '../runtime/collect.ts'
import { KeyedVectors, WordTable } from '../vectors/index.ts'
import type { Evaluation } from './request.ts'

/**
 * Files of questions as what a run is scored with. Scores are named by their paths (see `scoreAt`): of analogies
 * `questions-words.total`, and `.semantic` and `.syntactic` where there are both, of pairs `wordsim353.spearman` and
 * `.pearson`, `odd-ones`. Sentence completion needs a finished run, and is left out.
 *
 * All files are read here once, so that one that is missing or malformed is known before a text is counted.
 *
 * paths   to be told besides, such as a section's, or with `.ofAll`
 * throws  as `evaluate` does
 */
export function scoreQuestions(
  { completion: _, ...questions }: Questions,
  paths: readonly string[] = [],
): Evaluation {
  const oneByOne = measuresOf(questions).map(({ kind, file, name, method, restrict }): Questions => {
    return { [kind]: [kind === 'analogies' ? { file, name, method, restrict } : { file, name }] }
  })
  const nothing = KeyedVectors.from({ words: WordTable.from(['a']), dim: 1, matrix: Float32Array.of(1) })
  const names = oneByOne.flatMap((question) => allPaths(evaluate(nothing, question)))
  return {
    names,
    score: async (vectors, wanted) => {
      const told: Record<string, number | null> = {}
      for (const question of oneByOne) {
        const scores = evaluate(vectors, question)
        const here = new Set(allPaths(scores))
        for (const path of [...mainPaths(scores), ...[...paths, ...wanted].filter((path) => here.has(path))])
          told[path] = scoreAt(scores, path)
        // One file's questions beside another's would be memory that no plan has; and signs of life come in between.
        collectGarbage()
        await nextTurn()
      }
      return told
    },
  }
}

/** What is told of each score. */
function mainPaths({ analogies, pairs, odd }: Scores): string[] {
  return [
    ...analogies.flatMap(({ name, semantic, syntactic }) => [
      `${name}.total`,
      ...(semantic ? [`${name}.semantic`] : []),
      ...(syntactic ? [`${name}.syntactic`] : []),
    ]),
    ...pairs.flatMap(({ name }) => [`${name}.spearman`, `${name}.pearson`]),
    ...odd.map(({ name }) => name),
  ]
}

/** All paths that there are, the main ones first. */
function allPaths(scores: Scores): string[] {
  const { analogies, pairs } = scores
  const sections = analogies.flatMap(({ name, sections }) =>
    sections.map((section) => `${name}.${section.name}`),
  )
  const shares = [...mainPaths({ ...scores, pairs: [] }), ...analogies.map(({ name }) => name), ...sections]
  return [
    ...new Set([
      ...mainPaths(scores),
      ...shares,
      ...pairs.map(({ name }) => name),
      ...shares.map((path) => `${path}.ofAll`),
    ]),
  ]
}
