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

/** A tool and what it did in each round. */
export interface Measured {
  tool: Tool
  outcomes: Outcome[]
}

export type JobSettings = Omit<Job, 'out'>

/**
 * Lets the tools train in turn, round after round, each into an empty folder of its own, where the last
 * round's vectors stay. A peer that fails is left out from then on, with a line that says why; the last tool
 * is Millrace, and its failure is the bench's.
 */
export async function runRounds(
  tools: readonly Tool[],
  job: JobSettings,
  rounds: number,
  work: string,
): Promise<Measured[]> {
  const measured: Measured[] = tools.map((tool) => ({ tool, outcomes: [] }))
  const failed = new Set<Tool>()
  for (let round = 1; round <= rounds; round++) {
    for (const { tool, outcomes } of measured) {
      if (failed.has(tool)) continue
      const outcome = await trainOnce(tool, job, work, `round ${round} of ${rounds}`, tool !== tools.at(-1))
      if (outcome) outcomes.push(outcome)
      else failed.add(tool)
    }
  }
  return measured.filter(({ tool }) => !failed.has(tool))
}

/** One training, told in a line; undefined if it failed and may. */
export async function trainOnce(
  tool: Tool,
  job: JobSettings,
  work: string,
  label: string,
  mayFail: boolean,
): Promise<Outcome | undefined> {
  const out = join(work, tool.name)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  try {
    const outcome = await tool.train({ ...job, out })
    const { trainSeconds, vocabularySeconds, peakBytes } = outcome
    note(
      `${label}: ${tool.name.padEnd(10)}  training ${trainSeconds.toFixed(2)} s, ` +
        `vocabulary ${vocabularySeconds.toFixed(2)} s, peak ${formatBytes(peakBytes)}`,
    )
    return outcome
  } catch (error) {
    if (!(mayFail && error instanceof MillraceError)) throw error
    note(`${label}: ${tool.name} failed and is left out: ${error.message.replaceAll(/\s*\n\s*/g, '; ')}`)
    return undefined
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
