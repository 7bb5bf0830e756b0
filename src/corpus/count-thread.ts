// A thread of the vocabulary pass: claims blocks, counts their words, audits their records.
import { once } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { packError } from '../core/errors.ts'
import { BlockReader, BlockTable, paddingBytes } from './blocks.ts'
import type { CountJob, CountMessage } from './count.ts'
import { maxSentence } from './records.ts'
import { growthFactor, prepareText } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'
import { WordTable } from './word-table.ts'

const job = workerData as CountJob
const blocks = new BlockTable(job.files, job.blockBytes)
const reader = new BlockReader(blocks)
const sizes = [blocks.corpusBytes, blocks.bufferBytes, growthFactor * blocks.bufferBytes] as const

try {
  parentPort!.postMessage(await countBlocks(new WordTable(...sizes)))
} catch (error) {
  // Other threads need not go on.
  Atomics.store(job.progress, 0, blocks.length)
  const failed: CountMessage = {
    replaced: 0,
    firstReplaced: null,
    overlong: 0,
    counted: null,
    error: packError(error),
  }
  parentPort!.postMessage(failed)
} finally {
  reader.close()
}

async function countBlocks(table: WordTable): Promise<CountMessage> {
  const raw = table.rawBuffer
  let replaced = 0
  let firstReplaced: number | null = null
  for (let block = claim(); block < blocks.length; block = claim()) {
    const { start, end, offset, beginsFile } = reader.read(block, raw)
    const text = raw.subarray(start, end)
    const { records, words, hash } = table.audit(text, offset, maxSentence)
    job.records[block] = records
    job.words[block] = words
    job.hashes[block] = hash
    const prepared = prepareText(text, beginsFile, job.tokenizer, (raw) => table.lowerWords(raw))
    if (prepared.replaced > 0) firstReplaced = Math.min(firstReplaced ?? Infinity, offset)
    replaced += prepared.replaced
    table.count(prepared.inPlace ? prepared.bytes : copyIn(table, prepared.bytes))
    Atomics.add(job.progress, 1, 1)
  }
  const { overlong } = table
  const counted = 'take' in job.role ? await takeIn(table, job.role.take, job.role.minCount) : null
  if ('give' in job.role) job.role.give.postMessage(table.memory)
  return { replaced, firstReplaced, overlong, counted, error: null }
}

/** Adds the tables of the other threads to this one's, and makes the vocabulary. */
async function takeIn(
  table: WordTable,
  ports: MessagePort[],
  minCount: number,
): Promise<CountMessage['counted']> {
  for (const port of ports) {
    const [memory] = await once(port, 'message')
    table.merge(new WordTable(...sizes, memory))
    port.close()
  }
  let mostFrequent = 0
  for (const [, count] of table.words(1)) mostFrequent = Math.max(mostFrequent, count)
  return { vocabulary: Vocabulary.from(table.words(minCount), 1), distinctWords: table.length, mostFrequent }
}

function claim(): number {
  return Atomics.add(job.progress, 0, 1)
}

function copyIn(table: WordTable, bytes: Uint8Array): Uint8Array {
  table.preparedBuffer.set(bytes)
  table.preparedBuffer.fill(0, bytes.length, bytes.length + paddingBytes)
  return table.preparedBuffer.subarray(0, bytes.length)
}
