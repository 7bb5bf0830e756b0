import { join } from 'node:path'
import { type Disk, diskError, realDisk, type Write, writeAndSync } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import type { CorpusFile } from './files.ts'
import { PairTable, wordsOfPair } from './phrases-pairs.ts'
import { PairRuns } from './phrases-runs.ts'
import { lineEnd, PhraseText, rareWord } from './phrases-text.ts'
import type { Tokenizer } from './tokenizer.ts'
import { longestWordBytes } from './word-table.ts'

/** One pass over a corpus: what is read, and where to write. */
export interface PhrasePass {
  files: CorpusFile[]
  tokenizer: Tokenizer
  /** Later passes read what an earlier one wrote. */
  isFirst: boolean
  minCount: number
  threshold: number
  /** For the counts of pairs. */
  memoryBytes: number
  /** A folder for what does not fit, and the text to write in it. */
  scratch: string
  output: string
  wantsPhrases: boolean
  /** Shared: the number of the step, blocks done in it, blocks of it. */
  progress: Int32Array
}

/** The steps of a pass, each of them one reading of the text but for the third. */
export const phraseSteps = ['counting words', 'counting pairs', 'choosing phrases', 'joining'] as const

/** A pair of words that stood beside each other. */
export interface Phrase {
  /** Both, with `_` between them. */
  phrase: string
  /** How often the pair stood in the text of its pass. */
  count: number
  score: number
}

export interface PhrasePassResult {
  /** Words read. */
  words: number
  distinctWords: number
  /** Distinct pairs of words that are frequent enough to be in a phrase. */
  distinctPairs: number
  /** Pairs that score more than the threshold. */
  phraseCount: number
  /** How often two words were joined. */
  joined: number
  /** The most that was on the disk at a time because pairs did not fit memory. */
  spilledBytes: number
  bytes: number
  /** The pair that scores most, whether more than the threshold or not; null if none is frequent enough. */
  best: Phrase | null
  /** How often the most frequent pair stands in the text. */
  mostFrequent: number
  /** In no order; empty where they were not wanted. */
  phrases: Phrase[]
  replaced: { count: number; offset: number | null }
  overlong: number
}

/**
 * How much more often two words stand beside each other than chance would have it, less a discount for rare pairs:
 * (pair − minCount) / (first · second) · words. Source: word2phrase.c; without the number of words, paper 2 (6).
 */
export function phraseScore(
  pair: number,
  first: number,
  second: number,
  minCount: number,
  words: number,
): number {
  return ((pair - minCount) / first / second) * words
}

/**
 * One pass: counts words, then pairs of neighbours within lines, chooses the pairs that score more than the threshold,
 * and writes the text with those joined, from left to right, no word twice.
 *
 * memory  the words, as the vocabulary pass; `memoryBytes` for pairs; about 40 bytes for each phrase
 * throws  InputError if a file changed or holds no word; ResourceError if the disk refuses
 */
export function runPhrasePass(pass: PhrasePass, disk: Disk = realDisk): PhrasePassResult {
  const text = new PhraseText(pass.files, pass.tokenizer, pass.isFirst)
  const words = countWords(text, pass)
  const runs = new PairRuns(pass.scratch, pass.memoryBytes / 4, disk)
  const pairs = countPairs(text, words, runs, pass)
  const chosen = choosePhrases(pairs, words, pass)
  const written = writeJoined(text, words, chosen.table, pass, disk)
  const names = nameWords(text, chosen)
  const name = ([key, count, score]: [number, number, number]): Phrase => {
    const [first, second] = wordsOfPair(key)
    return { phrase: `${names.get(first)}_${names.get(second)}`, count, score }
  }
  return {
    words: words.total,
    distinctWords: words.counts.length,
    distinctPairs: chosen.distinctPairs,
    phraseCount: chosen.table.length,
    spilledBytes: runs.peakBytes,
    best: chosen.best && name(chosen.best),
    mostFrequent: chosen.mostFrequent,
    phrases: chosen.list.map(name),
    replaced: words.replaced,
    overlong: words.overlong,
    ...written,
  }
}

interface CountedWords {
  /** Of each word, by its number. */
  counts: Float64Array
  /** In bytes. */
  lengths: Uint16Array
  /** Words in the text, overlong ones with them. */
  total: number
  replaced: { count: number; offset: number | null }
  overlong: number
}

function countWords(text: PhraseText, pass: PhrasePass): CountedWords {
  const replaced: CountedWords['replaced'] = { count: 0, offset: null }
  const blockDone = startStep(pass, 0, text.blocks.length)
  text.forEachBlock((block) => {
    text.count(block)
    if (block.replaced > 0) replaced.offset ??= block.offset
    replaced.count += block.replaced
    blockDone()
  })
  const { counts, lengths, overlong } = text.words()
  const total = counts.reduce((sum, count) => sum + count, overlong)
  if (total === 0) {
    throw new InputError('CORPUS_EMPTY', {
      what: `${pass.files.length === 1 ? pass.files[0]!.path : `${pass.files.length} files`} holds no word`,
      why: 'there is only white space in it',
      mend: 'give a file with text in it',
    })
  }
  return { counts, lengths, total, replaced, overlong }
}

/** What was counted: pairs with their counts, to go through once. */
type CountedPairs = (visit: (key: number, count: number) => void) => void

/** Pairs that are fetched at a time: more than memory can bring at once, and few enough to stay in the first cache. */
const fetchedPairs = 32

