import { table } from '../src/cli/output.ts'
import { formatBytes } from '../src/core/bytes.ts'
import { formatCount } from '../src/core/text.ts'
import { type Spread, spreadOf } from './measure.ts'
import type { Quality } from './quality.ts'
import type { BenchReport, ToolReport } from './report.ts'

/** For a terminal. */
export function formatText(report: BenchReport): string {
  const facts = factsOf(report).map(([name, value]) => `${name.padEnd(9)} ${value}`)
  return [...facts, '', table([head, ...report.tools.map(row)]), '', ...legend(report)].join('\n')
}

/** For docs/performance.md. */
export function formatMarkdown(report: BenchReport): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const facts = factsOf(report).map(([name, value]) => `- ${name}: ${value}`)
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'))
  const rows = report.tools.map((tool) => line(row(tool)))
  return [...facts, '', line(head), line(rule), ...rows, '', legend(report).join(' '), ''].join('\n')
}

function factsOf({ date, commit, machine, corpus, settings, tools }: BenchReport): [string, string][] {
  const { dim, window, negative, sample, minCount, threads, epochs, rounds, warmUpRounds } = settings
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
      `skip-gram, ${dim} dimensions, window ${window}, ${negative} negatives, sample ${sample.toExponential()}, ` +
        `min-count ${minCount}, ${plural(epochs, 'epoch')}, ${plural(threads, 'thread')}`,
    ],
    ['rounds', `${rounds}, the tools in turn${warmUpRounds > 0 ? '; the first is dropped as warm-up' : ''}`],
  ]
  if (settings.qualityEpochs !== null) {
    const { qualityEpochs, seeds } = settings
    const seedText = seeds > 1 ? `mean of ${seeds} seeds [lowest–highest]` : 'one seed'
    facts.push(['quality', `vectors of ${plural(qualityEpochs, 'epoch')}, ${seedText}`])
  }
  return facts
}

const head = [
  'tool',
  'thousand words/s',
  '× gensim',
  'vocabulary s',
  '× gensim',
  'peak memory',
  'analogies %',
  'WS-353',
  'MEN',
]

function row(tool: ToolReport): string[] {
  const quality = (key: keyof Quality, scale: number, digits: number) => {
    const values = tool.quality.map((scores) => scores[key]).filter((value) => value !== null)
    if (values.length === 0) return '–'
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const number = (value: number) => (scale * value).toFixed(digits)
    const { min, max } = spreadOf(values)
    return number(mean) + (values.length > 1 ? ` [${number(min)}–${number(max)}]` : '')
  }
  return [
    tool.name,
    spread(tool.wordsPerSecond, (value) => formatCount(value / 1000)),
    ratio(tool.speedRatio),
    spread(tool.vocabularySeconds, (value) => value.toFixed(2)),
    ratio(tool.vocabularyRatio),
    formatBytes(tool.peakBytes.max),
    quality('analogies', 100, 1),
    quality('ws353', 1, 3),
    quality('men', 1, 3),
  ]
}

function legend({ tools, settings }: BenchReport): string[] {
  const notes = [
    'Median [lowest–highest] of the rounds; memory is the highest.',
    'Speed is words in vocabulary before subsampling, times epochs, over the time of training: reading and tokenising included, counting and writing not; the same number of words for all.',
    '× gensim is the ratio of the medians.',
  ]
  if (settings.qualityEpochs !== null)
    notes.push(
      'Analogies: questions-words.txt among the 30,000 most frequent words, of those that could be asked; WS-353 and MEN: Spearman. One scorer for all.',
    )
  if (tools.some(({ name }) => name === 'fastText'))
    notes.push('fastText without subwords, at its own learning rate of 0.05, the others at 0.025.')
  return notes
}

function spread({ median, min, max }: Spread, format: (value: number) => string): string {
  return `${format(median)} [${format(min)}–${format(max)}]`
}

function ratio(value: number | null): string {
  return value === null ? '–' : value.toFixed(2)
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
