import { standardRate } from '../src/word2vec/config.ts'
import type { Job } from './tool.ts'

/** One variant to measure, and what beside. */
export interface Row {
  name: string
  model: Job['model']
  loss: Job['loss']
  dim: number
  /** word2vec.c's rate for the model; all tools are given the same. */
  lr: number
  /**
   * What Millrace is measured beside: the other tools; itself free-running, when it is deterministic; or itself
   * with one thread.
   */
  beside: 'peers' | 'free-running' | 'one thread'
  /** Whether another process keeps a core busy all the while. */
  busy: boolean
}

export const standardRows = ['skipgram-100', 'skipgram-300', 'cbow', 'hs']

export const rowHelp =
  'what is trained, a list with commas. A name says how a row differs from skipgram-ns-100: a model (cbow), a loss ' +
  '(hs, nce), a width; `deterministic` sets Millrace beside itself free-running instead of the peers, `threads` ' +
  'beside itself with one thread; `busy` keeps a core busy with another process all the while'

type Part = Partial<Omit<Row, 'name' | 'lr'>>

const parts: Record<string, Part> = {
  skipgram: { model: 'skipgram' },
  cbow: { model: 'cbow' },
  ns: { loss: 'ns' },
  hs: { loss: 'hs' },
  nce: { loss: 'nce' },
  deterministic: { beside: 'free-running' },
  threads: { beside: 'one thread' },
  busy: { busy: true },
}

/** A row by its name, such as `cbow-300` or `hs-deterministic-busy`; undefined if it is no such name. */
export function parseRow(name: string): Row | undefined {
  const given: Part = {}
  for (const word of name.split('-')) {
    const part = /^[1-9]\d*$/.test(word) ? { dim: Number(word) } : parts[word]
    // A key that is there twice would be a contradiction.
    if (!part || Object.keys(part).some((key) => key in given)) return undefined
    Object.assign(given, part)
  }
  const row = { model: 'skipgram', loss: 'ns', dim: 100, beside: 'peers', busy: false, ...given } as const
  return { name, lr: standardRate[row.model], ...row }
}

/** What is trained, in words. */
export function describeRow({ model, loss, dim, lr, busy }: Row): string {
  const losses = { ns: 'negative sampling', hs: 'hierarchical softmax', nce: 'noise-contrastive estimation' }
  const what = `${model === 'cbow' ? 'CBOW' : 'skip-gram'}, ${losses[loss]}, ${dim} dimensions, rate ${lr}`
  return busy ? `${what}, a busy process beside it` : what
}
