import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { schemaPath, schemaText } from '../../scripts/recipe-schema.ts'
import { catalogue } from '../../src/data/index.ts'
import { expand, parseRecipe, readRecipe } from '../../src/experiment/index.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'experiments')
const recipes = globSync('{,paper*/}*.yaml', { cwd: folder }).sort()

test('there is a recipe for each table and figure of the papers', () => {
  expect(recipes).toEqual([
    ...[2, 3, 4, 5, 6, 7, 8].map((table) => `paper1/table${table}.yaml`),
    'paper2/figure2.yaml',
    ...['1', '2-3', '4', '5', '6'].map((table) => `paper2/table${table}.yaml`),
    'paper2/text-subsampling.yaml',
    'quick.yaml',
  ])
})

describe.each(recipes)('%s', (path) => {
  const recipe = readRecipe(join(folder, path))
  const scales = Object.keys(recipe.scales ?? {})

  test('it has its name, and an editor finds its schema', () => {
    expect(recipe.name).toBe(path.replace('.yaml', '').replace('/', '-'))
    const [first] = readFileSync(join(folder, path), 'utf8').split('\n')
    const schema = path.includes('/') ? '../recipe.schema.json' : 'recipe.schema.json'
    expect(first).toBe(`# yaml-language-server: $schema=${schema}`)
  })

  test('it expands at each scale, and its questions are there', () => {
    if (path !== 'quick.yaml') expect(scales).toEqual(['paper', 'wiki100', 'tiny'])
    for (const scale of scales.length > 0 ? scales : [undefined]) {
      const { runs, evaluate } = expand(recipe, scale)
      expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length)
      expect(runs.some(({ skipped }) => skipped === null)).toBe(true)
      const { restrict: _, ...kinds } = evaluate ?? { restrict: 1 }
      for (const measure of Object.values(kinds).flat()) {
        const file = typeof measure === 'string' ? measure : measure.file
        expect(existsSync(file) || names.has(file), file).toBe(true)
      }
    }
  })
})

const names = new Set(catalogue.map(({ name }) => name))

test('recipe.schema.json is what the script makes', () => {
  expect(readFileSync(schemaPath, 'utf8')).toBe(schemaText())
})

test("the guide's recipe is one", () => {
  const guide = readFileSync(join(root, 'docs/experiments.md'), 'utf8')
  const example = parse(/```yaml\n([\s\S]*?)```/.exec(guide)![1]!)
  const recipe = parseRecipe(example, join(folder, 'example.yaml'))
  expect(expand(recipe, 'paper').runs.map(({ id }) => id)).toEqual([
    'skipgram,dim=100',
    'skipgram,dim=300',
    'cbow,dim=100',
    'cbow,dim=300',
  ])
  expect(expand(recipe, 'tiny').runs[1]!.config).toMatchObject({ dim: 20, model: 'skipgram', seed: 2 })
})
