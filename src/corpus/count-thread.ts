// A thread of the vocabulary pass: claims blocks, counts their words, audits their records. What does not fit its
// table, or is to be safe, it writes to the disk.
import { once } from 'node:events'
import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { packError, ResourceError } from '../core/errors.ts'
import { BlockReader, BlockTable, paddingBytes } from './blocks.ts'
import { buffersOf, type CountedWords, type CountJob, type CountMessage, progressFields } from './count.ts'
import { addPart, type CountedPart, emptyPart } from './count-ledger.ts'
import { vocabularyBytes } from './count-plan.ts'
import { maxSentence } from './records.ts'
import { growthFactor, prepareText } from './tokenizer.ts'
import { Vocabulary } from './vocabulary.ts'
import { damagedRun, mergeRuns, type WordRun, writeRun } from './word-runs.ts'
import { WordTable } from './word-table.ts'

/** What a thread that gives its words sends: nothing if they are on the disk, or nobody wants them. */
type Given = { memory: WebAssembly.Memory; part: CountedPart } | null

const job = workerData as CountJob
const { role, saving } = job
const { claimed, done, steps, numbers, isSpilled, isStopping } = progressFields
const blocks = new BlockTable(job.files, job.blockBytes)
const reader = new BlockReader(blocks)
const sizes = [blocks.corpusBytes, blocks.bufferBytes, growthFactor * blocks.bufferBytes] as const
const table = new WordTable(...sizes, {
  tableBytes: 'take' in role ? job.shares.taker : job.shares.giver,
})

/** What was counted since the last save; words that were spilled within it are in its runs. */
let part = emptyPart()
let overlongBefore = 0
let hasFailed = false
let nextSaveMs = performance.now() + (saving?.everyMs ?? 0)

try {
  const message = await countBlocks()
  parentPort!.postMessage(message, buffersOf(message.counted))
} catch (error) {
  // Other threads need not go on.
  Atomics.store(job.progress, claimed, blocks.length)
  post({ type: 'failed', error: packError(error) })
} finally {
  reader.close()
}

async function countBlocks(): Promise<CountMessage & { type: 'done' }> {
  table.whenFull = spill
  let mostNew = 0
  for (let block = claim(); block < blocks.length; block = claim()) {
    const before = table.length
    countBlock(block)
    mostNew = Math.max(mostNew, table.length - before)
    // A block whose words are spilled in part is whole only with the rest. And where the next will hardly fit, to
    // spill now spares a second run.
    const isSpillDue = part.runs.length > 0 || table.entriesLeft < mostNew
    if ((saving && performance.now() >= nextSaveMs) || (isSpillDue && !hasFailed)) await save()
  }
  if (isStopped()) {
    if (saving) await save()
    if ('give' in role) role.give.postMessage(null satisfies Given)
    return { type: 'done', part: emptyPart(), counted: null }
  }
  return 'take' in role ? await takeIn(role.take) : await giveAway(role.give)
}

function countBlock(block: number): void {
  const raw = table.rawBuffer
  const { start, end, offset, beginsFile } = reader.read(block, raw)
  const text = raw.subarray(start, end)
  const { records, words, hash } = table.audit(text, offset, maxSentence)
  job.audits.records[block] = records
  job.audits.words[block] = words
  job.audits.hashes[block] = hash
  const prepared = prepareText(text, beginsFile, job.tokenizer, (raw) => table.lowerWords(raw))
  if (prepared.replaced > 0) part.firstReplaced = Math.min(part.firstReplaced ?? Infinity, offset)
  part.replaced += prepared.replaced
  table.count(prepared.inPlace ? prepared.bytes : copyIn(prepared.bytes))
  part.blocks.push(block)
  Atomics.add(job.progress, done, 1)
}

async function giveAway(port: MessagePort): Promise<CountMessage & { type: 'done' }> {
  // Once words are on the disk, all must go there; else they are taken from memory, without a detour.
  if (Atomics.load(job.progress, isSpilled) === 1) {
    await saveOrFail()
    port.postMessage(null satisfies Given)
  } else {
    port.postMessage({ memory: table.memory, part: closePart() } satisfies Given)
  }
  return { type: 'done', part: emptyPart(), counted: null }
}

