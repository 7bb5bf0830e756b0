import type { BlockAudits, BlockTable, Vocabulary } from '../corpus/index.ts'
import { createModel, type ModelShape, type TrainConfig } from '../word2vec/index.ts'
import { TrainThreads } from './threads.ts'

const mostMs = 10_000

/**
 * Words that a run trains on in a second, measured: trains on a few blocks, into memory that is given up after that.
 *
 * order      of the blocks, by number; as many entries as there are blocks, and every one audited
 * measureMs  from the first block that is finished
 *
 * Returns null if no block is finished within ten seconds.
 */
export async function measureSpeed(
  shape: ModelShape,
  { vocabulary, blocks, audits }: { vocabulary: Vocabulary; blocks: BlockTable; audits: BlockAudits },
  config: TrainConfig,
  order: Uint32Array,
  measureMs: number,
): Promise<number | null> {
  const threads = new TrainThreads(shape.threads, {
    model: createModel(vocabulary, config, shape),
    config,
    audits,
    team: 'measured',
    claims: null,
    quarantined: [],
    files: blocks.files,
    blockBytes: blocks.blockBytes,
  })
  const began = performance.now()
  const done: { words: number; ms: number }[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    const running = threads.runEpoch({ epoch: 1, alone: false, end: order.length }, order, 0, ({ words }) => {
      if (done.length === 0) timer = setTimeout(() => threads.stop(), measureMs)
      done.push({ words, ms: performance.now() - began })
    })
    const late = new AbortController()
    const giveUp = new Promise((resolve) => {
      const timeout = setTimeout(resolve, mostMs)
      late.signal.addEventListener('abort', () => clearTimeout(timeout))
    })
    await Promise.race([running.finally(() => late.abort()), giveUp])
  } finally {
    clearTimeout(timer)
    await threads.close()
  }
  return speedOf(done, shape.threads)
}

/** Words a second, from when each thread had time to finish a block; with few blocks, from the start. */
function speedOf(done: { words: number; ms: number }[], threads: number): number | null {
  const last = done.at(-1)
  if (!last) return null
  const from = done[threads - 1]
  const isEnough = from !== undefined && done.length >= 4 * threads
  const counted = isEnough ? done.slice(threads) : done
  const words = counted.reduce((sum, { words }) => sum + words, 0)
  return (1000 * words) / (last.ms - (isEnough ? from.ms : 0))
}
