import type { Machine } from '../machine.ts'
import { type Spread, spreadOf } from '../measure.ts'
import type { Cell, Outcome } from './job.ts'
import type { Entry } from './rounds.ts'

/** All that one bench found: plain JSON, without paths. */
export interface LoaderReport {
  format: 1
  date: string
  commit: string | null
  machine: Machine
  torch: string | null
  text: { name: string; bytes: number }
  settings: { rounds: number; seconds: number }
  loaders: LoaderRow[]
  bare: BareRow[]
}

export interface LoaderRow extends Cell {
  tool: string
  batchesPerSecond: Spread
  /** How many times torch's median, in the same cell; null without torch. */
  torchRatio: number | null
  /** The same for torch with more batches ahead; null where there is no such row. */
  torchAheadRatio: number | null
  /** Of the file, ends of lines included; null for integers. */
  bytesPerSecond: Spread | null
  peakBytes: Spread
  /** As measured, with the round that does not count. */
  rounds: Outcome[]
}

export interface BareRow {
  tool: string
  bytesPerSecond: Spread
  peakBytes: Spread
  rounds: Outcome[]
}

/** What the rounds come to, without the first. */
export function summarizeLoaders(entries: readonly Entry[]): LoaderRow[] {
  const rows = entries.map((entry): LoaderRow => {
    const counted = entry.outcomes.slice(1)
    return {
      ...entry.cell,
      tool: entry.tool.name,
      batchesPerSecond: spreadOf(counted.map(({ batches, seconds }) => batches / seconds)),
      torchRatio: null,
      torchAheadRatio: null,
      bytesPerSecond: entry.cell.samples === 'lines' ? bytesPerSecond(entry) : null,
      peakBytes: spreadOf(counted.map(({ peakBytes }) => peakBytes)),
      rounds: entry.outcomes,
    }
  })
  for (const row of rows) {
    const inCell = rows.filter((other) => sameCell(row, other))
    const ratio = (torch: LoaderRow | undefined) =>
      torch ? row.batchesPerSecond.median / torch.batchesPerSecond.median : null
    row.torchRatio = ratio(inCell.find(({ tool }) => tool === 'torch'))
    row.torchAheadRatio = ratio(inCell.find(({ tool }) => tool.startsWith('torch, ')))
  }
  return rows
}

export function summarizeBare(entries: readonly Entry[]): BareRow[] {
  return entries.map((entry) => ({
    tool: entry.tool.name,
    bytesPerSecond: bytesPerSecond(entry),
    peakBytes: spreadOf(entry.outcomes.slice(1).map(({ peakBytes }) => peakBytes)),
    rounds: entry.outcomes,
  }))
}

export function sameCell(a: Cell, b: Cell): boolean {
  return a.samples === b.samples && a.batchSize === b.batchSize && a.workers === b.workers
}

function bytesPerSecond({ jobs, outcomes }: Entry): Spread {
  return spreadOf(
    outcomes.slice(1).map(({ seconds }, i) => (jobs[i + 1]!.bytes * jobs[i + 1]!.repeats) / seconds),
  )
}
