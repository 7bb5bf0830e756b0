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
const table = newTable()
const reader = new BlockReader(blocks)
const raw = table.rawBuffer
let replaced = 0
let firstReplaced: number | null = null

try {
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
    table.count(prepared.inPlace ? prepared.bytes : copyIn(prepared.bytes))
    Atomics.add(job.progress, 1, 1)
  }
  const { overlong } = table
  const counted = 'take' in job.role ? await takeIn(job.role.take, job.role.minCount) : give(job.role.give)
  answer({ replaced, firstReplaced, overlong, counted, error: null })
} catch (error) {
  // Other threads need not go on.
  Atomics.store(job.progress, 0, blocks.length)
  answer({ replaced, firstReplaced, overlong: 0, counted: null, error: packError(error) })
} finally {
  reader.close()
}

/** Adds the tables of the other threads to this one's, and makes the vocabulary. */
async function takeIn(ports: MessagePort[], minCount: number): Promise<CountMessage['counted']> {
  for (const port of ports) {
    const [memory] = await once(port, 'message')
    table.merge(newTable(memory))
    port.close()
  }
  let mostFrequent = 0
  for (const [, count] of table.words(1)) mostFrequent = Math.max(mostFrequent, count)
  return { vocabulary: Vocabulary.from(table.words(minCount), 1), distinctWords: table.length, mostFrequent }
}

function give(port: MessagePort): null {
  port.postMessage(table.memory)
  return null
}

function newTable(memory?: WebAssembly.Memory): WordTable {
  return new WordTable(blocks.corpusBytes, blocks.bufferBytes, growthFactor * blocks.bufferBytes, memory)
}

function answer(message: CountMessage): void {
  parentPort!.postMessage(message)
}

function claim(): number {
  return Atomics.add(job.progress, 0, 1)
}

function copyIn(bytes: Uint8Array): Uint8Array {
  table.preparedBuffer.set(bytes)
  table.preparedBuffer.fill(0, bytes.length, bytes.length + paddingBytes)
  return table.preparedBuffer.subarray(0, bytes.length)
}
