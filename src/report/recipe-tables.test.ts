import { expect, test } from 'vitest'
import { gridRecipe, madeUpExperiment, madeUpRuns, rowsRecipe } from '../../test/report/made-up-experiment.ts'
import type { Cell, TableContent } from './document.ts'
import { type Experiment, findExperiment } from './experiment-runs.ts'
import { publishedFormat } from './measured.ts'
import { type GridTable, gridTable } from './table-grid.ts'
import { type RowsTable, rowsTable } from './table-rows.ts'
import { type WordsTable, wordsTable } from './table-words.ts'
import { trendsOf } from './trends.ts'

/** Cells as one reads them. */
function read(cells: readonly Cell[]): string[] {
  return cells.map(
    ({ text, quiet, marks }) => `${text}${quiet ? ` [${quiet}]` : ''}${marks ? `^${marks}` : ''}`,
  )
}

function readRows({ rows }: TableContent): string[][] {
  return rows.map(({ cells }) => read(cells))
}

/** Seeds 1, 2, 3 give a share, one hundredth more, and two. */
function made(given: object, share: (id: string) => number | 'not begun' | { unscored: true }): Experiment {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(given, {
    runs,
    scale: 'tiny',
    fate: (id) => {
      const end = share(id)
      return typeof end === 'number' ? end + 0.01 * Number(/seed=(\d)/.exec(id)?.[1] ?? 1) : end
    },
  })
  return findExperiment(recipe, { runs })
}

test('a grid shows mean and spread over seeds, the paper’s below, and why something is missing', () => {
  const experiment = made(
    {
      ...gridRecipe,
      grid: { dim: [50, 600], words: ['24M', '49M', '783M'] },
      figures: [],
      scales: {
        tiny: {
          as: { words: { '24M': '1M', '49M': '2M', '783M': null }, dim: { 600: 60 } },
          seeds: [1, 2, 3],
        },
      },
    },
    (id) =>
      id === 'dim=50,words=49M,seed=2'
        ? 'not begun'
        : id.startsWith('dim=600,words=49M')
          ? { unscored: true }
          : 0.2,
  )
  const table = gridTable(experiment, experiment.tables[0] as GridTable)
  expect(table.head.map(read)).toEqual([
    ['', 'words of text'],
    ['dim', '1M [paper: 24M]', '2M [paper: 49M]', '783M'],
  ])
  expect(readRows(table)).toEqual([
    ['50', '22.0 ± 1.0', '22.0 ± 1.4 (n = 2 of 3)^a', '–^b'],
    ['paper', '13.4', '15.7', '23.2'],
    ['60 (paper: 600)', '22.0 ± 1.0', '–^c', '–^b'],
    ['paper', '24.0', '30.1', '50.4'],
  ])
  expect(table.notes).toEqual([
    { mark: 'a', text: 'other seeds: not run yet' },
    { mark: 'b', text: 'words 783M is not run at this scale' },
    { mark: 'c', text: 'not scored' },
  ])
  expect(table.caption).toEqual([
    'Repeats Mikolov et al. 2013a, table 2.',
    'Scale: tiny.',
    'Corpus: first 1M words of text8 (1,000,000 words); first 2M words of text8 (2,000,000 words).',
    'Settings of all runs: `model` cbow, `loss` hs, `epochs` 2, `threads` 2.',
    'Version 1, run from 2026-05-02 to 2026-05-03 with Millrace 0.1.0.',
    'Asked: `questions-words.txt`, 800 of 1,000 questions with known words.',
    'Mean ± standard deviation over 2 to 3 seeds.',
    'Questions with unknown words are left out.',
  ])
})

test('one seed has no spread', () => {
  const experiment = made({ ...rowsRecipe, figures: [] }, () => 0.2)
  const table = rowsTable(experiment, experiment.tables[0] as RowsTable)
  expect(table.caption).toContain('One seed, so that no spread is known.')
  expect(readRows(table).flat().join()).not.toContain('±')
})

test('rows have ours and the paper’s side by side, and other systems apart, marked as the paper’s', () => {
  const experiment = made(rowsRecipe, (id) => (id === 'sg' ? 0.4 : 0.3))
  const table = rowsTable(experiment, experiment.tables[0] as RowsTable)
  expect(table.head.map(read)).toEqual([
    ['', '', '', 'semantic [%]', 'total [%]', 'time (s)'],
    ['', 'dim', 'words', 'ours', 'paper', 'ours', 'paper', 'ours'],
  ])
  expect(table.rows.map(({ kind }) => kind)).toEqual(['ours', 'ours', 'ours', 'paper', 'paper'])
  expect(readRows(table)).toEqual([
    ['CBOW <1 epoch>', '300', '16M (paper: 783M)', '31.0', '15.5', '31.0', '36.1', '9.0'],
    ['Skip-gram & Co_1', '300', '16M (paper: 783M)', '41.0', '50.0', '41.0', '53.3', '9.0'],
    ['big', '600', '1.6B', '–^a', '', '–^a', '', '–^a'],
    ['RNNLM [paper]', '80', '320M', '', '4.9', '', '12.7', ''],
    ['NNLM 100 % [paper]', '100', '6B', '', '34.2', '', '', ''],
  ])
})

