import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { note } from '../src/cli/output.ts'
import { formatBytes } from '../src/core/bytes.ts'
import { MillraceError } from '../src/core/errors.ts'
import type { Job, Outcome, Tool } from './tool.ts'

/** Median and extremes of some measurements. */
export interface Spread {
  median: number
  min: number
  max: number
}

export type JobSettings = Omit<Job, 'out'>

/** A tool with what it is to do. */
export interface Contestant {
  /** As the table shows it, and the name of its folder. */
  name: string
  tool: Tool
  job: JobSettings
  /** A peer that fails is left out; Millrace's failure is the bench's. */
  mayFail: boolean
}

/** A contestant and what it did in each round. */
export interface Measured extends Contestant {
  outcomes: Outcome[]
}

/**
 * Lets the contestants train in turn, round after round, each into an empty folder of its own, where the last
 * round's vectors stay. One that fails, and may, is left out from then on, with a line that says why.
 *
 * label  what is told before each line
 */
export async function runRounds(
  contestants: readonly Contestant[],
  rounds: number,
  work: string,
  label: string,
): Promise<Measured[]> {
  let measured: Measured[] = contestants.map((contestant) => ({ ...contestant, outcomes: [] }))
  for (let round = 1; round <= rounds; round++) {
    for (const one of measured) {
      const outcome = await trainOnce(one, work, `${label}, round ${round} of ${rounds}`)
      if (outcome) one.outcomes.push(outcome)
    }
    measured = measured.filter(({ outcomes }) => outcomes.length === round)
  }
  return measured
}

/** One training, told in a line; undefined if it failed and may. */
export async function trainOnce(
  { name, tool, job, mayFail }: Contestant,
  work: string,
  label: string,
): Promise<Outcome | undefined> {
  const out = join(work, name)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  try {
    const outcome = await tool.train({ ...job, out })
    const { trainSeconds, vocabularySeconds, peakBytes } = outcome
    note(
      `${label}: ${name.padEnd(10)}  training ${trainSeconds.toFixed(2)} s, ` +
        `vocabulary ${vocabularySeconds.toFixed(2)} s, peak ${formatBytes(peakBytes)}`,
    )
    return outcome
  } catch (error) {
    if (!(mayFail && error instanceof MillraceError)) throw error
    note(`${label}: ${name} failed and is left out: ${error.message.replaceAll(/\s*\n\s*/g, '; ')}`)
    return undefined
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
