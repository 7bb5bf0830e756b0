// A thread of the vocabulary pass: claims blocks, counts their words, audits their records.
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../core/errors.ts'
import { BlockReader, BlockTable, paddingBytes } from './blocks.ts'
import type { CountJob, CountMessage } from './count.ts'
import { maxSentence } from './records.ts'
import { growthFactor, prepareText } from './tokenizer.ts'
import { WordTable } from './word-table.ts'

const job = workerData as CountJob
const blocks = new BlockTable(job.files, job.blockBytes)
const table = new WordTable(blocks.corpusBytes, blocks.bufferBytes, growthFactor * blocks.bufferBytes)
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
    const prepared = prepareText(text, beginsFile, job.tokenizer)
    if (prepared.replaced > 0) firstReplaced = Math.min(firstReplaced ?? Infinity, offset)
    replaced += prepared.replaced
    table.count(prepared.isRaw ? prepared.bytes : copyIn(prepared.bytes))
    Atomics.add(job.progress, 1, 1)
  }
  const message: CountMessage = { memory: table.memory, replaced, firstReplaced, error: null }
  parentPort!.postMessage(message)
} catch (error) {
  // Other threads need not go on.
  Atomics.store(job.progress, 0, blocks.length)
  const message: CountMessage = { memory: null, replaced, firstReplaced, error: packError(error) }
  parentPort!.postMessage(message)
} finally {
  reader.close()
}

function claim(): number {
  return Atomics.add(job.progress, 0, 1)
}

function copyIn(bytes: Uint8Array): Uint8Array {
  table.preparedBuffer.set(bytes)
  table.preparedBuffer.fill(0, bytes.length, bytes.length + paddingBytes)
  return table.preparedBuffer.subarray(0, bytes.length)
}
