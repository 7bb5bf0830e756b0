import { formatBytes } from '../core/bytes.ts'
import { PlanError } from '../core/errors.ts'
import { chooseBlockBytes, paddingBytes, searchBytes } from './blocks.ts'
import { leastTableBytes, slotBytes } from './word-table.ts'

/** The memory of the vocabulary pass in bytes, before the text is read. */
export interface CountingPlan {
  /** By the number of distinct words that a text of this length has. */
  bytes: number
  /** If no word came twice. */
  most: number
  /** If it were always the same word. */
  least: number
  /** What `bytes` are for. */
  parts: Record<string, number>
}

/** Distinct words, and the bytes of one. */
export interface CountedWords {
  /** Of the whole corpus. */
  distinct: number
  /** Of what one thread reads of it. */
  distinctEach: number
  /** That occur often enough to be kept. */
  kept: number
  /** Of a distinct word, padded to a multiple of 8: the mean. */
  wordBytes: number
}

// Measured on Linux x64, Node 26: the engine while it counts a tiny text, and what each thread adds.
const runtimeBytes = 92 * 2 ** 20
const threadRuntimeBytes = 4 * 2 ** 20
/** What it takes more of a thread that writes runs. Measured so too. */
const spillRuntimeBytes = 5 * 2 ** 20
/** Of a kept word beside its bytes twice, see `vocabularyBytes`. Measured on the corpora below, min-count 1. */
const keptWordBytes = 84
const entryBytes = 24
const leastSlots = 2 ** 16
/** What a table's layout has room for; see word-table.ts. */
const mostEntries = 2 ** 24
const mostArenaBytes = 2 ** 29

/**
 * Distinct words of `bytes` of text: Heaps' law, K · bytes^β, and no more than a table has room for.
 *
 * Measured with the whitespace tokenizer: Korean Wikipedia (spaces, few stems) has 41,588 in 1 MB, 465,147 in 20 MB and
 * 1,316,670 in 80 MB; English Wikipedia, cleaned as text8 is, 16,801 in 1 MB, 64,978 in 10 MB and 219,224 in 100 MB.
 * The constants go through the former, since too little planned is worse than too much.
 */
export function expectedDistinct(bytes: number): number {
  return Math.min(bytes / 2, mostEntries, 0.78 * bytes ** 0.79)
}

/** What counting takes, by formula: each thread's table and buffers, the vocabulary, the engine. */
export function countingParts(corpusBytes: number, threads: number, words: CountedWords) {
  const blockBytes = chooseBlockBytes(corpusBytes)
  const others = threadsAtWork(corpusBytes, threads) - 1
  const table = (distinct: number) =>
    Math.max(
      leastTableBytes,
      slotsFor(distinct) * slotBytes +
        distinct * entryBytes +
        Math.min(mostArenaBytes, distinct * words.wordBytes),
    )
  return {
    // A block as it is read; another for what is made of it.
    'thread buffers': (others + 1) * 2 * (Math.min(blockBytes, corpusBytes) + searchBytes + paddingBytes),
    'word tables': table(words.distinct) + others * table(words.distinctEach),
    vocabulary: words.kept * (keptWordBytes + 2 * words.wordBytes),
    runtime: runtimeBytes + (others + 1) * threadRuntimeBytes,
  }
}

/** What the vocabulary pass will take for a corpus of which only the length is known. */
export function planCounting(corpusBytes: number, threads: number): CountingPlan {
  const share = corpusBytes / threadsAtWork(corpusBytes, threads)
  const total = (words: CountedWords) => sumOf(countingParts(corpusBytes, threads, words))
  const distinct = Math.ceil(expectedDistinct(corpusBytes))
  const distinctEach = Math.ceil(expectedDistinct(share))
  const parts = countingParts(corpusBytes, threads, { distinct, distinctEach, kept: distinct, wordBytes: 16 })
  // A word and the space behind it take two bytes at least.
  const all = (bytes: number) => Math.min(mostEntries, Math.ceil(bytes / 2))
  const every = all(corpusBytes)
  return {
    bytes: sumOf(parts),
    most: total({
      distinct: every,
      distinctEach: all(share),
      kept: every,
      wordBytes: 8 + corpusBytes / every,
    }),
    least: total({ distinct: 1, distinctEach: 1, kept: 1, wordBytes: 8 }),
    parts,
  }
}

