import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../../src/core/errors.ts'
import { run } from '../process.ts'
import { type Job, negativesOf, type Outcome, settings, type Tool } from '../tool.ts'
import { atMark, secondsOf } from './marks.ts'

/**
 * The original, as somebody compiled it.
 *
 * throws  InputError if there is no such program
 */
export function word2vecC(path: string): Tool {
  try {
    accessSync(path, constants.X_OK)
  } catch (cause) {
    throw new InputError('WORD2VEC_C', {
      what: `${path} is no program that can be run`,
      mend: 'give --word2vec-c the word2vec that was compiled from word2vec.c',
      cause,
    })
  }
  return { name: 'word2vec.c', version: '', train: (job) => train(path, job) }
}

/**
 * It prints `Words in train file` when it has counted, and a progress line every 10,000 words, flushed, from
 * then on: training is from the first to the last of them. Its table of negatives lies before the first and is
 * in neither time. It takes no seed: runs differ only by the race of its threads.
 */
async function train(path: string, job: Job): Promise<Outcome> {
  const vectors = join(job.out, 'vectors.bin')
  const lines = await run([
    ...['stdbuf', '-oL', path, '-train', job.corpus, '-output', vectors, '-binary', '1'],
    ...['-cbow', job.model === 'cbow' ? '1' : '0', '-hs', job.loss === 'hs' ? '1' : '0'],
    ...['-negative', `${negativesOf(job)}`, '-alpha', `${job.lr}`, '-size', `${job.dim}`],
    ...[
      '-window',
      `${settings.window}`,
      '-sample',
      `${settings.sample}`,
      '-min-count',
      `${settings.minCount}`,
    ],
    ...['-iter', `${job.epochs}`, '-threads', `${job.threads}`],
  ])
  const progress = lines.filter(({ text }) => text.startsWith('Alpha:'))
  const end = atMark(progress, /^Alpha:/)
  return {
    vocabularySeconds: atMark(lines, /^Words in train file/).seconds,
    trainSeconds: secondsOf(progress[0]!, end),
    vocabulary: Number(atMark(lines, /^Vocab size/).text.replace(/\D/g, '')),
    words: null,
    peakBytes: end.peakBytes,
    vectors,
  }
}
