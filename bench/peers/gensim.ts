import { join } from 'node:path'
import { ResourceError } from '../../src/core/errors.ts'
import { ask, lastJson, run } from '../process.ts'
import { type Job, negativesOf, type Outcome, settings, type Tool } from '../tool.ts'

// Its threads are its workers: numpy's own would come on top.
const oneThreadEach = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }

/** gensim, if one of the machine's Pythons has it: Debian's packages go with its own, which may not come first. */
export function findGensim(): Tool | undefined {
  for (const python of ['python3', '/usr/bin/python3']) {
    const version = ask(python, '-c', 'import gensim; print(gensim.__version__)')
    if (version) return { name: 'gensim', version, train: (job) => train(python, job) }
  }
  return undefined
}

async function train(python: string, job: Job): Promise<Outcome> {
  const vectors = join(job.out, 'vectors.bin')
  const script = join(import.meta.dirname, 'gensim-train.py')
  const request = { ...settings, ...job, negative: negativesOf(job), vectors }
  const lines = await run([python, script, JSON.stringify(request)], oneThreadEach)
  const { wordsRead, corpusWords, ...outcome } = lastJson(lines)
  // Workers stop between sentences, not at a word: a few too many are read.
  if (wordsRead < 0.98 * corpusWords) {
    throw new ResourceError('GENSIM_PARTIAL', {
      what: `gensim trained on ${wordsRead} of ${corpusWords} words`,
      why: 'its corpus_file gives each worker a range of bytes and needs many lines in each',
    })
  }
  return { ...outcome, vectors }
}
