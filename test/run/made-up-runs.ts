import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { writeSafetensors } from '../../src/core/safetensors.ts'
import { type RunFile, RunFolder } from '../../src/run/index.ts'

/** An empty folder of runs. */
export function newRuns(): string {
  const runs = join(mkdtempSync(join(tmpdir(), 'millrace-runs-')), 'runs')
  mkdirSync(runs)
  return runs
}

export interface MadeUp {
  status?: RunFile['status']
  config?: Record<string, unknown>
  text?: string
  /** Of `questions-words`, total; with semantic and syntactic a tenth above and below. */
  accuracy?: number
  spearman?: number
  checkpoints?: number
  createdAt?: string
  /** Days since anything was written in it. */
  idleDays?: number
}

/** A run folder that holds what the index and `prune` look at, and a word's vector. */
export function makeRun(
  path: string,
  {
    status = 'complete',
    config = {},
    text = 'a.txt',
    accuracy,
    spearman,
    checkpoints = 2,
    createdAt = '2026-05-02T10:11:12.000Z',
    idleDays = 0,
  }: MadeUp = {},
): RunFolder {
  const folder = new RunFolder(path)
  mkdirSync(folder.checkpoints, { recursive: true })
  const isComplete = status === 'complete'
  folder.write({
    format: 1,
    name: basename(path),
    status,
    config: { corpus: [`/texts/${text}`], model: 'skipgram', dim: 100, lr: 0.025, epochs: 5, ...config },
    fingerprints: { config: JSON.stringify(config), corpus: `f-${text}` },
    pids: { supervisor: null, trainer: status === 'running' ? 999_999_999 : null },
    attempt: 1,
    createdAt,
    version: '0.1.0',
    error: status === 'failed' ? 'the disk is full' : null,
    result: isComplete ? { ...result, vectors: folder.vectors } : null,
  })
  writeFileSync(folder.events, isComplete ? events : events.split('\n').slice(0, 3).join('\n'))
  if (isComplete) writeFileSync(folder.vectors, vectors)
  writeFileSync(folder.vocabulary, 'a\t2\n')
  for (let number = 1; number <= checkpoints; number++) {
    const name = String(number).padStart(6, '0')
    mkdirSync(join(folder.checkpoints, name))
    writeFileSync(join(folder.checkpoints, name, 'tensors.safetensors'), 'x'.repeat(1000))
  }
  if (accuracy !== undefined || spearman !== undefined)
    writeFileSync(folder.scores, JSON.stringify(madeUpScores2(accuracy, spearman)))
  if (idleDays > 0) {
    const seconds = Date.now() / 1000 - 86_400 * idleDays
    for (const file of [folder.runFile, folder.events]) utimesSync(file, seconds, seconds)
  }
  return folder
}

/** A recipe's version: its runs' ids, and their folders and texts where these are others. */
export function makeVersion(
  path: string,
  runs: {
    id: string
    folder?: string | null
    config?: object
    seed?: number
    skipped?: string
    identity?: string | null
    corpus?: object
  }[],
  scale: string | null = 'tiny',
): void {
  mkdirSync(path, { recursive: true })
  const entries = runs.map(
    ({ id, folder = join(path, id), config = {}, seed = 1, skipped = null, identity = id, corpus = {} }) => ({
      id,
      row: null,
      cell: {},
      values: {},
      seed,
      identity,
      folder: folder === null ? null : relative(path, folder) || '.',
      corpus: { label: 'wiki, 1M words', sha256: 's', words: 1_000_000, bytes: 6_000_000, ...corpus },
      config,
      skipped,
    }),
  )
  const [name, version] = basename(path).split('@')
  const content = { format: 1, name, version: Number(version ?? 1), scale, createdAt: '2026-05-02T00:00:00Z', runs: entries } // biome-ignore format: one line
  writeFileSync(join(path, 'experiment.json'), JSON.stringify(content))
}

const vectors = (() => {
  const pieces: Uint8Array[] = []
  writeSafetensors((bytes) => pieces.push(bytes), { w: { dtype: 'F32', shape: [1, 1], bytes: new Uint8Array(4) } }) // biome-ignore format: one line
  return Buffer.concat(pieces)
})()

const result = {
  type: 'done' as const,
  words: 24_000_000,
  seconds: 187,
  wallSeconds: 190,
  wordsPerSecond: 128_342,
  vocabulary: 4000,
  peakRssBytes: 50 * 2 ** 20,
  checkpoints: { count: 5, stallSeconds: 0.5 },
  supervisorRssBytes: 0,
  restarts: 0,
  audit: { epochs: [] },
}

const events = [
  { type: 'start', words: 0, pid: 1, threads: 2 },
  {
    type: 'vocabulary',
    words: 0,
    vocabulary: 4000,
    corpusWords: 4_800_000,
    corpusBytes: 30_000_000,
    seconds: 1,
  },
  { type: 'progress', words: 10_800_000, epoch: 3, fraction: 0.45, rssBytes: 40 * 2 ** 20, seconds: 84 },
  { type: 'epoch', words: 24_000_000, epoch: 5, loss: 2.1234, seconds: 30, records: 7, hash: 'ab' },
  { type: 'done', words: 24_000_000, seconds: 187 },
]
  .map((event) => JSON.stringify({ time: '2026-05-02T10:11:12.000Z', attempt: 1, ...event }))
  .join('\n')

function madeUpScores2(accuracy: number | undefined, spearman: number | undefined): object {
  const tally = (share: number) => ({ questions: 100, skipped: 50, correct: 0, accuracy: share, accuracyOfAll: share / 2 }) // biome-ignore format: one line
  const file = 'questions-words.txt'
  return {
    format: 2,
    words: 4000,
    dim: 100,
    trained: 24_000_000,
    analogies:
      accuracy === undefined
        ? []
        : [
            {
              name: 'questions-words',
              file,
              method: 'add',
              restrict: 30_000,
              sections: [{ name: 'gram1-adjective', ...tally(0.25) }],
              semantic: tally(accuracy + 0.1),
              syntactic: tally(accuracy - 0.1),
              total: tally(accuracy),
            },
          ],
    pairs:
      spearman === undefined
        ? []
        : [{ name: 'wordsim353', file: 'wordsim353.tsv', pairs: 353, skipped: 3, pearson: { value: 0.5, p: 0 }, spearman: { value: spearman, p: 0 } }], // biome-ignore format: one line
    odd: [{ name: 'odd.small', file: 'odd.txt', ...tally(0.75) }],
    completion: [],
  }
}
