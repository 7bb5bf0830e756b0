import { note } from '../../src/cli/output.ts'
import { formatBytes } from '../../src/core/bytes.ts'
import { assert, ResourceError } from '../../src/core/errors.ts'
import { formatCount } from '../../src/core/text.ts'
import { type Amount, type Cell, expectedOf, type Job, type Outcome, sumText } from './job.ts'
import { type Text, wholeLines } from './text.ts'
import type { Tool } from './tools.ts'

/** A tool in one cell, and what it did in each round. */
export interface Entry {
  cell: Cell
  tool: Tool
  /** Whether the samples' sum is part of what it finds out. */
  sums: boolean
  jobs: Job[]
  outcomes: Outcome[]
}

export interface RoundSettings {
  rounds: number
  /** How long a timed pass is to last. */
  seconds: number
  text: Text
}

/** Of integers and of text for each second wanted, in the round in which the sums are compared. */
const firstAmount: Amount = { integers: 150_000, bytes: 2 ** 22, repeats: 1 }
/** More integers would have a sum that a float64 cannot hold. */
const mostIntegers = 100_000_000

/**
 * Lets the tools read in turn, cell by cell, round after round. In round 0 all read the same, their sums are compared,
 * and nothing counts; from then on each reads as much as takes it `seconds`, by its speed in the round before.
 *
 * throws  ResourceError if a tool fails, or its samples are not those of the others
 */
export async function runRounds(
  entries: readonly Entry[],
  { rounds, seconds, text }: RoundSettings,
): Promise<void> {
  const sums = new Map<number, { samples: number; sum: number }>()
  for (let round = 0; round <= rounds; round++) {
    for (const entry of entries) {
      const last = entry.jobs.at(-1)
      // A pass of a few milliseconds says little of the speed.
      const scale = last ? Math.min(100, seconds / entry.outcomes.at(-1)!.seconds) : seconds
      const amount = amountOf(last ?? firstAmount, scale, text)
      const job: Job = { ...entry.cell, ...amount, path: text.path }
      const outcome = await entry.tool.measure(job)
      let textSum = sums.get(job.bytes)
      if (!textSum) sums.set(job.bytes, (textSum = sumText(text.path, job.bytes)))
      if (entry.sums) checkSum(entry, outcome, expectedOf(job, textSum))
      entry.jobs.push(job)
      entry.outcomes.push(outcome)
      tell(round, rounds, entry)
    }
  }
}

/** So many times as much, as far as possible: all of a text several times, or one time its begin. */
function amountOf({ integers, bytes, repeats }: Amount, scale: number, text: Text): Amount {
  const wanted = bytes * repeats * scale
  const begin = Math.min(text.bytes, Math.max(wanted, 4096))
  return {
    integers: Math.min(mostIntegers, Math.max(1, Math.round(integers * scale))),
    bytes: wanted >= text.bytes ? text.bytes : wholeLines(text.path, Math.floor(begin)) || text.bytes,
    repeats: Math.max(1, Math.round(wanted / text.bytes)),
  }
}

function checkSum({ cell, tool }: Entry, found: Outcome, expected: { samples: number; sum: number }): void {
  if (found.samples === expected.samples && found.sum === expected.sum) return
  throw new ResourceError('LOADER_SUM', {
    what: `${tool.name} gave ${found.samples} ${cell.samples} with the sum ${found.sum}`,
    why: `there are ${expected.samples}, with the sum ${expected.sum}`,
  })
}

function tell(round: number, rounds: number, { cell, tool, jobs, outcomes, sums }: Entry): void {
  const { batches, seconds, peakBytes } = outcomes.at(-1)!
  const { bytes, repeats } = jobs.at(-1)!
  assert(seconds > 0, 'a pass takes time')
  const where = sums ? `${cell.samples}, batch ${cell.batchSize}, ${cell.workers} workers` : 'no loader'
  const speed = sums
    ? `${formatCount(batches / seconds)} batches/s`
    : `${formatBytes((bytes * repeats) / seconds)}/s`
  note(
    `round ${round} of ${rounds}: ${where}: ${tool.name.padEnd(18)} ${speed}, ` +
      `${seconds.toFixed(2)} s, peak ${formatBytes(peakBytes)}`,
  )
}
