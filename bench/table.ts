import { table } from '../src/cli/output.ts'
import { formatBytes } from '../src/core/bytes.ts'
import { formatCount } from '../src/core/text.ts'
import { type Spread, spreadOf } from './measure.ts'
import type { Quality } from './quality.ts'
import { type BenchReport, baseNames, type ContestantReport, type Ratio, type RowReport } from './report.ts'
import { describeRow } from './rows.ts'

/** For a terminal. */
export function formatText(report: BenchReport): string {
  const facts = factsOf(report).map(([name, value]) => `${name.padEnd(9)} ${value}`)
  const tables = tablesOf(report).flatMap((cells) => [table(cells, [0, 1]), ''])
  return [...facts, '', ...tables, ...legend(report)].join('\n')
}

/** For docs/performance.md. */
export function formatMarkdown(report: BenchReport): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const facts = factsOf(report).map(([name, value]) => `- ${name}: ${value}`)
  const tables = tablesOf(report).flatMap(([head, ...body]) => {
    const rule = head!.map((_, i) => (i < 2 ? '---' : '---:'))
    return [line(head!), line(rule), ...body.map(line), '']
  })
  return [...facts, '', ...tables, legend(report).join(' '), ''].join('\n')
}

function factsOf({ date, commit, machine, corpus, settings, tools, rows }: BenchReport): [string, string][] {
  const { window, negative, sample, minCount, threads, epochs, rounds, warmUpRounds } = settings
  const facts: [string, string][] = [
    ['date', `${date.slice(0, 10)}, commit ${commit ?? 'unknown'}`],
    [
      'machine',
      `${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)}; ${machine.os}; Node ${machine.node}`,
    ],
    ['tools', tools.map(({ name, version }) => `${name} ${version}`.trim()).join(', ')],
    [
      'corpus',
      `${corpus.name}, ${formatCount(corpus.bytes)} bytes, ${formatCount(corpus.words)} words in the ` +
        `vocabulary of ${formatCount(corpus.vocabulary)}, in lines of at most 1,000 words`,
    ],
    [
      'settings',
      `window ${window}, ${negative} negatives (none with hierarchical softmax), sample ${sample.toExponential()}, ` +
        `min-count ${minCount}, ${plural(epochs, 'epoch')}, ${plural(threads, 'thread')}`,
    ],
    ...rows.map((row): [string, string] => ['row', `${row.name}: ${describeRow(row)}`]),
    ['rounds', `${rounds}, the tools in turn${warmUpRounds > 0 ? '; the first is dropped as warm-up' : ''}`],
  ]
  if (settings.qualityEpochs !== null) {
    const { qualityEpochs, seeds } = settings
    const seedText = seeds > 1 ? `mean of ${seeds} seeds [lowest–highest]` : 'one seed'
    facts.push(['quality', `vectors of ${plural(qualityEpochs, 'epoch')}, ${seedText}`])
  }
  return facts
}

interface Column {
  title: string
  cell(contestant: ContestantReport): string
}

/** Rows beside peers in one table, Millrace's own in another; either may be missing. */
function tablesOf({ rows }: BenchReport): string[][][] {
  const withPeers = rows.filter(({ beside }) => beside === 'peers')
  const own = rows.filter(({ beside }) => beside !== 'peers')
  const bases = baseNames.filter((name) =>
    withPeers.some(({ contestants }) => contestants.some((one) => one.name === name)),
  )
  const against = (key: keyof Ratio) =>
    bases.map(
      (base): Column => ({
        title: `× ${base}`,
        cell: ({ ratios }) => spread(ratios[base]?.[key], decimal(2)),
      }),
    )
  const vocabulary: Column = {
    title: 'vocabulary s',
    cell: ({ vocabularySeconds }) => spread(vocabularySeconds, decimal(2)),
  }
  const perThread: Column = {
    title: '× a thread',
    cell: ({ ratios }) => spread(Object.values(ratios)[0]?.speedPerThread, decimal(2)),
  }
  return [
    cellsOf(withPeers, 'tool', [
      ...[speed, ...against('speedPerThread'), vocabulary, ...against('vocabulary')],
      ...[memory, ...quality],
    ]),
    cellsOf(own, 'setting', [speed, perThread, memory, ...quality]),
  ].filter((cells) => cells.length > 1)
}

/** A head, and a line for each contestant; the row's name stands in its first line. */
function cellsOf(rows: readonly RowReport[], who: string, columns: readonly Column[]): string[][] {
  const head = ['row', who, ...columns.map(({ title }) => title)]
  const body = rows.flatMap(({ name, contestants }) =>
    contestants.map((one, i) => [i === 0 ? name : '', one.name, ...columns.map(({ cell }) => cell(one))]),
  )
  return [head, ...body]
}

const speed: Column = {
  title: 'thousand words/s',
  cell: ({ wordsPerSecond }) => spread(wordsPerSecond, (value) => formatCount(value / 1000)),
}

const memory: Column = { title: 'peak memory', cell: ({ peakBytes }) => formatBytes(peakBytes.max) }

const quality: Column[] = [
  { title: 'analogies %', cell: (one) => score(one, 'analogies', (value) => (100 * value).toFixed(1)) },
  { title: 'WS-353', cell: (one) => score(one, 'ws353', decimal(3)) },
  { title: 'MEN', cell: (one) => score(one, 'men', decimal(3)) },
]

/** The mean of the seeds, and their extremes if there are several. */
function score({ quality }: ContestantReport, key: keyof Quality, format: (value: number) => string): string {
  const values = quality.map((scores) => scores[key]).filter((value) => value !== null)
  if (values.length === 0) return '–'
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const { min, max } = spreadOf(values)
  return format(mean) + (values.length > 1 ? ` [${format(min)}–${format(max)}]` : '')
}

function legend({ tools, settings, rows }: BenchReport): string[] {
  const notes = [
    'Median [lowest–highest] of the rounds; memory is the highest.',
    'Speed is words in vocabulary before subsampling, times epochs, over the time of training: reading and tokenising included, counting and writing not; the same number of words for all.',
    '× is taken in each round, against what was measured in the same round.',
  ]
  if (rows.some(({ beside }) => beside === 'one thread'))
    notes.push("× a thread: speed for each thread against the row's first line.")
  if (settings.qualityEpochs !== null)
    notes.push(
      'Analogies: questions-words.txt among the 30,000 most frequent words, of those that could be asked; WS-353 and MEN: Spearman. One scorer for all.',
    )
  if (tools.some(({ name }) => name === 'fastText')) notes.push('fastText is without subwords.')
  return notes
}

function spread(values: Spread | undefined, format: (value: number) => string): string {
  if (!values) return '–'
  const { median, min, max } = values
  return min === max ? format(median) : `${format(median)} [${format(min)}–${format(max)}]`
}

function decimal(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits)
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
