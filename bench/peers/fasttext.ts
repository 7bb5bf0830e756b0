import { join } from 'node:path'
import { ask, run } from '../process.ts'
import { type Job, negativesOf, type Outcome, settings, type Tool } from '../tool.ts'
import { atMark, secondsOf } from './marks.ts'

/** fastText without subwords, which makes it word2vec. */
export function findFastText(): Tool | undefined {
  if (ask('sh', '-c', 'command -v fasttext') === undefined) return undefined
  // It does not tell its version. Debian does, as 0.9.2+ds-1+b1: what comes before Debian's own part.
  const version = /\t([^+-]*)/.exec(ask('dpkg-query', '-W', 'fasttext') ?? '')?.[1]
  return { name: 'fastText', version: version ?? '(version unknown)', train }
}

/**
 * It prints `Number of labels` when its dictionary is read, and `Progress: 100.0%` when its threads have
 * ended, before it writes: training is what lies between, the first random numbers included.
 */
async function train(job: Job): Promise<Outcome> {
  const output = join(job.out, 'vectors')
  const lines = await run([
    ...['fasttext', job.model, '-input', job.corpus, '-output', output, '-loss', job.loss],
    ...['-dim', `${job.dim}`, '-ws', `${settings.window}`, '-neg', `${negativesOf(job)}`, '-lr', `${job.lr}`],
    ...['-t', `${settings.sample}`, '-minCount', `${settings.minCount}`, '-maxn', '0', '-bucket', '1'],
    ...['-epoch', `${job.epochs}`, '-thread', `${job.threads}`, '-seed', `${job.seed}`],
  ])
  const read = atMark(lines, /^Number of labels/)
  const end = atMark(lines, /^Progress: 100\.0%/)
  const words = atMark(lines, /^Number of words/)
  return {
    vocabularySeconds: read.seconds,
    trainSeconds: secondsOf(read, end),
    vocabulary: Number(words.text.replace(/\D/g, '')),
    words: null,
    peakBytes: end.peakBytes,
    vectors: `${output}.vec`,
  }
}
