import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Disk, diskError, realDisk, syncFolder } from '../core/disk.ts'
import { ConfigError, StoppedError, unpackError } from '../core/errors.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { type CorpusFile, findCorpusFiles } from './files.ts'
import { checkOutputs, makeScratch, prepareList, writeList } from './phrases-output.ts'
import { type PhrasePass, type PhrasePassResult, phraseSteps } from './phrases-pass.ts'
import type { PhraseMessage } from './phrases-thread.ts'
import type { Tokenizer } from './tokenizer.ts'

export interface PhrasesOptions {
  /** Files and folders, as `findCorpusFiles` takes them. */
  corpus: string[]
  /** The text to write. */
  out: string
  /** A table of the phrases to write: phrase, count, score, tab-separated, the highest score first. */
  list?: string | undefined
  /** One for each pass, each less than the one before. */
  thresholds: number[]
  minCount: number
  tokenizer: Tokenizer
  /** For the counts of pairs; what does not fit goes to the disk beside `out`, and changes no result. */
  memoryBytes: number
  observer?: PhrasesObserver
  signal?: AbortSignal
  disk?: Disk
  /** Runs one pass: in a thread, if nothing else is given. */
  runPass?: (pass: PhrasePass) => Promise<PhrasePassResult>
}

/** Is told how it goes. Passes are numbered from 1. */
export interface PhrasesObserver {
  progress?(pass: number, step: string, doneFraction: number): void
  passDone?(pass: number, result: PhrasePassDone): void
  warning?(message: string): void
}

export interface PhrasePassDone extends PhrasePassResult {
  threshold: number
  seconds: number
}

export interface PhrasesResult {
  out: string
  list: string | null
  bytes: number
  /** In the text read, and in the text written. */
  words: number
  wordsLeft: number
  passes: PhrasePassDone[]
}

/** Less than this would be no more than files of a few pairs. */
const leastMemoryBytes = 64 * 1024

/**
 * Writes a corpus anew with the words joined by `_` that stand beside each other much more often than chance would have
 * it, as word2phrase does; each further pass may join what the one before has joined.
 *
 * Equal input gives equal output, however much memory there is. Until all is done there is a folder beside `out`,
 * `<out>.<process>.tmp`, which goes in any case; only then `out` is there, whole.
 *
 * memory  `memoryBytes`, and for each distinct word about 50 bytes
 * disk    the text once, or twice with several passes; what `PairRuns` says, if the pairs do not fit memory
 * throws  ConfigError for options that make no sense; InputError as `findCorpusFiles`, or if an input would be written
 *         over or changes; ResourceError if the disk refuses; StoppedError on abort
 */
