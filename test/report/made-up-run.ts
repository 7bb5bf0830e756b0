import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveSeed, Random } from '../../src/core/random.ts'
import type { Scores, Tally } from '../../src/evaluate/index.ts'
import { EventLog, type RunFile, RunFolder } from '../../src/run/index.ts'
import { KeyedVectors, WordTable } from '../../src/vectors/index.ts'

export const epochWords = 1000
export const hash = '9f3a61d2c07be415'

/** A run folder as a trainer leaves it after `epochs` of 4 epochs; complete when it has all of them. */
export function madeUpRun({
  epochs = 4,
  ...changes
}: { epochs?: number } & Partial<RunFile> = {}): RunFolder {
  const folder = new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-report-')), 'tale'))
  const complete = epochs === 4
  folder.write({
    format: 1,
    name: 'tale',
    status: complete ? 'complete' : 'stopped',
    config: {
      corpus: ['my texts/a.txt'],
      dim: 8,
      minCount: 5,
      epochs: 4,
      memory: null,
      deterministic: false,
    },
    fingerprints: { config: 'c', corpus: null },
    pids: { supervisor: null, trainer: null },
    attempt: 1,
    createdAt: '2026-05-02T10:11:12.000Z',
    version: '0.1.0',
    error: null,
    result: complete
      ? {
          type: 'done',
          words: 4 * epochWords,
          seconds: 8,
          wallSeconds: 9,
          wordsPerSecond: 500,
          vocabulary: 40,
          peakRssBytes: 50 * 2 ** 20,
          checkpoints: { count: 5, stallSeconds: 0.5 },
          supervisorRssBytes: 0,
          restarts: 2,
          audit: { epochs: [1, 2, 3, 4].map((epoch) => ({ epoch, records: 77, hash })) },
          vectors: folder.vectors,
        }
      : null,
    ...changes,
  })
  writeEvents(folder, epochs)
  // As a trainer does that no longer knows how far it came.
  if (!complete) new EventLog(folder.events, 1).append(0, { type: 'stop', reason: 'SIGTERM' })
  if (complete) madeUpVectors().save(folder.vectors, 'safetensors')
  return folder
}

function writeEvents(folder: RunFolder, epochs: number): void {
  const log = new EventLog(folder.events, 1)
  log.append(0, { type: 'start', pid: 1, threads: 2 })
  log.append(0, { type: 'vocabulary', vocabulary: 40, corpusWords: 1100, corpusBytes: 6000, seconds: 0.1 })
  log.append(0, { type: 'plan', bytes: 60 * 2 ** 20, parts: {} })
  for (let tenth = 1; tenth <= epochs * 10; tenth++) {
    const words = tenth * (epochWords / 10)
    const epoch = Math.ceil(tenth / 10)
    log.append(words, {
      type: 'progress',
      epoch,
      fraction: tenth / 40,
      wordsPerSecond: 500,
      learningRate: 0.025 * (1 - tenth / 40),
      loss: tenth === 1 ? null : 2 + 3 / tenth,
      rssBytes: 40 * 2 ** 20,
      planBytes: 60 * 2 ** 20,
      secondsLeft: (40 - tenth) / 5,
      seconds: tenth / 5,
    })
    if (tenth % 10 === 0) {
      log.append(words, { type: 'epoch', epoch, loss: 2 + 1 / epoch, seconds: 2, records: 77, hash })
      log.append(words, {
        type: 'checkpoint',
        path: 'checkpoints/000001',
        epoch,
        bytes: 9,
        seconds: 0,
        stallSeconds: 0.1,
      })
    }
  }
}

/** Eight words around each of five directions, so that neighbours and groups are what one expects. */
export const families: Record<string, string[]> = {
  war: ['war', 'army', 'navy', 'battle', 'soldiers', 'enemy', 'victory', 'troops'],
  gold: ['gold', 'silver', 'coin', 'money', 'bank', 'currency', 'debt', 'bonds'],
  school: ['school', 'students', 'college', 'teachers', 'education', 'university', 'schools', 'science'],
  months: ['january', 'april', 'july', 'october', 'may', 'june', 'march', 'august'],
  '<&>': ['<b>', 'a&b', '"c"', 'king', 'queen', 'river', 'water', 'sea'],
}

export function madeUpVectors(): KeyedVectors {
  const random = new Random(deriveSeed(1))
  const dim = 8
  const words = Object.values(families).flat()
  const matrix = Float32Array.from({ length: words.length * dim }, (_, i) => {
    const direction = Math.floor(i / dim / 8)
    return (i % dim === direction ? 1 : 0) + (random.below(1000) - 500) / 2500
  })
  return KeyedVectors.from({ words: WordTable.from(words), dim, matrix })
}

/** Damages a file of a run. */
export function damage(path: string): void {
  writeFileSync(path, '{"torn": ')
}

export function madeUpScores(): Scores {
  const tally = (questions: number, skipped: number, correct: number): Tally => ({
    questions,
    skipped,
    correct,
    accuracy: questions > skipped ? correct / (questions - skipped) : null,
    accuracyOfAll: correct / questions,
  })
  const scored = (file: string) => ({ name: file.split('.')[0]!, file, sha256: hash.padStart(64, '0') })
  return {
    format: 2,
    words: 40,
    dim: 8,
    trained: 4000,
    analogies: [
      {
        ...scored('analogies.txt'),
        method: 'add',
        restrict: 30_000,
        sections: [
          { name: 'nations', ...tally(12, 12, 0) },
          { name: 'gram1-<plural>', ...tally(2000, 40, 490) },
        ],
        semantic: tally(12, 12, 0),
        syntactic: tally(2000, 40, 490),
        total: tally(2012, 52, 490),
      },
    ],
    pairs: [
      {
        ...scored('wordsim.tsv'),
        pairs: 353,
        skipped: 13,
        pearson: { value: 0.5, p: 0 },
        spearman: { value: 0.6125, p: 0 },
      },
    ],
    odd: [{ ...scored('odd.txt'), ...tally(60, 0, 45) }],
    completion: [],
  }
}
