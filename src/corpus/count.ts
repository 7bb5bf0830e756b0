import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { currentDisk, type Disk } from '../core/disk.ts'
import { InputError, type PackedError, ResourceError, StoppedError, unpackError } from '../core/errors.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { BlockTable, chooseBlockBytes } from './blocks.ts'
import { addPart, type CountedPart, CountLedger, emptyPart } from './count-ledger.ts'
import type { MergeJob, MergeMessage } from './count-merge-thread.ts'
import { type CountingPlan, type CountingShares, requireCounting, shareOut } from './count-plan.ts'
import type { CorpusFile } from './files.ts'
import { maxSentence } from './records.ts'
import type { Tokenizer } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'
import { damagedRun, removeFile, type WordRun } from './word-runs.ts'
import { longestWordBytes } from './word-table.ts'

/** What a counting thread is given. The arrays are shared. */
export interface CountJob {
  /** One thread takes in what the others counted; they send it their memory. */
  role: { take: MessagePort[] } | { give: MessagePort }
  files: CorpusFile[]
  blockBytes: number
  tokenizer: Tokenizer
  minCount: number
  shares: CountingShares
  /** Where runs go. */
  folder: string
  /** How often what was counted is made safe, and whether more seldom if that would cost more than a hundredth; null: never. */
  saving: { everyMs: number; isPaced: boolean } | null
  /** See `progressFields`. */
  progress: Int32Array
  audits: BlockAudits
  /** 1 for blocks that need not be counted again. */
  covered: Uint8Array
}

/** Where in `progress` what stands. */
export const progressFields = {
  /** Blocks claimed, and those of them that are done. */
  claimed: 0,
  done: 1,
  /** Counts on while other work advances. */
  steps: 2,
  /** The number of the next run. */
  numbers: 3,
  /** 1 once words are on the disk. */
  isSpilled: 4,
  /** 1 once it is to stop. */
  isStopping: 5,
} as const

export interface CountedWords {
  vocabulary: Pick<Vocabulary, 'counts' | 'arena' | 'offsets'>
  distinctWords: number
  mostFrequent: number
}

/** What of them goes from thread to thread without a copy. */
export function buffersOf(counted: CountedWords | null): ArrayBuffer[] {
  if (!counted) return []
  const { counts, arena, offsets } = counted.vocabulary
  return [counts, arena, offsets].map(({ buffer }) => buffer as ArrayBuffer)
}

/** What a thread tells. After the first two it waits for an answer: runs to merge, or null. */
export type CountMessage =
  | { type: 'part'; part: CountedPart }
  | { type: 'merged'; runs: WordRun[]; merged: WordRun | null }
  | { type: 'warning'; error: PackedError }
  /** The last one, unless it failed. `counted` if all words fitted its memory; `part` is what was not told before. */
  | { type: 'done'; part: CountedPart; counted: CountedWords | null }
  | { type: 'failed'; error: PackedError }

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
  /** Bytes that it may take. What does not fit goes to the disk. */
  memory?: number
  /**
   * A folder of this count alone: what was counted is made safe there now and then, and counting goes on behind it. The
   * caller removes it once the result is safe. Without it, what does not fit goes to a temporary one.
   */
  scratch?: string
  /** Time between two saves; by default 30 s, or more if they cost more than a hundredth of the time. */
  saveEveryMs?: number
  /** Told before anything is read. */
  onPlan?: (plan: CountingPlan) => void
  /** Told at the start, and then at least once a second while work advances, and only then. */
  onProgress?: (doneFraction: number) => void
  /** Told how many blocks need not be counted again if the process dies: at the start, and after each save. */
  onSaved?: (blocks: number) => void
  /** Told why something could not be saved, or was of no use; counting goes on. */
  onWarning?: (message: string) => void
  signal?: AbortSignal
  /** For tests: what saves to `scratch`. Threads have the real one. */
  disk?: Disk
}

/**
 * Reads a corpus once, in parallel: its vocabulary, exactly, and the audit of each block.
 *
 * memory  the distinct words of the corpus, once per thread, or `memory` if that is less; see count-plan.ts
 * disk    what was saved or did not fit; see `countingDiskBytes`
 * throws  InputError if no word occurs `minCount` times, or a file changed; StoppedError on abort; ResourceError if
 *         `memory` is too little to count in or for the vocabulary itself, or the disk refuses what does not fit
 */
