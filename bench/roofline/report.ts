import { table } from '../../src/cli/output.ts'
import { formatBytes } from '../../src/core/bytes.ts'
import { formatCount } from '../../src/core/text.ts'
import type { Machine } from '../machine.ts'
import { type Spread, spreadOf } from '../measure.ts'
import type { ThreadTime } from './profile.ts'
import { flopPerRow } from './train-rate.ts'

/** Plain JSON. */
export interface RooflineReport {
  format: 2
  date: string
  commit: string | null
  machine: Machine
  corpus: { name: string; bytes: number; vocabulary: number }
  /** Whether multiply-adds are fused ones (relaxed SIMD). */
  fused: boolean
  dims: DimReport[]
}

export interface DimReport {
  dim: number
  rounds: Round[]
  /** Of one more training, sampled. */
  profile: { flop: number; time: ThreadTime | null }
}

/** Measured one after the other, on one core. */
export interface Round {
  /** Floating-point operations a second of a loop of multiply-adds of 128 bits. */
  peak: number
  /** The same of 256 bits; null where the engine has none. */
  widePeak: number | null
  /** Rows read, changed and written a second. */
  rows: number
  /** Floating-point operations a second of training, reading and tokenising included. */
  training: number
}

const giga = 1e9

export function formatText(report: RooflineReport): string {
  const { date, commit, machine, corpus, fused, dims } = report
  const rounds = dims.flatMap(({ rounds }) => rounds)
  const peaks = spreadOf(rounds.map(({ peak }) => peak / giga))
  const wide = rounds.flatMap(({ widePeak }) => (widePeak === null ? [] : [widePeak / giga]))
  return [
    `date      ${date.slice(0, 10)}, commit ${commit ?? 'unknown'}`,
    `machine   ${machine.cpu}, ${formatBytes(machine.memoryBytes)}; ${machine.os}; Node ${machine.node}`,
    `corpus    ${corpus.name}, ${formatCount(corpus.bytes)} bytes, vocabulary ${formatCount(corpus.vocabulary)}`,
    `peak      ${spread(peaks)} GFLOP/s of one core in WASM, ${fused ? 'fused multiply-adds' : 'multiplications and additions'} of 128 bits`,
    `          ${wide.length > 0 ? `${spread(spreadOf(wide))} GFLOP/s of 256 bits` : 'none of 256 bits here'}`,
    '',
    table([head, ...dims.map(row)]),
    '',
    ...dims.map(timeLine),
    '',
    ...legend,
  ].join('\n')
}

const head = [
  'dim',
  'training GFLOP/s',
  'of the peak',
  'of 256 bits',
  'kernel alone',
  'of the peak',
  'of 256 bits',
  'million rows/s',
  'rows bound to',
  'of both bounds',
]

function row({ dim, rounds, profile }: DimReport): string[] {
  const kernel = kernelRate(profile)
  const of = (value: (round: Round) => number) => spreadOf(rounds.map(value))
  const { median: peak } = of((round) => round.peak)
  const widePeak = rounds.some((round) => round.widePeak === null)
    ? null
    : of((round) => round.widePeak!).median
  return [
    `${dim}`,
    spread(of(({ training }) => training / giga)),
    percents(of(({ training, peak }) => training / peak)),
    widePeak === null ? '–' : percents(of(({ training, widePeak }) => training / widePeak!)),
    kernel === null ? '–' : (kernel / giga).toFixed(1),
    kernel === null ? '–' : percent(kernel / peak),
    kernel === null || widePeak === null ? '–' : percent(kernel / widePeak),
    spread(of(({ rows }) => rows / 1e6)),
    (of(({ rows }) => rows * flopPerRow(dim)).median / giga).toFixed(1),
    percents(of((round) => round.training / bothBounds(round, dim))),
  ]
}

/** What is left if rows are fetched and numbers multiplied one after the other, both as fast as they can be. */
function bothBounds({ peak, widePeak, rows }: Round, dim: number): number {
  return 1 / (1 / (widePeak ?? peak) + 1 / (rows * flopPerRow(dim)))
}

/** Operations a second of the time in the kernel's busiest function; null without a profile. */
function kernelRate({ flop, time }: DimReport['profile']): number | null {
  const seconds = Math.max(0, ...Object.values(time?.kernels ?? {}))
  return seconds > 0 ? flop / seconds : null
}

function timeLine({ dim, profile: { time } }: DimReport): string {
  if (!time) return `dim ${dim}: the engine wrote no profile`
  const kernels = Object.entries(time.kernels)
  const total = kernels.reduce((sum, [, seconds]) => sum + seconds, time.other)
  const parts = kernels
    .map(([name, seconds]): [string, number] => [name, seconds / total])
    .filter(([, share]) => share >= 0.005)
    .sort((a, b) => b[1] - a[1])
    .map(([name, share]) => `${name} ${percent(share)}`)
  return `dim ${dim}: of the thread's time (sampled), in WASM: ${parts.join(', ')}; elsewhere ${percent(time.other / total)}`
}

const legend = [
  'One thread, skip-gram, negative sampling: 6·D operations a pair of words, 2·D for its dot product, 4·D to move both',
  'vectors. Training: over all of its time, reading and tokenising included; kernel alone: over the sampled time in the',
  'function that takes most. Rows are drawn as negative samples are, read, changed and written by a loop that does no',
  "more; bound to: the rate at which a window's rows could come at that speed. Both bounds: as if the core multiplied at",
  'the highest peak and waited for rows in turn. Median [lowest–highest] of the rounds; shares are taken in each round.',
]

function spread({ median, min, max }: Spread): string {
  return min === max ? median.toFixed(1) : `${median.toFixed(1)} [${min.toFixed(1)}–${max.toFixed(1)}]`
}

function percents({ median, min, max }: Spread): string {
  return min === max ? percent(median) : `${percent(median)} [${percent(min)}–${percent(max)}]`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