export async function findPhrases(options: PhrasesOptions): Promise<PhrasesResult> {
  checkOptions(options)
  const files = findCorpusFiles(options.corpus)
  const { list } = options
  const out = resolve(options.out)
  checkOutputs(out, list, files)
  if (options.signal?.aborted) throw stopped()
  if (list !== undefined) prepareList(list, options.disk ?? realDisk)
  const scratch = makeScratch(out, options.disk ?? realDisk)
  try {
    const passes = await runPasses(files, scratch, options)
    commit(passes, scratch, options)
    return {
      out,
      list: list === undefined ? null : resolve(list),
      bytes: passes.at(-1)!.bytes,
      words: passes[0]!.words,
      wordsLeft: passes.at(-1)!.words - passes.at(-1)!.joined,
      passes,
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function runPasses(
  files: CorpusFile[],
  scratch: string,
  options: PhrasesOptions,
): Promise<PhrasePassDone[]> {
  const { thresholds, tokenizer, minCount, memoryBytes, observer, signal } = options
  const done: PhrasePassDone[] = []
  let input = files
  for (const [i, threshold] of thresholds.entries()) {
    const pass: PhrasePass = {
      files: input,
      // What a pass has written is split at white space: another rule might take joined words apart.
      tokenizer: i === 0 ? tokenizer : 'whitespace',
      isFirst: i === 0,
      minCount,
      threshold,
      memoryBytes,
      scratch,
      output: textName(i),
      wantsPhrases: options.list !== undefined,
      progress: new Int32Array(new SharedArrayBuffer(12)),
    }
    const startMs = performance.now()
    const result = await (options.runPass?.(pass) ?? runInThread(pass, i + 1, observer, signal))
    done.push({ ...result, threshold, seconds: (performance.now() - startMs) / 1000 })
    observer?.passDone?.(i + 1, done.at(-1)!)
    if (i > 0) rmSync(input[0]!.path)
    input = [{ path: join(scratch, textName(i)), bytes: result.bytes, mtimeMs: 0 }]
  }
  warn(done, options)
  return done
}

function textName(pass: number): string {
  return `text-${pass + 1}`
}

async function runInThread(
  pass: PhrasePass,
  number: number,
  observer: PhrasesObserver | undefined,
  signal: AbortSignal | undefined,
): Promise<PhrasePassResult> {
  const { progress } = pass
  const worker = startWorker(siblingModule(import.meta.url, 'phrases-thread'), pass)
  const tell = () => {
    const [step, blocksDone, blocks] = progress as unknown as [number, number, number]
    observer?.progress?.(number, phraseSteps[step]!, blocksDone / Math.max(1, blocks))
  }
  const timer = observer?.progress && setInterval(tell, 200)
  try {
    const [message]: PhraseMessage[] = await once(worker, 'message', { signal })
    if ('error' in message!) throw unpackError(message.error)
    return message!.result
  } catch (error) {
    throw signal?.aborted ? stopped() : error
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}

/** Puts the text, and the list if one is wanted, in their places. */
function commit(
  passes: PhrasePassDone[],
  scratch: string,
  { out, list, disk = realDisk }: PhrasesOptions,
): void {
  if (list !== undefined)
    writeList(
      list,
      passes.flatMap(({ phrases }) => phrases),
      disk,
    )
  try {
    disk.renameSync(join(scratch, textName(passes.length - 1)), out)
    syncFolder(dirname(resolve(out)), disk)
  } catch (error) {
    throw diskError(error, out)
  }
}

function warn(passes: PhrasePassDone[], { observer, minCount, corpus }: PhrasesOptions): void {
  const { replaced, overlong } = passes[0]!
  if (replaced.count > 0)
    observer?.warning?.(
      `${replaced.count.toLocaleString('en-US')} invalid UTF-8 sequences were replaced by U+FFFD, the first in the block ` +
        `at byte ${replaced.offset!.toLocaleString('en-US')}; if the text is Latin-1, convert it: iconv -f LATIN1 -t UTF-8`,
    )
  if (overlong > 0)
    observer?.warning?.(
      `${overlong.toLocaleString('en-US')} words longer than 1000 bytes were written as they are, and never joined`,
    )
  if (passes.some(({ phraseCount }) => phraseCount > 0)) return
  const name = corpus.join(', ')
  const { best, mostFrequent, threshold } = passes.at(-1)!
  observer?.warning?.(
    best
      ? `no phrase was found in ${name}: the highest score is ${Number(best.score.toPrecision(3))} (${best.phrase}), ` +
          `and the threshold ${threshold}; use a lower --threshold`
      : `no phrase was found in ${name}: no two words stand beside each other more than ${minCount} times` +
          `${mostFrequent > 0 ? '' : ' in a line'}; use a lower --min-count, or a longer text`,
  )
}

function checkOptions({ thresholds, minCount, memoryBytes }: PhrasesOptions): void {
  const bad = thresholds.find((threshold) => !(Number.isFinite(threshold) && threshold >= 0))
  if (bad !== undefined || thresholds.length === 0) {
    throw new ConfigError('PHRASES_THRESHOLD', {
      what: bad === undefined ? 'there is no threshold' : `${bad} is no threshold`,
      why: 'a threshold is a number of 0 or more, one for each pass',
      mend: 'write them like --threshold 200,100',
    })
  }
  const rising = thresholds.findIndex((threshold, i) => i > 0 && threshold >= thresholds[i - 1]!)
  if (rising > 0) {
    throw new ConfigError('PHRASES_THRESHOLD', {
      what: `the thresholds ${thresholds.join(', ')} do not fall`,
      why: `pass ${rising + 1} has ${thresholds[rising]} after ${thresholds[rising - 1]}, and what joins words that were joined before scores lower`,
      mend: 'give the highest first, such as --threshold 200,100',
    })
  }
  if (!(Number.isInteger(minCount) && minCount >= 1)) {
    throw new ConfigError('PHRASES_MIN_COUNT', {
      what: `the least count ${minCount} is not a whole number of 1 or more`,
      mend: 'write it like --min-count 5',
    })
  }
  if (!(memoryBytes >= leastMemoryBytes)) {
    throw new ConfigError('PHRASES_MEMORY', {
      what: `${memoryBytes} bytes are too little memory to count pairs in`,
      why: `it takes ${leastMemoryBytes / 1024} KiB at least`,
      mend: 'write it like --memory 512M',
    })
  }
}

function stopped(): StoppedError {
  return new StoppedError('STOPPED', {
    what: 'stopped while looking for phrases; nothing was written',
    mend: 'run the same command again: it begins anew',
  })
}