export async function countCorpus(files: CorpusFile[], options: CountOptions): Promise<CountResult> {
  const corpusBytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const plan = requireCounting(corpusBytes, options.threads, options.memory ?? Number.POSITIVE_INFINITY)
  options.onPlan?.(plan)
  const blocks = new BlockTable(files, chooseBlockBytes(corpusBytes))
  try {
    return await countOnce(blocks, options)
  } catch (error) {
    if (!(error instanceof ResourceError && error.code === damagedRun)) throw error
    // Found when it was read again: what was counted is of no use.
    options.onWarning?.(`${error.parts.what}: counting begins anew`)
    if (options.scratch !== undefined) removeFile(options.scratch, options.disk)
    return await countOnce(blocks, options)
  }
}

async function countOnce(blocks: BlockTable, options: CountOptions): Promise<CountResult> {
  const { scratch = null, tokenizer, disk = currentDisk() } = options
  const audits: BlockAudits = {
    records: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    words: new Uint32Array(new SharedArrayBuffer(blocks.length * 4)),
    hashes: new BigUint64Array(new SharedArrayBuffer(blocks.length * 8)),
  }
  const covered = new Uint8Array(new SharedArrayBuffer(blocks.length))
  const corpus = corpusKey(blocks, tokenizer)
  const ledger = await CountLedger.open({ scratch, corpus, audits, covered, disk })
  try {
    const { counted, total } = await runThreads(blocks, audits, covered, ledger, options)
    const { vocabulary, distinctWords, mostFrequent } = counted
    if (vocabulary.counts.length === 0)
      throw nothingLeft(blocks.files, distinctWords, mostFrequent, options.minCount)
    return {
      blocks,
      audits,
      vocabulary: new Vocabulary(vocabulary.counts, vocabulary.arena, vocabulary.offsets),
      distinctWords,
      replaced: { count: total.replaced, offset: total.firstReplaced },
      overlong: total.overlong,
    }
  } finally {
    if (ledger.isKept) ledger.removeLeftovers()
    else ledger.remove()
  }
}