/** Counts neighbours within lines. A pair is frequent enough only if both of its words are: others are left out. */
function countPairs(text: PhraseText, words: CountedWords, runs: PairRuns, pass: PhrasePass): CountedPairs {
  const table = new PairTable((3 / 4) * pass.memoryBytes)
  const blockDone = startStep(pass, 1, text.blocks.length)
  let isSpilled = false
  let previous = lineEnd
  let total = 0
  text.forEachBlock((block) => {
    if (block.beginsFile) previous = lineEnd
    const numbers = text.numbers(block, pass.minCount + 1)
    for (let i = 0; i < numbers.length; i++) {
      const word = numbers[i]!
      if (i % fetchedPairs === 0) table.fetch(numbers, i, Math.min(i + fetchedPairs, numbers.length))
      if (word < rareWord && previous < rareWord && !table.add(previous, word)) {
        isSpilled = true
        runs.spill(table)
        table.add(previous, word)
      }
      previous = word
      if (word !== lineEnd) total++
    }
    blockDone()
  })
  requireSame(total, words, pass)
  if (!isSpilled) return (visit) => table.forEach(visit)
  runs.spill(table)
  return (visit) => runs.forEach(visit)
}

/** Key, count and score. */
type ScoredPair = [number, number, number]

interface ChosenPhrases {
  table: PairTable
  /** Empty where phrases are not wanted. */
  list: ScoredPair[]
  best: ScoredPair | null
  mostFrequent: number
  distinctPairs: number
}

function choosePhrases(pairs: CountedPairs, words: CountedWords, pass: PhrasePass): ChosenPhrases {
  const { counts, lengths } = words
  const chosen: ChosenPhrases = {
    table: new PairTable(),
    list: [],
    best: null,
    mostFrequent: 0,
    distinctPairs: 0,
  }
  startStep(pass, 2, 1)
  pairs((key, count) => {
    chosen.distinctPairs++
    if (count > chosen.mostFrequent) chosen.mostFrequent = count
    if (count <= pass.minCount) return
    const [first, second] = wordsOfPair(key)
    // What is longer than a word can be would be lost to whatever reads the text.
    if (lengths[first]! + 1 + lengths[second]! > longestWordBytes) return
    const score = phraseScore(count, counts[first]!, counts[second]!, pass.minCount, words.total)
    // Pairs come in an order that depends on memory; equal scores are told apart by their keys.
    const { best } = chosen
    if (!best || score > best[2] || (score === best[2] && key < best[0])) chosen.best = [key, count, score]
    if (!(score > pass.threshold)) return
    chosen.table.add(first, second)
    if (pass.wantsPhrases) chosen.list.push([key, count, score])
  })
  return chosen
}

const space = 0x20
const joint = 0x5f // _

/** Writes the text: its words with one space between them or joined, and each line ended. */
function writeJoined(
  text: PhraseText,
  words: CountedWords,
  phrases: PairTable,
  pass: PhrasePass,
  disk: Disk,
): { joined: number; bytes: number } {
  const sum = { joined: 0, bytes: 0 }
  const path = join(pass.scratch, pass.output)
  try {
    writeAndSync(path, (write) => writeLines(text, words, phrases, pass, sum, write), disk)
  } catch (error) {
    throw diskError(error, path)
  }
  return sum
}

function writeLines(
  text: PhraseText,
  words: CountedWords,
  phrases: PairTable,
  pass: PhrasePass,
  sum: { joined: number; bytes: number },
  write: Write,
): void {
  const { separators } = text
  const put = (bytes: Uint8Array) => {
    write(bytes)
    sum.bytes += bytes.length
  }
  const blockDone = startStep(pass, 3, text.blocks.length)
  let previous = lineEnd
  let isLineOpen = false
  let total = 0
  text.forEachBlock((block) => {
    if (block.beginsFile && isLineOpen) put(newline)
    if (block.beginsFile) isLineOpen = false
    if (block.beginsFile) previous = lineEnd
    const numbers = text.numbers(block, pass.minCount + 1)
    for (let i = 0; i < numbers.length; i++) {
      const word = numbers[i]!
      if (word === lineEnd) {
        isLineOpen = false
        previous = lineEnd
        continue
      }
      total++
      if (word < rareWord && previous < rareWord && phrases.count(previous, word) > 0) {
        separators[i] = joint
        sum.joined++
        // A joined word joins no other in this pass.
        previous = rareWord
      } else {
        separators[i] = isLineOpen && !(i === 0 && block.continuesWord) ? space : 0
        previous = word
      }
      isLineOpen = true
    }
    put(text.joined(block))
    blockDone()
  })
  if (isLineOpen) put(newline)
  requireSame(total, words, pass)
}

const newline = Buffer.from('\n')

/** The words of the phrases that are to be told. */
function nameWords(text: PhraseText, { list, best }: ChosenPhrases): Map<number, string> {
  const keys = list.map(([key]) => key)
  if (best) keys.push(best[0])
  return text.names(new Set(keys.flatMap(wordsOfPair)))
}

/** Each reading of the text must find as many words as the first. */
function requireSame(total: number, words: CountedWords, pass: PhrasePass): void {
  if (total === words.total) return
  throw new InputError('CORPUS_CHANGED', {
    what: `${pass.files.length === 1 ? pass.files[0]!.path : 'the corpus'} changed while it was read`,
    why: `it held ${words.total} words when they were counted, and ${total} later`,
    mend: 'run the same command again once nothing writes to it',
  })
}

function startStep({ progress }: PhrasePass, step: number, blocks: number): () => void {
  progress[2] = blocks
  progress[1] = 0
  progress[0] = step
  return () => {
    progress[1]!++
  }
}
