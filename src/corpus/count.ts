import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { InputError, type PackedError, StoppedError, unpackError } from '../core/errors.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { BlockTable, chooseBlockBytes } from './blocks.ts'
import type { CorpusFile } from './files.ts'
import { maxSentence } from './records.ts'
import { growthFactor, type Tokenizer } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'
import { WordTable } from './word-table.ts'

/** What a counting thread is given. The arrays are shared. */
export interface CountJob {
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
  memory: WebAssembly.Memory | null
  replaced: number
  /** Offset in the corpus of the first block with invalid UTF-8. */
  firstReplaced: number | null
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
  onProgress?: (doneFraction: number) => void
  signal?: AbortSignal
}

/**
 * Reads a corpus once, in parallel: its vocabulary, exactly, and the audit of each block.
 *
 * memory  the distinct words of the corpus, once per thread (about 50 bytes each)
 * throws  InputError if no word occurs `minCount` times, or a file changed; StoppedError on abort
 */
export async function countCorpus(files: CorpusFile[], options: CountOptions): Promise<CountResult> {
  const corpusBytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const blocks = new BlockTable(files, chooseBlockBytes(corpusBytes))
  const job: CountJob = {
    files,
    blockBytes: blocks.blockBytes,
    tokenizer: options.tokenizer,
    progress: new Int32Array(new SharedArrayBuffer(8)),
    records: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    words: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    hashes: new BigUint64Array(new SharedArrayBuffer(blocks.length * 8)),
  }
  const messages = await runThreads(job, blocks, options)
  const tables = messages.map(
    ({ memory }) =>
      new WordTable(corpusBytes, blocks.bufferBytes, growthFactor * blocks.bufferBytes, memory!),
  )
  const [all, ...others] = tables as [WordTable, ...WordTable[]]
  const overlong = tables.reduce((sum, table) => sum + table.overlong, 0)
  for (const table of others) all.merge(table)
  const vocabulary = Vocabulary.from(all.words(options.minCount), 1)
  if (vocabulary.length === 0) throw nothingLeft(files, all, options.minCount)
  const offsets = messages.map(({ firstReplaced }) => firstReplaced).filter((offset) => offset !== null)
  return {
    blocks,
    audits: { records: job.records, words: job.words, hashes: job.hashes },
    vocabulary,
    distinctWords: all.length,
    replaced: {
      count: messages.reduce((sum, { replaced }) => sum + replaced, 0),
      offset: offsets.length > 0 ? Math.min(...offsets) : null,
    },
    overlong,
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

async function runThreads(job: CountJob, blocks: BlockTable, options: CountOptions): Promise<CountMessage[]> {
  const { onProgress, signal } = options
  const stop = () => Atomics.store(job.progress, 0, blocks.length)
  signal?.addEventListener('abort', stop)
  const timer =
    onProgress && setInterval(() => onProgress(Atomics.load(job.progress, 1) / blocks.length), 200)
  try {
    const threads = Math.max(1, Math.min(options.threads, blocks.length))
    const messages = await Promise.all(Array.from({ length: threads }, () => runThread(job, stop)))
    if (signal?.aborted) throw new StoppedError('STOPPED', { what: 'stopped while counting words' })
    for (const { error } of messages) if (error) throw unpackError(error)
    return messages
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function runThread(job: CountJob, stop: () => void): Promise<CountMessage> {
  const worker = startWorker(siblingModule(import.meta.url, 'count-thread'), job)
  try {
    const [message] = await once(worker, 'message')
    return message
  } catch (error) {
    stop()
    throw error
  } finally {
    await worker.terminate()
  }
}

function nothingLeft(files: CorpusFile[], table: WordTable, minCount: number): InputError {
  const name = files.length === 1 ? files[0]!.path : `${files.length} files`
  const most = [...table.words(1)].reduce((highest, [, count]) => Math.max(highest, count), 0)
  if (most === 0) {
    return new InputError('CORPUS_EMPTY', {
      what: `${name} holds no word`,
      why: 'there is only white space in it',
    })
  }
  return new InputError('VOCABULARY_EMPTY', {
    what: `no word of ${name} occurs ${minCount} times or more`,
    why: `there are ${table.length.toLocaleString('en-US')} distinct words; the most frequent occurs ${most} times`,
    mend: `use --min-count ${most} or less, or a longer text`,
  })
}