/** SHA-256 of what a corpus is to a run: its blocks' audits and how they are read. */
export function corpusFingerprint(blocks: BlockTable, audits: BlockAudits, tokenizer: Tokenizer): string {
  const hash = createHash('sha256').update(JSON.stringify(ruleOf(blocks, tokenizer)))
  for (const array of [audits.records, audits.words, audits.hashes]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  return hash.digest('hex')
}

/** What counts of a corpus are known by before it is read: how its files look, and how they are read. */
function corpusKey(blocks: BlockTable, tokenizer: Tokenizer): string {
  const files = blocks.files.map(({ bytes, mtimeMs }) => [bytes, mtimeMs])
  return createHash('sha256')
    .update(JSON.stringify([ruleOf(blocks, tokenizer), longestWordBytes, files]))
    .digest('hex')
}

function ruleOf({ blockBytes }: BlockTable, tokenizer: Tokenizer) {
  return { blockBytes, maxSentence, rule: 1, tokenizer, unicode: process.versions.unicode }
}

/**
 * Counts the blocks that are not covered, and makes the vocabulary of all.
 *
 * Tables go from thread to thread and never to this one, so that their memory is freed when the threads end and
 * not when this thread's garbage is next collected.
 */
async function runThreads(
  blocks: BlockTable,
  audits: BlockAudits,
  covered: Uint8Array,
  ledger: CountLedger,
  options: CountOptions,
): Promise<{ counted: CountedWords; total: CountedPart }> {
  const { threads, minCount, memory = Number.POSITIVE_INFINITY, signal, saveEveryMs } = options
  const progress = new Int32Array(new SharedArrayBuffer(4 * Object.keys(progressFields).length))
  const { claimed, done, numbers, isSpilled, isStopping } = progressFields
  progress[done] = ledger.total.blocks.length
  progress[numbers] = ledger.nextNumber
  progress[isSpilled] = ledger.runs.length > 0 ? 1 : 0
  if (ledger.isKept) options.onSaved?.(ledger.total.blocks.length)
  if (signal?.aborted) throw stoppedCounting(ledger.total.blocks.length > 0)
  const shares = shareOut(blocks.corpusBytes, threads, memory)
  const givers = Math.max(1, Math.min(threads, blocks.length)) - 1
  const channels = Array.from({ length: givers }, () => new MessageChannel())
  const job: Omit<CountJob, 'role'> = {
    files: blocks.files,
    blockBytes: blocks.blockBytes,
    tokenizer: options.tokenizer,
    minCount,
    shares,
    folder: ledger.folder,
    saving: ledger.isKept
      ? { everyMs: saveEveryMs ?? defaultSaveMs, isPaced: saveEveryMs === undefined }
      : null,
    progress,
    audits,
    covered,
  }
  const start = (role: CountJob['role'], ports: MessagePort[]) =>
    startWorker(siblingModule(import.meta.url, 'count-thread'), { ...job, role }, ports)
  const workers = [
    start(
      { take: channels.map(({ port1 }) => port1) },
      channels.map(({ port1 }) => port1),
    ),
    ...channels.map(({ port2 }) => start({ give: port2 }, [port2])),
  ]
  const stop = () => {
    Atomics.store(progress, isStopping, 1)
    Atomics.store(progress, claimed, blocks.length)
  }
  signal?.addEventListener('abort', stop)
  const heart = beat(progress, blocks.length, options.onProgress)
  const total = emptyPart()
  try {
    const answers = await Promise.all(workers.map((worker) => answerOf(worker, ledger, options)))
    if (signal?.aborted) throw stoppedCounting(ledger.isKept && ledger.total.blocks.length > 0)
    addPart(total, ledger.total)
    for (const { part } of answers) addPart(total, part)
    const counted = answers[0]!.counted
    if (counted) return { counted, total }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
    signal?.removeEventListener('abort', stop)
    clearInterval(heart)
  }
  return { counted: await mergeAll(ledger, shares.vocabulary, progress, blocks.length, options), total }
}

const defaultSaveMs = 30_000

/** What a thread has when it is done. Until then it is answered, and what it counted is made safe. */
function answerOf(
  worker: Worker,
  ledger: CountLedger,
  options: CountOptions,
): Promise<CountMessage & { type: 'done' }> {
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a counting thread ended')))
    worker.on('message', (message: CountMessage) => {
      try {
        if (message.type === 'done') resolve(message)
        else if (message.type === 'failed') reject(unpackError(message.error))
        else if (message.type === 'warning') warnOfDisk(unpackError(message.error), options)
        else worker.postMessage(takeDown(message, ledger, options))
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** Enters what a thread has on the disk. Returns runs that it is to merge. */
function takeDown(
  message: CountMessage & { type: 'part' | 'merged' },
  ledger: CountLedger,
  options: CountOptions,
): WordRun[] | null {
  if (message.type === 'part') ledger.add(message.part)
  else ledger.replace(message.runs, message.merged)
  try {
    ledger.save()
    if (ledger.isKept) options.onSaved?.(ledger.total.blocks.length)
  } catch (error) {
    warnOfDisk(error, options)
  }
  return message.type === 'part' ? ledger.takeMergeable() : null
}

function warnOfDisk(error: unknown, { onWarning }: CountOptions): void {
  // Whatever is no fault of the disk's is one of ours.
  if (!(error instanceof ResourceError)) throw error
  const { what, why } = error.parts
  onWarning?.(`what was counted could not be saved, counting goes on: ${what}${why ? `: ${why}` : ''}`)
}

/** Makes the vocabulary of all runs, in a thread of its own: the memory of the tables is free then. */
async function mergeAll(
  ledger: CountLedger,
  vocabularyRoom: number,
  progress: Int32Array,
  blocks: number,
  { minCount, memory, onProgress, signal }: CountOptions,
): Promise<CountedWords> {
  const job: MergeJob = {
    folder: ledger.folder,
    runs: [...ledger.runs],
    minCount,
    room: vocabularyRoom,
    memory,
    progress,
  }
  const worker = startWorker(siblingModule(import.meta.url, 'count-merge-thread'), job)
  const heart = beat(progress, blocks, onProgress)
  try {
    const [message] = (await once(worker, 'message', { signal })) as [MergeMessage]
    if ('error' in message) throw unpackError(message.error)
    return message.counted
  } catch (error) {
    throw signal?.aborted ? stoppedCounting(ledger.isKept) : error
  } finally {
    await worker.terminate()
    clearInterval(heart)
  }
}

/** Tells how far it is, at the start and whenever something has advanced: a heartbeat may hang on it. */
function beat(
  progress: Int32Array,
  blocks: number,
  onProgress: CountOptions['onProgress'],
): NodeJS.Timeout | undefined {
  if (!onProgress) return undefined
  let [doneBefore, stepsBefore] = [-1, -1]
  const tell = () => {
    const done = Atomics.load(progress, progressFields.done)
    const steps = Atomics.load(progress, progressFields.steps)
    if (done !== doneBefore || steps !== stepsBefore) onProgress(done / blocks)
    ;[doneBefore, stepsBefore] = [done, steps]
  }
  tell()
  return setInterval(tell, 200)
}

function stoppedCounting(isSaved: boolean): StoppedError {
  return new StoppedError('STOPPED', {
    what: `stopped while counting words${isSaved ? '; what was counted is saved' : ''}`,
    mend: `run the same command again: it ${isSaved ? 'goes on where it was' : 'begins anew'}`,
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
