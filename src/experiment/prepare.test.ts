import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { MillraceError } from '../core/errors.ts'
import { expand } from './expand.ts'
import { findVersion } from './find-version.ts'
import { isFetchable, prepareQuestions, prepareRuns } from './prepare.ts'
import { parseRecipe } from './recipe.ts'
import { stateOf } from './run-recorded.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
process.env.MILLRACE_CACHE = join(folder, 'cache')
writeFileSync(join(folder, 'text.txt'), 'one two three four five six\n')
writeFileSync(join(folder, 'q.txt'), 'one two three\n')
const recipeOf = (more: object) =>
  parseRecipe({ name: 'texts', corpus: 'text.txt', ...more }, join(folder, 'recipe.yaml'))

test('a text that cannot be got ready is one run that failed, and in no other’s way', async () => {
  const recipe = recipeOf({ grid: { words: [3, 400] } })
  const expansion = expand(recipe)
  const prepared = await prepareRuns(expansion.runs, { fetch: false })
  expect(prepared.map(({ fault }) => fault)).toEqual([
    null,
    'text.txt has 6 words; the first 400 were asked for'.replace('text.txt', join(folder, 'text.txt')),
  ])
  const version = findVersion(join(folder, 'runs'), recipe, expansion, prepared, '1')
  expect(version.record.runs.map((run) => stateOf(version, run).state)).toEqual(['missing', 'failed'])
})

test('if none can be got ready, that is the error', async () => {
  const { runs } = expand(recipeOf({ grid: { words: [400, 500] } }))
  await expect(prepareRuns(runs, { fetch: false })).rejects.toThrow('the first 400 were asked for')
  const ids = new Set(['words=500'])
  await expect(prepareRuns(runs, { fetch: false, ids })).rejects.toThrow('the first 500 were asked for')
  const missing: MillraceError[] = []
  await prepareRuns(runs, { fetch: false, onMissing: (error) => missing.push(error) })
  expect(missing).toHaveLength(2)
})

test('vectors that a run would begin with and that are not there are told', async () => {
  const { runs } = expand(recipeOf({ runs: [{ id: 'a' }, { id: 'b', train: { init: 'gone.txt' } }] }))
  const [a, b] = await prepareRuns(runs, { fetch: false })
  expect([a!.fault, b!.fault]).toEqual([null, expect.stringContaining('gone.txt')])
})

test.each([
  ['a file that is not there', { odd: ['q.txt', 'nosuch.txt'] }, 'nosuch.txt'],
  ['a name that there is not', { analogies: ['questions-word'] }, 'did you mean questions-words?'],
  ['answers that are not there', { completion: [{ file: 'q.txt', answers: 'gone.csv' }] }, 'gone.csv'],
])('%s is told before anything is trained', async (_, evaluate, message) => {
  const asked = expand(recipeOf({ evaluate })).evaluate
  await expect(prepareQuestions(asked, { fetch: true })).rejects.toThrow(message)
  const missing: MillraceError[] = []
  await prepareQuestions(asked, { fetch: false, onMissing: (error) => missing.push(error) })
  expect(missing.map(({ message }) => message)).toEqual([expect.stringContaining(message)])
  expect(missing.some(isFetchable)).toBe(false)
})
