import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expand } from './expand.ts'
import { parseRecipe } from './recipe.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const parsed = (more: object) =>
  parseRecipe({ name: 'r', corpus: 'a.txt', ...more }, join(folder, 'recipe.yaml'))

test('a name of the catalogue means that, and ./name the file beside the recipe', () => {
  for (const name of ['text8', 'ws353', 'mine']) writeFileSync(join(folder, name), 'x')
  expect(parsed({ corpus: 'text8' }).corpus).toBe('text8')
  expect(parsed({ corpus: ['./text8', 'mine', 'b.txt'] }).corpus).toEqual(
    ['text8', 'mine', 'b.txt'].map((name) => join(folder, name)),
  )
  expect(parsed({ evaluate: { pairs: ['ws353', './ws353'] } }).evaluate?.pairs).toEqual([
    'ws353',
    join(folder, 'ws353'),
  ])
})

test('vectors to begin with are relative to the recipe, wherever they are named', () => {
  const recipe = parsed({
    grid: { init: ['../base', 'other'] },
    scales: { tiny: { as: { init: { other: '../more' } } }, paper: {} },
  })
  const inits = (scale: string) => expand(recipe, scale).runs.map(({ id, config }) => [id, config.init])
  expect(inits('paper')).toEqual([
    ['init=base', join(folder, '../base')],
    ['init=other', join(folder, 'other')],
  ])
  expect(inits('tiny')[1]).toEqual(['init=other', join(folder, '../more')])
  const rows = parsed({ runs: [{ id: 'a', train: { init: 'base' } }] })
  expect(expand(rows).runs[0]!.config.init).toBe(join(folder, 'base'))
})

const words = { kind: 'words', id: 'w', title: 'W' }

test.each([
  [{ evaluate: { analogy: ['q.txt'] }, tables: [{ kind: 'grid' }] }, 'evaluate.analogy', 'analogies'],
  [{ tables: [{ ...words, asks: [{ ask: { neer: 'war' } }] }] }, 'tables.0.asks.0.ask.neer', 'near'],
  [{ tables: [{ ...words, asks: [{ ask: { analogie: ['a', 'b', 'c'] } }] }] }, 'ask.analogie', 'analogy'],
  [{ evaluate: { pairs: [{ file: 'a', nam: 'b' }] } }, 'evaluate.pairs.0.nam', 'name'],
  [{ evaluate: { pairs: [{ flie: 'a' }] } }, 'evaluate.pairs.0.flie', 'file'],
  [{ corpus: { txt: 'a' } }, 'corpus.txt', 'text'],
  [{ corpus: { oneOff: ['a'] } }, 'corpus.oneOff', 'oneOf'],
  [{ corpus: { text: 'a', phrases: [{ treshold: 1 }] } }, 'corpus.phrases.0.treshold', 'threshold'],
  [{ scales: { tiny: { evaluate: { pair: [] } } } }, 'scales.tiny.evaluate.pair', 'pairs'],
  [{ runs: [{ id: 'a', tain: {} }] }, 'runs.0.tain', 'train'],
  [{ figures: [{ kind: 'lines', id: 'f', title: 'F', x: 'dim', why: 'loss' }] }, 'figures.0.why', 'y'],
])('%j: the unknown key is told, and the nearest', (more, key, nearest) => {
  const told = () => parsed(more)
  expect(told).toThrow(key)
  expect(told).toThrow(`did you mean ${nearest}?`)
})