/** Adds the tables of the other threads to this one's, and makes the vocabulary, if all of it fits. */
async function takeIn(ports: MessagePort[]): Promise<CountMessage & { type: 'done' }> {
  let usedBytes = 0
  for (const port of ports) {
    const [given] = (await once(port, 'message')) as [Given]
    if (given) {
      const other = new WordTable(...sizes, { tableBytes: job.shares.giver, memory: given.memory })
      usedBytes += other.usedBytes
      addPart(part, given.part)
      table.merge(other, step)
    }
    port.close()
  }
  const counted = Atomics.load(job.progress, isSpilled) === 1 ? null : makeVocabulary(usedBytes)
  if (!counted) await saveOrFail()
  return { type: 'done', part: closePart(), counted }
}

/** Null if there is no room for it beside the tables. */
function makeVocabulary(othersBytes: number): CountedWords | null {
  let [kept, wordBytes, mostFrequent] = [0, 0, 0]
  for (const [word, count] of table.words(1)) {
    mostFrequent = Math.max(mostFrequent, count)
    if (count < job.minCount) continue
    kept++
    wordBytes += word.length
  }
  step()
  if (vocabularyBytes(kept, wordBytes) > job.shares.tables - othersBytes - table.usedBytes) return null
  const vocabulary = Vocabulary.from(table.words(job.minCount), 1, step)
  return { vocabulary, distinctWords: table.length, mostFrequent }
}

/** Writes the table's words as a run, and clears it. throws  ResourceError if the disk refuses; the table is whole then */
function spill(): void {
  const path = runPath()
  try {
    part.runs.push(writeRun(path, 0, (write) => table.writeSorted(write, step)))
  } catch (error) {
    table.repair()
    throw error
  }
  table.clear()
  Atomics.store(job.progress, isSpilled, 1)
}

/** What was counted becomes part of what is on the disk. If that fails, it stays here, and is tried again later. */
async function save(): Promise<void> {
  const startMs = performance.now()
  try {
    await saveOrFail()
    hasFailed = false
  } catch (error) {
    if (isDamage(error)) throw error
    hasFailed = true
    post({ type: 'warning', error: packError(error) })
  }
  const tookMs = performance.now() - startMs
  nextSaveMs = performance.now() + Math.max(saving?.everyMs ?? 0, saving?.isPaced ? 100 * tookMs : 0)
}

async function saveOrFail(): Promise<void> {
  if (part.blocks.length === 0) return
  if (table.length > 0) spill()
  const merge = await ask({ type: 'part', part: closePart() })
  if (merge) await ask({ type: 'merged', runs: merge, merged: tryMerge(merge) })
}

/** Null if the disk refuses, or there is no time left. */
function tryMerge(runs: WordRun[]): WordRun | null {
  const level = runs[0]!.level + 1
  try {
    return writeRun(runPath(), level, (write) => {
      for (const records of mergeRuns(job.folder, runs, { memory: table.memory, room: table.runBuffer })) {
        write(records)
        step()
        if (isStopped()) throw new Error('stopped')
      }
    })
  } catch (error) {
    if (isDamage(error)) throw error
    if (!isStopped()) post({ type: 'warning', error: packError(error) })
    return null
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof ResourceError && error.code === damagedRun
}

/** Ends the part: the next block begins another. */
function closePart(): CountedPart {
  const closed = { ...part, overlong: part.overlong + table.overlong - overlongBefore }
  overlongBefore = table.overlong
  part = emptyPart()
  return closed
}

function claim(): number {
  for (;;) {
    const block = Atomics.add(job.progress, claimed, 1)
    if (block >= blocks.length || job.covered[block] === 0) return block
  }
}

function isStopped(): boolean {
  return Atomics.load(job.progress, isStopping) === 1
}

/** Tells that work goes on. */
function step(): void {
  Atomics.add(job.progress, steps, 1)
}

function runPath(): string {
  return join(job.folder, `run-${Atomics.add(job.progress, numbers, 1)}`)
}

function post(message: CountMessage): void {
  parentPort!.postMessage(message)
}

/** Runs that the main thread wants to be merged. */
async function ask(message: CountMessage): Promise<WordRun[] | null> {
  const answer = once(parentPort!, 'message')
  post(message)
  return (await answer)[0]
}

function copyIn(bytes: Uint8Array): Uint8Array {
  table.preparedBuffer.set(bytes)
  table.preparedBuffer.fill(0, bytes.length, bytes.length + paddingBytes)
  return table.preparedBuffer.subarray(0, bytes.length)
}
