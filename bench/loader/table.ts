import { table } from '../../src/cli/output.ts'
import { formatBytes } from '../../src/core/bytes.ts'
import { formatCount } from '../../src/core/text.ts'
import type { Spread } from '../measure.ts'
import type { BareRow, LoaderReport, LoaderRow } from './report.ts'
import { sameCell } from './report.ts'

/** For a terminal. */
export function formatText(report: LoaderReport): string {
  const facts = factsOf(report).map(([name, value]) => `${name.padEnd(8)} ${value}`)
  const loaders = table([head, ...report.loaders.map(row)], [0, 3])
  const bare = report.bare.length > 0 ? ['', table([bareHead, ...bareRows(report)])] : []
  return [...facts, '', loaders, ...bare, '', ...legend].join('\n')
}

function factsOf({ date, commit, machine, torch, text, settings }: LoaderReport): [string, string][] {
  return [
    ['date', `${date.slice(0, 10)}, commit ${commit ?? 'unknown'}`],
    [
      'machine',
      `${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)}; ${machine.os}; Node ${machine.node}`,
    ],
    ['torch', torch ?? 'not there'],
    ['text', `${text.name}, ${formatCount(text.bytes)} bytes`],
    [
      'rounds',
      `${settings.rounds} of some ${settings.seconds} s each, the tools in turn, after one that is dropped`,
    ],
  ]
}

const head = [
  'samples',
  'batch',
  'workers',
  'loader',
  'batches/s',
  '× torch',
  '× torch, prefetch 64',
  'MB/s',
  'peak memory',
]

/** A cell's setting stands in its first row only. */
function row(row: LoaderRow, index: number, rows: LoaderRow[]): string[] {
  const isFirst = index === 0 || !sameCell(row, rows[index - 1]!)
  const cell = isFirst ? [row.samples, `${row.batchSize}`, `${row.workers}`] : ['', '', '']
  return [
    ...cell,
    row.tool,
    spread(row.batchesPerSecond, formatCount),
    ratio(row.torchRatio),
    ratio(row.torchAheadRatio),
    row.bytesPerSecond ? megabytes(row.bytesPerSecond.median) : '–',
    formatBytes(row.peakBytes.max),
  ]
}

const bareHead = ['text', 'MB/s', 'share of reading only', 'peak memory']

/** The file without a loader, and the fastest way through each. */
function bareRows({ bare, loaders }: LoaderReport): string[][] {
  const reading = bare[0]!.bytesPerSecond.median
  const cells = loaders
    .filter((row) => row.bytesPerSecond !== null)
    .map((row): BareRow => {
      const { tool, batchSize, workers, bytesPerSecond, peakBytes, rounds } = row
      const name = `${tool}, batch ${batchSize}, ${workers} workers`
      return { tool: name, bytesPerSecond: bytesPerSecond!, peakBytes, rounds }
    })
  return [...bare, ...cells].map(({ tool, bytesPerSecond, peakBytes }) => [
    tool,
    spread(bytesPerSecond, megabytes),
    `${((100 * bytesPerSecond.median) / reading).toFixed(1)} %`,
    formatBytes(peakBytes.max),
  ])
}

const legend = [
  'Median [lowest–highest] of the rounds; memory is the highest. × is the ratio of the medians.',
  'Samples come singly out of a generator of the user, who shares them among the workers; the consumer adds up every',
  'integer, or every byte of the lines. All give the same sums. A process makes two passes with workers that stay, and',
  'the second is timed: the start of the workers is in none of the figures. MB/s are of the file, ends of lines included.',
]

function spread({ median, min, max }: Spread, format: (value: number) => string): string {
  return `${format(median)} [${format(min)}–${format(max)}]`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}

function ratio(value: number | null): string {
  return value === null ? '–' : value.toFixed(2)
}
