import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { InputError, type PackedError, StoppedError, unpackError } from '../core/errors.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { BlockTable, chooseBlockBytes } from './blocks.ts'
import { type CountingPlan, requireCounting } from './count-plan.ts'
import type { CorpusFile } from './files.ts'
import { maxSentence } from './records.ts'
import type { Tokenizer } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'

/** What a counting thread is given. The arrays are shared. */
export interface CountJob {
  /** One thread takes in what the others counted; they send it their memory. */
  role: { take: MessagePort[]; minCount: number } | { give: MessagePort }
  files: CorpusFile[]
  blockBytes: number
  tokenizer: Tokenizer
  /** Blocks claimed, blocks done. */
  progress: Int32Array
  records: Uint32Array
  words: Uint32Array
  hashes: BigUint64Array
}

/** What it answers. */
export interface CountMessage {
  replaced: number
  /** Offset in the corpus of the first block with invalid UTF-8. */
  firstReplaced: number | null
  overlong: number
  /** From the thread that takes in the others. */
  counted: {
    vocabulary: Pick<Vocabulary, 'counts' | 'arena' | 'offsets'>
    distinctWords: number
    mostFrequent: number
  } | null
  error: PackedError | null
}

/** Per block, what the counting pass found; training is held to it. */
export interface BlockAudits {
  records: Uint32Array
  /** White-space words, in vocabulary or not. */
  words: Uint32Array
  /** Sum mod 2^64 of the records' xxh64. */
  hashes: BigUint64Array
}

export interface CountResult {
  blocks: BlockTable
  audits: BlockAudits
  vocabulary: Vocabulary
  distinctWords: number
  /** Invalid UTF-8 sequences replaced by U+FFFD, and the offset of the first block that holds one. */
  replaced: { count: number; offset: number | null }
  /** Words longer than 1000 bytes, passed over. */
  overlong: number
}

export interface CountOptions {
  tokenizer: Tokenizer
  minCount: number
  threads: number
  /** Bytes that it may take. */
  memory?: number
  /** Told before anything is read. */
  onPlan?: (plan: CountingPlan) => void
  onProgress?: (doneFraction: number) => void
  signal?: AbortSignal
}

/**
 * Reads a corpus once, in parallel: its vocabulary, exactly, and the audit of each block.
 *
 * memory  the distinct words of the corpus, once per thread; see count-plan.ts
 * throws  InputError if no word occurs `minCount` times, or a file changed; StoppedError on abort; ResourceError if
 *         `memory` is too little for any text of this length
 */
export async function countCorpus(files: CorpusFile[], options: CountOptions): Promise<CountResult> {
  const corpusBytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const plan = requireCounting(corpusBytes, options.threads, options.memory ?? Number.POSITIVE_INFINITY)
  options.onPlan?.(plan)
  const blocks = new BlockTable(files, chooseBlockBytes(corpusBytes))
  const job: Omit<CountJob, 'role'> = {
    files,
    blockBytes: blocks.blockBytes,
    tokenizer: options.tokenizer,
    progress: new Int32Array(new SharedArrayBuffer(8)),
    records: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    words: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    hashes: new BigUint64Array(new SharedArrayBuffer(blocks.length * 8)),
  }
  const messages = await runThreads(job, blocks, options)
  const { vocabulary, distinctWords, mostFrequent } = messages[0]!.counted!
  if (vocabulary.counts.length === 0) throw nothingLeft(files, distinctWords, mostFrequent, options.minCount)
  const offsets = messages.map(({ firstReplaced }) => firstReplaced).filter((offset) => offset !== null)
  return {
    blocks,
    audits: { records: job.records, words: job.words, hashes: job.hashes },
    vocabulary: new Vocabulary(vocabulary.counts, vocabulary.arena, vocabulary.offsets),
    distinctWords,
    replaced: {
      count: messages.reduce((sum, { replaced }) => sum + replaced, 0),
      offset: offsets.length > 0 ? Math.min(...offsets) : null,
    },
    overlong: messages.reduce((sum, { overlong }) => sum + overlong, 0),
  }
}

/** SHA-256 of what a corpus is to a run: its blocks' audits and how they are read. */
export function corpusFingerprint(blocks: BlockTable, audits: BlockAudits, tokenizer: Tokenizer): string {
  const rule = {
    blockBytes: blocks.blockBytes,
    maxSentence,
    rule: 1,
    tokenizer,
    unicode: process.versions.unicode,
  }
  const hash = createHash('sha256').update(JSON.stringify(rule))
  for (const array of [audits.records, audits.words, audits.hashes]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  return hash.digest('hex')
}

/**
 * Tables go from thread to thread and never to this one, so that their memory is freed when the threads end and
 * not when this thread's garbage is next collected.
 */
async function runThreads(
  job: Omit<CountJob, 'role'>,
  blocks: BlockTable,
  { threads, minCount, onProgress, signal }: CountOptions,
): Promise<CountMessage[]> {
  if (signal?.aborted) throw stoppedCounting()
  const stop = () => Atomics.store(job.progress, 0, blocks.length)
  signal?.addEventListener('abort', stop)
  const timer =
    onProgress && setInterval(() => onProgress(Atomics.load(job.progress, 1) / blocks.length), 200)
  const givers = Math.max(1, Math.min(threads, blocks.length)) - 1
  const channels = Array.from({ length: givers }, () => new MessageChannel())
  const roles: CountJob['role'][] = [
    { take: channels.map(({ port1 }) => port1), minCount },
    ...channels.map(({ port2 }) => ({ give: port2 })),
  ]
  const workers = roles.map((role) => {
    const ports = 'take' in role ? role.take : [role.give]
    return startWorker(siblingModule(import.meta.url, 'count-thread'), { ...job, role }, ports)
  })
  try {
    const messages = await Promise.all(
      workers.map(async (worker): Promise<CountMessage> => {
        const [message] = await once(worker, 'message')
        if (message.error) throw unpackError(message.error)
        return message
      }),
    )
    if (signal?.aborted) throw stoppedCounting()
    return messages
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
    clearInterval(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function stoppedCounting(): StoppedError {
  return new StoppedError('STOPPED', {
    what: 'stopped while counting words',
    mend: 'run the same command again: it begins anew',
  })
}

function nothingLeft(
  files: CorpusFile[],
  distinct: number,
  mostFrequent: number,
  minCount: number,
): InputError {
  const name = files.length === 1 ? files[0]!.path : `${files.length} files`
  if (distinct === 0) {
    return new InputError('CORPUS_EMPTY', {
      what: `${name} holds no word`,
      why: 'there is only white space in it',
    })
  }
  return new InputError('VOCABULARY_EMPTY', {
    what: `no word of ${name} occurs ${minCount} times or more`,
    why: `there are ${distinct.toLocaleString('en-US')} distinct words; the most frequent occurs ${mostFrequent} times`,
    mend: `use --min-count ${mostFrequent} or less, or a longer text`,
  })
}