/** The part of a memory that each table may fill, in bytes, and that the vocabulary may once the tables are gone. */
export interface CountingShares {
  /** Of the thread that takes in the others' words. */
  taker: number
  giver: number
  /** All of them together. */
  tables: number
  vocabulary: number
}

/**
 * Shares a memory out among the threads' tables, as what is expected of each asks for; what does not fit its share is
 * spilled.
 */
export function shareOut(corpusBytes: number, threads: number, memory: number): CountingShares {
  const parts = countingParts(corpusBytes, threads, { distinct: 1, distinctEach: 1, kept: 0, wordBytes: 8 })
  const vocabulary = memory - parts.runtime - leastTableBytes
  const others = threadsAtWork(corpusBytes, threads) - 1
  const fixed = parts.runtime + parts['thread buffers'] + (others + 1) * (leastTableBytes + spillRuntimeBytes)
  const spare = Math.max(0, memory - fixed)
  const [all, each] = [corpusBytes, corpusBytes / (others + 1)].map(expectedDistinct) as [number, number]
  const part = (distinct: number) => leastTableBytes + (spare * distinct) / (all + others * each)
  const tables = spare + (others + 1) * leastTableBytes
  return { taker: part(all), giver: part(each), tables, vocabulary }
}

/** Bytes that a vocabulary takes while it is sorted and handed over. */
export function vocabularyBytes(words: number, wordBytes: number): number {
  return words * keptWordBytes + 2 * wordBytes
}

/**
 * The most that the vocabulary pass is expected to have on the disk at a time: words that were saved or did not fit.
 *
 * By the law of `expectedDistinct`, for each text that fills the tables or is read between two saves, and once more
 * for what is being merged. Never more than nine bytes for each byte of text, which is what single letters would take.
 */
export function countingDiskBytes(corpusBytes: number, threads: number, memory: number): number {
  const { giver } = shareOut(corpusBytes, threads, memory)
  // The inverse of `expectedDistinct`.
  const fitting = ((Math.max(0, giver) / tableWordBytes) * (1 / 0.78)) ** (1 / 0.79)
  const textOfRun = Math.max(1, Math.min(fitting, leastSavedText, corpusBytes))
  const runs = Math.ceil(corpusBytes / textOfRun)
  return Math.ceil(Math.min(9 * corpusBytes, 2 * runs * expectedDistinct(textOfRun) * runWordBytes))
}

/** Of a word in a table (slots that are half taken among it), and in a run. */
const tableWordBytes = 2 * slotBytes + entryBytes + 16
const runWordBytes = 24
/** What one thread reads between two saves at least: 30 s at 10 MB/s. */
const leastSavedText = 300e6

/**
 * Refuses to read what cannot be counted in a memory.
 *
 * limit   bytes
 * throws  PlanError if it is too little even for words that are spilled as soon as they can be
 */
export function requireCounting(corpusBytes: number, threads: number, limit: number): CountingPlan {
  const plan = planCounting(corpusBytes, threads)
  if (plan.least <= limit) return plan
  const alone = planCounting(corpusBytes, 1).least
  throw new PlanError('COUNTING_PLAN', {
    what: `to count the words of ${formatBytes(corpusBytes)} of text takes ${formatBytes(plan.least)} at least`,
    why: `the limit is ${formatBytes(limit)}`,
    mend:
      alone <= limit
        ? `use --threads 1, or --memory ${mebibytes(plan.bytes)}M`
        : `use --memory ${mebibytes(plan.bytes)}M: the engine alone takes ${formatBytes(plan.parts.runtime!)}`,
  })
}

/** Where there are fewer blocks than threads, some are not started. */
function threadsAtWork(corpusBytes: number, threads: number): number {
  return Math.max(1, Math.min(threads, Math.ceil(corpusBytes / chooseBlockBytes(corpusBytes))))
}

/** Slots of a table, half of which may be taken; they double. */
function slotsFor(distinct: number): number {
  return Math.max(leastSlots, 2 ** Math.ceil(Math.log2(2 * distinct)))
}

function sumOf(parts: Record<string, number>): number {
  return Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}
