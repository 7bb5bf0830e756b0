import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointStore } from '../../src/checkpoint/index.ts'
import { assert } from '../../src/core/errors.ts'
import { RunFolder, type TrainResult } from '../../src/run/index.ts'
import type { TrainState } from '../../src/train/state.ts'
import { trainArguments } from '../millrace.ts'
import { lastJson, run } from '../process.ts'
import { type Job, settings } from '../tool.ts'
import { busiestThread, type ThreadTime } from './profile.ts'

/** One training by one thread. */
export interface Trained {
  /** Floating-point operations that it takes: 2·D for a pair's dot product, 4·D to move both vectors. */
  flop: number
  /** Reading and tokenising included. */
  seconds: number
  folder: RunFolder
}

/** Skip-gram with negative sampling, one thread, one epoch: the command line in a process of its own. */
export async function trainOnce(
  command: readonly string[],
  corpus: string,
  dim: number,
  out: string,
): Promise<Trained> {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const job: Job = {
    ...{ corpus, out, model: 'skipgram', loss: 'ns', dim, lr: 0.025, epochs: 1, threads: 1, seed: 1 },
    deterministic: false,
  }
  const folder = new RunFolder(join(out, 'run'))
  const result: TrainResult = lastJson(await run([...command, ...trainArguments(job, folder)]))
  const last = new CheckpointStore<TrainState>(folder.checkpoints).newest()
  assert(last, 'a finished run has a checkpoint')
  const pairs = last.state.finished.reduce((sum, epoch) => sum + epoch.pairs, 0)
  return { flop: 6 * dim * pairs, seconds: result.seconds, folder }
}

/** Such a training, sampled: where its thread's time went; null if the engine wrote no profile. */
export async function profileOnce(
  command: readonly string[],
  corpus: string,
  dim: number,
  out: string,
): Promise<{ flop: number; time: ThreadTime | null; folder: RunFolder }> {
  const profiles = `${out}.profiles`
  rmSync(profiles, { recursive: true, force: true })
  const [node, ...script] = command
  const profiled = [node!, '--cpu-prof', `--cpu-prof-dir=${profiles}`, ...script]
  const { flop, folder } = await trainOnce(profiled, corpus, dim, out)
  return { flop, time: busiestThread(profiles), folder }
}

/** How often each word of a run's vocabulary was seen. */
export function countsOf({ vocabulary }: RunFolder): number[] {
  const lines = readFileSync(vocabulary, 'utf8').trimEnd().split('\n')
  return lines.map((line) => Number(line.slice(line.lastIndexOf('\t') + 1)))
}

/**
 * Operations for each row that a window brings into the core's cache: its targets, and the one context that the
 * window before did not have. A drawn radius gives window + 1 contexts on the mean.
 */
export function flopPerRow(dim: number): number {
  const targets = settings.negative + 1
  const contexts = settings.window + 1
  return (6 * dim * contexts * targets) / (targets + 1)
}