test('the paper’s numbers are printed as it printed them', () => {
  const printed = (...values: (number | string)[]) => values.map(publishedFormat(values))
  expect(printed(39, 49, 54.8, 55.4, 58.9)).toEqual(['39', '49', '54.8', '55.4', '58.9'])
  // Of 24.0 a recipe's reader leaves 24.
  expect(printed(24, 30.1, 36.5, 40.8)).toEqual(['24.0', '30.1', '36.5', '40.8'])
  expect(printed(9, 23, '38 min', -1)).toEqual(['9', '23', '38 min', '−1'])
})

test('words are found whatever their case, with blanks as _, and unknown ones are told', () => {
  const experiment = made(rowsRecipe, () => 0.3)
  const table = wordsTable(experiment, experiment.tables[1] as WordsTable)
  expect(read(table.head[0]!)).toEqual([
    '',
    'CBOW <1 epoch>',
    'paper [CBOW <1 epoch>]',
    'Skip-gram & Co_1',
    'paper [Skip-gram & Co_1]',
    'big',
    'Collobert [paper]',
  ])
  const [analogy, near, sum] = readRows(table) as [string[], string[], string[]]
  expect(analogy.slice(0, 2)).toEqual(['Paris − France + Italy', 'rome, tokyo, madrid'])
  expect([near[0], near[2], near[4]]).toEqual(['near New Zealand', 'Auckland', 'Wellington'])
  expect(near[1]!.split(', ')).toHaveLength(3)
  expect(sum).toEqual(['Korea + capital', '–^b', '', '–^b', '', '–^a', '–'])
  expect(table.notes.at(-1)).toEqual({ mark: 'b', text: 'not in the vocabulary: capital' })
  expect(table.caption).toContain(
    'Skip-gram & Co_1: an answer of ours is one of the paper’s in 2 of 2 questions.',
  )
})

test('what a table shows is said in sentences, the paper’s beside', () => {
  // Up with words at both dimensions, but for one step; down with dimensions.
  const shares: Record<string, number> = {
    '50,24M': 0.2,
    '50,49M': 0.3,
    '50,98M': 0.4,
    '600,24M': 0.1,
    '600,49M': 0.05,
    '600,98M': 0.2,
  }
  const experiment = made(
    {
      ...gridRecipe,
      grid: { dim: [50, 600], words: ['24M', '49M', '98M'] },
      figures: [],
      scales: { tiny: {} },
    },
    (id) => {
      const [, dim, words] = /dim=(\d+),words=(\w+)/.exec(id)!
      return shares[`${dim},${words}`]!
    },
  )
  expect(trendsOf(experiment)).toEqual([
    'From 24M to 98M words of text the score rises in 2 of 2 rows, at every step in 1; the paper’s, in the same cells, in 2 of 2, at every step in 2.',
    'From 50 to 600 dimensions the score rises in 0 of 3 columns, at every step in 0; the paper’s, in the same cells, in 3 of 3, at every step in 3.',
    'Ours and the paper’s order of 6 cells: Spearman’s ρ −0.46 (1 if it is the same).',
  ])
  const rows = made(rowsRecipe, (id) => (id === 'sg' ? 0.3 : 0.4))
  expect(trendsOf(rows)[0]).toBe(
    'Best semantic: CBOW <1 epoch> (41.0 %), before Skip-gram & Co_1 (31.0 %); in the paper, of these, Skip-gram & Co_1 (50).',
  )
})

test('of rows of one name that differ in a setting, its effect is told beside the paper’s', () => {
  const row = (id: string, label: string, sample: number, total: number, seconds: number | string) => ({
    id,
    label,
    train: { sample },
    published: { 'questions-words': total, seconds },
  })
  const { scales: _, ...given } = rowsRecipe
  const experiment = made(
    {
      ...given,
      figures: [],
      train: { dim: 300 },
      runs: [
        row('neg', 'NEG-5', 0, 59, '38 min'),
        row('hs', 'HS', 0, 47, '0.5 hours'),
        row('neg-sub', 'NEG-5', 1e-5, 59, '14 min'),
        row('hs-sub', 'HS', 1e-5, 55, '2 days × 140 cores'),
        row('nce', 'NCE', 0, 53, '38 min'),
      ],
      scales: { tiny: { as: { sample: { 0.00001: 0.0001 } } } },
      tables: [
        {
          kind: 'rows',
          id: 'models',
          title: 'Models compared',
          show: [{ key: 'sample', head: 'Subsampling' }],
          scores: [
            { score: 'questions-words', head: 'Total' },
            { score: 'seconds', head: 'Time', unit: 'seconds' },
          ],
        },
      ],
    },
    (id) => ({ neg: 0.5, hs: 0.4, 'neg-sub': 0.55, 'hs-sub': 0.3, nce: 0.2 })[id]!,
  )
  const told = trendsOf(experiment).filter((sentence) => sentence.includes('instead of'))
  expect(told).toEqual([
    'Subsampling 1e-4 instead of 0 (NEG-5, HS): Total +5.0, −10.0 points; in the paper, 1e-5 instead of 0, 0.0, +8.0 points.',
    expect.stringMatching(/^Subsampling 1e-4 instead of 0 \(NEG-5, HS\): Time × \d+\.\d\d, × \d+\.\d\d\.$/),
  ])
})
