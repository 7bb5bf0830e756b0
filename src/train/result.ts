import { writeFileAtomically } from '../core/disk.ts'
import type { Vocabulary } from '../corpus/index.ts'
import type { RunFile, RunFolder, TrainResult } from '../run/index.ts'
import { peakRssBytes } from '../runtime/memory.ts'
import { writeStreamedVectors } from '../vectors/index.ts'
import type { SharedModel, TrainConfig } from '../word2vec/index.ts'
import { hasEnded } from './early-stop.ts'
import { rowBytes } from './parameters.ts'
import { type TrainState, totalOf } from './state.ts'
import type { WarmStart } from './warm-start.ts'

/** Writes the vectors: those that were trained, and behind them those that were brought and kept. */
export function writeResult(
  folder: RunFolder,
  model: SharedModel,
  words: Vocabulary,
  start: WarmStart | undefined,
  alive: () => void,
): void {
  const rows = function* () {
    yield* rowBytes(model, 'input', alive)
    if (start) yield* start.keptBytes()
  }
  writeFileAtomically(folder.vectors, (write) =>
    writeStreamedVectors(write, { words, counts: words.counts, dim: model.dim, rows }),
  )
}

/** What a run that has come to its end has to tell. */
export function resultOf(
  folder: RunFolder,
  run: RunFile,
  config: TrainConfig,
  state: TrainState,
  vectors: Vocabulary,
  wallSeconds: number,
): TrainResult {
  const words = totalOf(state, 'words')
  const seconds = totalOf(state, 'seconds')
  const early = hasEnded(state, config) ? state.ended?.told : undefined
  return {
    type: 'done',
    words,
    seconds,
    wallSeconds,
    wordsPerSecond: words / seconds,
    vocabulary: vectors.length,
    checkpoints: { count: state.checkpoints ?? 0, stallSeconds: state.stallSeconds ?? 0 },
    peakRssBytes: Math.max(state.peakRssBytes, peakRssBytes()),
    supervisorRssBytes: run.pids.supervisor === null ? 0 : peakRssBytes(run.pids.supervisor),
    restarts: run.attempt - 1,
    audit: {
      epochs: state.finished.map(({ records, hash, quarantined }, i) => ({
        epoch: i + 1,
        records,
        hash,
        ...(quarantined && { quarantined }),
      })),
    },
    vectors: folder.vectors,
    ...(early && { stoppedEarly: early }),
  }
}
