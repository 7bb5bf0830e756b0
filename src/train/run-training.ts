import { existsSync } from 'node:fs'
import { CheckpointStore } from '../checkpoint/index.ts'
import { diskError, removeQuietly } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { SafetensorsFile } from '../core/safetensors.ts'
import { findCorpusFiles } from '../corpus/index.ts'
import { acquireLockBehindOrphan, type Lock, type RunFile, RunFolder, readEvents } from '../run/index.ts'
import type { TrainConfig } from '../word2vec/index.ts'
import { endClaims, takeClaims } from './claims.ts'
import { loadOrCount } from './corpus-file.ts'
import { countAndTrain } from './count-and-train.ts'
import { requireEvaluation } from './early-stop.ts'
import { findInit } from './init.ts'
import { countOptions, type TrainOutcome, type TrainRequest } from './request.ts'
import { isAsEnded, requireEpochs, resolveConfig, withEvaluation } from './resolve-config.ts'
import { endRun, originFault, removeLeftovers, requireEmpty, startRun } from './run-record.ts'
import type { TrainState } from './state.ts'
import { extension } from './warm-start.ts'

/**
 * Trains into a run folder, going on from what is there. A complete run is returned as it is, unless more epochs are
 * asked for.
 *
 * throws  InputError or ConfigError for what was asked; PlanError if it does not fit; ResourceError if it cannot be
 *         written; StoppedError if the signal aborted: run it again to go on
 */
export async function runTraining(request: TrainRequest): Promise<TrainOutcome> {
  const folder = new RunFolder(request.out)
  const before = folder.exists() ? folder.read() : undefined
  const init = findInit(request.config, before, folder)
  const resolved = resolveConfig(request.config, before, folder, init)
  const config = withEvaluation(resolved, request, request.observer?.warning)
  const files = findCorpusFiles(request.corpus)
  if (before?.result && isShown(before, config, folder)) {
    const known = { fingerprint: before.fingerprints.corpus, init: init && extension(folder, init) }
    await loadOrCount(folder, files, countOptions(request, config), known)
    const result = { ...before.result, vectors: folder.vectors }
    return { folder, result, losses: lossesOf(folder), wasComplete: true }
  }
  const wasThere = existsSync(folder.path)
  if (wasThere && !before) requireEmpty(folder)
  const lock = await takeFolder(folder, request)
  let run: RunFile | undefined
  try {
    request.observer?.began?.(folder.path, config.memory)
    removeLeftovers(folder)
    const atWork = takeClaims(folder)
    const store = new CheckpointStore<TrainState>(folder.checkpoints)
    const faults: string[] = []
    const checkpoint = store.newest(
      (path, why) => faults.push(`checkpoint ${path} was passed over: ${why}`),
      (state) => originFault(state, before, config, init?.fingerprint ?? null),
    )
    requireEpochs(config, before, checkpoint?.state, folder)
    requireEvaluation(config, request, checkpoint?.state)
    const { corpus } = request
    run = startRun(folder, before, config, {
      corpus,
      init: init?.fingerprint ?? null,
      state: checkpoint?.state,
      supervisor: request.supervisor?.pid ?? null,
    })
    const result = await countAndTrain(request, {
      folder,
      run,
      before,
      config,
      files,
      init,
      store,
      checkpoint,
      faults,
      atWork,
    })
    return { folder, result, losses: lossesOf(folder), wasComplete: false }
  } catch (error) {
    if (!wasThere && !existsSync(folder.corpus) && !existsSync(folder.counting)) {
      // Nothing came of it: leave nothing behind.
      removeQuietly(folder.path)
    } else if (before && error instanceof InputError && error.code === 'RUN_CORPUS') {
      // It is another text that was wrong, and not the run.
      folder.write(before)
    } else if (run) {
      endRun(folder, run, error)
    }
    // It ended in order: no block is to blame.
    endClaims(folder)
    throw diskError(error, folder.path)
  } finally {
    lock.release()
  }
}

function takeFolder(folder: RunFolder, { supervisor, signal, observer }: TrainRequest): Promise<Lock> {
  return acquireLockBehindOrphan(folder, {
    ...(supervisor && { supervisor: supervisor.pid }),
    ...(signal && { signal }),
    onWait: (pid) =>
      observer?.warning?.(
        `the supervisor of process ${pid} has died; waiting until that one has saved its work`,
      ),
  })
}

/** Whether a run is complete as it is asked for, and nothing is to be done. */
function isShown(run: RunFile, config: TrainConfig, folder: RunFolder): boolean {
  return run.status === 'complete' && isAsEnded(run, config) && isWhole(folder.vectors)
}

function lossesOf(folder: RunFolder): (number | null)[] {
  return readEvents(folder.events).flatMap((event) => (event.type === 'epoch' ? [event.loss] : []))
}

/** Vectors that were lost or damaged are written again from the last checkpoint. */
function isWhole(vectors: string): boolean {
  try {
    new SafetensorsFile(vectors).close()
    return true
  } catch {
    return false
  }
}
