import { ConfigError } from '../src/core/errors.ts'
import type { Contestant, JobSettings } from './measure.ts'
import type { Row } from './rows.ts'
import type { Tool } from './tool.ts'

/** What is the same for all rows. */
export interface Field {
  /** Of negative sampling and hierarchical softmax; none of them has noise-contrastive estimation. */
  peers: readonly Tool[]
  millrace: Tool
  corpus: string
  epochs: number
  threads: number
}

/**
 * Who trains in a row, in this order; the last is what the row is about.
 *
 * throws  ConfigError if a row of one thread and more has but one
 */
export function contestantsOf(row: Row, { peers, millrace, corpus, epochs, threads }: Field): Contestant[] {
  const { model, loss, dim, lr } = row
  const job: JobSettings = { corpus, model, loss, dim, lr, epochs, threads, seed: 1, deterministic: false }
  const ours = (name: string, differs: Partial<JobSettings> = {}): Contestant => {
    return { name, tool: millrace, job: { ...job, ...differs }, mayFail: false }
  }
  switch (row.beside) {
    case 'peers': {
      const others = loss === 'nce' ? [] : peers
      return [...others.map((tool) => ({ name: tool.name, tool, job, mayFail: true })), ours('Millrace')]
    }
    case 'free-running':
      return [ours('Millrace'), ours('Millrace, deterministic', { deterministic: true })]
    case 'one thread':
      if (threads > 1)
        return [ours('Millrace, 1 thread', { threads: 1 }), ours(`Millrace, ${threads} threads`)]
      throw new ConfigError('BENCH_THREADS', {
        what: `the row ${row.name} was asked for with --threads 1`,
        why: 'it sets several threads beside one',
        mend: 'give --threads 2 or more',
      })
  }
}
