// The end of a vocabulary pass whose words did not fit memory, or were saved: all runs become the vocabulary. A thread
// of its own, so that its memory is given back when it ends.
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { formatBytes } from '../core/bytes.ts'
import { type PackedError, PlanError, packError } from '../core/errors.ts'
import { buffersOf, type CountedWords, progressFields } from './count.ts'
import { vocabularyBytes } from './count-plan.ts'
import { Vocabulary } from './vocabulary.ts'
import {
  fanIn,
  type MergeTotals,
  mergeRuns,
  mostOpen,
  removeFile,
  type WordRun,
  wordsOf,
  writeRun,
} from './word-runs.ts'
import { WordTable } from './word-table.ts'

export interface MergeJob {
  folder: string
  runs: WordRun[]
  minCount: number
  /** Bytes that the vocabulary may take. */
  room: number
  /** The limit that this comes from. */
  memory: number | undefined
  progress: Int32Array
}

export type MergeMessage = { counted: CountedWords } | { error: PackedError }

const { folder, runs, minCount, room, memory, progress } = workerData as MergeJob
const table = new WordTable(0, 0, 0, { tableBytes: 0 })
const space = { memory: table.memory, room: table.runBuffer }

/** Counts from here on are told apart no more, to find a least count that would do. */
const mostTold = 4096

/** Runs that take the place of many, to be open at a time; they go again. */
const passing: WordRun[] = []
let message: MergeMessage
try {
  message = { counted: mergeAll() }
} catch (error) {
  message = { error: packError(error) }
}
for (const { name } of passing) removeFile(join(folder, name))
parentPort!.postMessage(message, 'counted' in message ? buffersOf(message.counted) : [])

function mergeAll(): CountedWords {
  while (runs.length > mostOpen) {
    // The shortest first: each word is written again as seldom as can be.
    const some = runs.sort((a, b) => a.bytes - b.bytes).splice(0, fanIn)
    const path = join(folder, `run-${Atomics.add(progress, progressFields.numbers, 1)}`)
    const merged = writeRun(path, 0, (write) => {
      for (const records of mergeRuns(folder, some, space)) {
        write(records)
        step()
      }
    })
    runs.push(merged)
    passing.push(merged)
  }
  const totals: MergeTotals = { distinctWords: 0, mostFrequent: 0 }
  const vocabulary = Vocabulary.from(fittingWords(totals), 1, step)
  return { vocabulary, ...totals }
}

/** throws  PlanError if they are too many */
function* fittingWords(totals: MergeTotals): Generator<[word: Uint8Array, count: number]> {
  // By count: how many words there are, and their bytes.
  const words = new Float64Array(mostTold + 1)
  const bytes = new Float64Array(mostTold + 1)
  let needed = 0
  for (const records of mergeRuns(folder, runs, space, minCount, totals)) {
    step()
    for (const [word, count] of wordsOf([records])) {
      const told = Math.min(count, mostTold)
      words[told]!++
      bytes[told]! += word.length
      needed += vocabularyBytes(1, word.length)
      if (needed <= room) yield [word, count]
    }
  }
  if (needed > room) throw tooMany(words, bytes, needed)
}

function tooMany(words: Float64Array, bytes: Float64Array, needed: number): PlanError {
  const kept = words.reduce((sum, count) => sum + count, 0)
  let left = needed
  let fitting = 0
  while (fitting < mostTold && left > room) {
    left -= vocabularyBytes(words[fitting]!, bytes[fitting]!)
    fitting++
  }
  const more = `--memory ${Math.ceil((memory! + needed - room) / 2 ** 20)}M`
  return new PlanError('VOCABULARY_MEMORY', {
    what: `the vocabulary does not fit: ${kept.toLocaleString('en-US')} words take ${formatBytes(needed)}`,
    why: `the limit is ${formatBytes(memory!)}, of which ${formatBytes(Math.max(0, room))} are left for it`,
    // With so many words, training would ask for far more than counting.
    mend: left <= room ? `use --min-count ${fitting} or more` : `use ${more}`,
  })
}

/** Tells that work goes on. */
function step(): void {
  Atomics.add(progress, progressFields.steps, 1)
}
