import { InputError } from '../core/errors.ts'
import { BlockReader, BlockTable, paddingBytes } from './blocks.ts'
import type { BlockAudits } from './count.ts'
import type { CorpusFile } from './files.ts'
import { maxSentence } from './records.ts'
import { growthFactor, prepareText, type Tokenizer } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'
import { WordTable } from './word-table.ts'

/** What some blocks of a corpus, spread evenly over it, tell of the whole. */
export interface CorpusSample {
  /** The corpus, in blocks of 64 KiB. */
  blocks: BlockTable
  /** Numbers of the blocks that were read. */
  chosen: Uint32Array
  /** Of those blocks; of the others there is nothing in it. */
  audits: BlockAudits
  /** Bytes that were read. */
  bytes: number
  seconds: number
  /** Of the whole corpus, estimated: the words of the sample, and behind them made-up ones for those not seen. */
  vocabulary: Vocabulary
}

const sampleBlockBytes = 2 ** 16
/** A word is counted on to be seen so often at least in the sample, unless rarer words are asked for. */
const fewOccurrences = 4

/**
 * Counts a sample of a corpus in this thread, and estimates the vocabulary of the whole.
 *
 * memory  about 50 bytes for each distinct word of the sample
 * throws  InputError if a file changed, or no word is frequent enough
 */
export function countSample(
  files: CorpusFile[],
  { tokenizer, minCount, sampleBytes }: { tokenizer: Tokenizer; minCount: number; sampleBytes: number },
): CorpusSample {
  const began = performance.now()
  const blocks = new BlockTable(files, sampleBlockBytes)
  const chosen = chooseBlocks(blocks.length, Math.max(2, Math.floor(sampleBytes / sampleBlockBytes)))
  const audits = {
    records: shared(Uint32Array, blocks.length),
    words: shared(Uint32Array, blocks.length),
    hashes: shared(BigUint64Array, blocks.length),
  }
  const { bufferBytes } = blocks
  const table = new WordTable(chosen.length * bufferBytes, bufferBytes, growthFactor * bufferBytes)
  const reader = new BlockReader(blocks)
  const share = chosen.length / blocks.length
  // Who occurs so often here occurs minCount times in `covered` of the corpus.
  const often = Math.min(minCount, Math.max(minCount * share, fewOccurrences))
  const covered = Math.min(1, (share * minCount) / often)
  let bytes = 0
  let keptOfHalf = 0
  try {
    for (const [i, block] of chosen.entries()) {
      if (i === chosen.length >> 1) keptOfHalf = countFrequent(table, often)
      bytes += countBlock(table, reader, block, audits, tokenizer)
    }
  } finally {
    reader.close()
  }
  const known = Vocabulary.from(table.words(Math.ceil(often)), 1)
  if (known.length === 0) {
    throw new InputError('VOCABULARY_EMPTY', {
      what: `in a sample of the text no word is frequent enough to occur ${minCount} times in the whole`,
      mend: 'use a lower --min-count',
    })
  }
  // Heaps' law: twice the text has 2^β times the words. Its β, by the two halves of the sample.
  const beta = Math.min(1, Math.max(0, Math.log2(known.length / Math.max(1, keptOfHalf))))
  const words = Math.round(known.length * covered ** -beta)
  const vocabulary = extrapolate(known, words, minCount, blocks.corpusBytes / bytes)
  return { blocks, chosen, audits, bytes, seconds: (performance.now() - began) / 1000, vocabulary }
}

/** Blocks spread evenly, in such an order that each half of them is spread evenly too. */
function chooseBlocks(blocks: number, count: number): Uint32Array {
  if (count >= blocks) count = blocks
  const even = Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * blocks) / count))
  return new Uint32Array([...even.filter((_, i) => i % 2 === 0), ...even.filter((_, i) => i % 2 === 1)])
}

/** Counts and audits a block; returns its length in bytes. */
function countBlock(
  table: WordTable,
  reader: BlockReader,
  block: number,
  audits: BlockAudits,
  tokenizer: Tokenizer,
): number {
  const raw = table.rawBuffer
  const { start, end, offset, beginsFile } = reader.read(block, raw)
  const text = raw.subarray(start, end)
  const { records, words, hash } = table.audit(text, offset, maxSentence)
  audits.records[block] = records
  audits.words[block] = words
  audits.hashes[block] = hash
  const prepared = prepareText(text, beginsFile, tokenizer, (raw) => table.lowerWords(raw))
  if (prepared.inPlace) table.count(prepared.bytes)
  else {
    const target = table.preparedBuffer
    const { length } = prepared.bytes
    target.set(prepared.bytes)
    target.fill(0, length, length + paddingBytes)
    table.count(target.subarray(0, length))
  }
  return text.length
}

function countFrequent(table: WordTable, often: number): number {
  let count = 0
  for (const _ of table.words(often)) count++
  return count
}

/**
 * The vocabulary of a text `times` as long: known words as much more frequent, and made-up ones whose counts fall
 * from there to `minCount` by Zipf's law, as long as the rarer half of the known.
 */
function extrapolate(known: Vocabulary, words: number, minCount: number, times: number): Vocabulary {
  const counts = new Float64Array(words)
  const offsets = new Uint32Array(words + 1)
  const rarer = known.length >> 1
  // A made-up word is a zero byte, which no text has, and its number.
  const lengthOf = (rank: number) => {
    if (rank < known.length) return known.offsets[rank + 1]! - known.offsets[rank]!
    const like = rarer + ((rank - known.length) % (known.length - rarer))
    return Math.max(5, known.offsets[like + 1]! - known.offsets[like]!)
  }
  for (let rank = 0; rank < words; rank++) offsets[rank + 1] = offsets[rank]! + lengthOf(rank)
  const arena = new Uint8Array(offsets[words]!)
  const view = new DataView(arena.buffer)
  arena.set(known.arena.subarray(0, known.offsets[known.length]))
  const least = Math.max(minCount, known.counts[known.length - 1]! * times)
  const steepness = words > known.length ? Math.log(least / minCount) / Math.log(words / known.length) : 0
  for (let rank = 0; rank < words; rank++) {
    if (rank < known.length) counts[rank] = Math.max(minCount, Math.round(known.counts[rank]! * times))
    else {
      counts[rank] = Math.max(minCount, Math.round(least * ((rank + 1) / known.length) ** -steepness))
      view.setUint32(offsets[rank]! + 1, rank)
    }
  }
  return new Vocabulary(counts, arena, offsets)
}

/** Numbers in an array that threads share. */
function shared<T>(
  kind: (new (buffer: SharedArrayBuffer) => T) & { BYTES_PER_ELEMENT: number },
  length: number,
): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
}
