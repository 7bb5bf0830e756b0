import { expect, test } from 'vitest'
import type { RecipeTable } from '../experiment/index.ts'
import type { ExperimentRun } from './experiment-runs.ts'
import { scoreTitle, shortNumbers, shortValues } from './figure-parts.ts'
import { drawVega } from './vega.ts'

const runs = (...losses: (string | undefined)[]) =>
  losses.map((loss) => ({ history: { run: { config: { loss } } } }) as unknown as ExperimentRun)

test('a loss has the unit of the runs, and none that is wrong of one of them', () => {
  const title = (...losses: (string | undefined)[]) =>
    scoreTitle('loss', 'number', { tables: [], runs: runs(...losses) })
  expect(title('ns', 'nce', undefined)).toBe('loss (nats per pair of words)')
  expect(title('hs', 'hs')).toBe('loss (nats per step of the tree)')
  expect(title('hs', 'ns')).toBe('loss (nats)')
})

test('an axis has the name that the recipe’s tables give a score', () => {
  const tables = [
    { kind: 'grid', title: 'Accuracy, %, of CBOW', score: 'analogies' },
    {
      kind: 'rows',
      title: 'All, 1,000 of them',
      scores: [{ score: 'analogies.semantic.ofAll', head: 'Semantic' }],
    },
    { kind: 'rows', title: 'Phrases', scores: [{ score: 'phrases', head: 'Known, %' }] },
  ] as unknown as RecipeTable[]
  const title = (score: string) => scoreTitle(score, 'percent', { tables, runs: [] })
  expect(title('analogies.semantic.ofAll')).toBe('Semantic (%)')
  expect(title('analogies')).toBe('Accuracy (%)')
  expect(title('analogies.total')).toBe('Accuracy (%)')
  expect(title('analogies.syntactic.ofAll')).toBe('Accuracy, syntactic, of all questions (%)')
  expect(title('phrases')).toBe('Known, %')
  expect(title('men.spearman')).toBe('men, spearman (%)')
})

test('ticks have a prefix from a thousand on, and none below one', async () => {
  const ticks = async (labelExpr: string, values: number[], type: string) => {
    const svg = await drawVega({
      data: { values: values.map((x) => ({ x })) },
      mark: 'point',
      width: 300,
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          scale: { type, zero: false },
          axis: { labelExpr, ...(type === 'log' && { values }) },
        },
      },
    })
    return [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text)
  }
  expect(await ticks(shortNumbers, [0.66, 0.675], 'linear')).toEqual(
    expect.arrayContaining(['0.660', '0.670']),
  )
  expect(await ticks(shortNumbers, [0, 2000], 'linear')).toEqual(
    expect.arrayContaining(['0', '800', '1K', '1.2K']),
  )
  expect(await ticks(shortValues, [0.5, 300, 16e6, 1.6e9], 'log')).toEqual(
    expect.arrayContaining(['0.5', '300', '16M', '1.6B']),
  )
})
