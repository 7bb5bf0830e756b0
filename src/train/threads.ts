import type { Worker } from 'node:worker_threads'
import { MillraceError, type PackedError, unpackError } from '../core/errors.ts'
import type { BlockAudits, CorpusFile } from '../corpus/index.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import type { SharedModel, TrainConfig } from '../word2vec/index.ts'
import { aborted } from './meeting.ts'
import { sharesBefore } from './schedule.ts'
import type { TeamMode } from './team.ts'

/** What a training thread is given once. Memory and audits are shared. */
export interface ThreadJob {
  thread: number
  model: SharedModel
  config: TrainConfig
  files: CorpusFile[]
  blockBytes: number
  audits: BlockAudits
  /** Path of the file of blocks at work; null if nobody will ask. */
  claims: string | null
  /** Blocks to leave out. */
  quarantined: number[]
  /** Where threads share lanes: how many of them take part. */
  team: TeamMode
}

/** What sets the threads to work: an epoch, from 1. */
export interface EpochJob {
  epoch: number
  /** Only the first thread goes on, so that a death tells of one block. */
  alone: boolean
  /** Blocks from this place in the epoch's order on are not to be claimed. */
  end: number
}

/** A block that was trained on. */
export interface BlockDone {
  /** In the epoch's order. */
  place: number
  /** In vocabulary, before subsampling. */
  words: number
  records: number
  hash: bigint
  /** Summed over pairs, in nats. */
  loss: number
  pairs: number
  /** It was not trained on: it is in quarantine. */
  skipped?: boolean
}

export type ThreadMessage =
  | ({ type: 'block' } & BlockDone)
  | { type: 'idle'; rounds: number }
  | { type: 'error'; error: PackedError }

/** The training threads. They claim blocks themselves; between epochs, and when stopped, they are idle. */
export class TrainThreads {
  readonly #workers: Worker[]
  readonly #job: Omit<ThreadJob, 'thread'>
  readonly #control: Int32Array
  /** Of threads that share lanes: rounds that each has gone through. */
  readonly rounds: number[]
  /** When the threads had done their last blocks, in the mean (`performance.now`). */
  idleSinceMs = 0
  #failure: MillraceError | undefined
  #closing = false

  constructor(threads: number, job: Omit<ThreadJob, 'thread'>) {
    const url = siblingModule(import.meta.url, 'train-thread')
    this.#job = job
    this.rounds = Array<number>(threads).fill(0)
    this.#control = new Int32Array(job.model.memories[0]!.buffer, job.model.layout.control, 4)
    this.#workers = Array.from({ length: threads }, (_, thread) => startWorker(url, { thread, ...job }))
    for (const worker of this.#workers) {
      // A thread may also die while it is idle.
      worker.on('error', (cause: Error) => {
        this.#failure ??= died(cause.message, cause)
      })
      worker.on('exit', (code) => {
        if (!this.#closing) this.#failure ??= died(`it ended with code ${code}`)
      })
    }
  }

  /**
   * Trains on the blocks of an epoch from a place in its order on, until `end` or `stop`.
   * When it returns, every block claimed is finished: nothing is in flight.
   *
   * end  a place: the number of blocks, or one before that
   *
   * Returns the place to go on from: the number of blocks when the epoch is complete.
   */
  async runEpoch(
    { epoch, alone, end }: EpochJob,
    order: Uint32Array,
    from: number,
    onBlock: (done: BlockDone) => void,
  ): Promise<number> {
    if (this.#failure) throw this.#failure
    const { model, audits } = this.#job
    const { buffer } = model.memories[0]!
    new Uint32Array(buffer, model.layout.order, order.length).set(order)
    sharesBefore(order, audits.words, new Float64Array(buffer, model.layout.shares, order.length + 1))
    Atomics.store(this.#control, 0, from)
    Atomics.store(this.#control, 1, 0)
    Atomics.store(this.#control, 3, 0)
    const job: EpochJob = { epoch, alone, end }
    const results = await Promise.allSettled(
      this.#workers.map((worker, thread) =>
        this.#runThread(worker, thread, job, onBlock).then(() => performance.now()),
      ),
    )
    let sum = 0
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      sum += result.value
    }
    this.idleSinceMs = sum / results.length
    return Math.min(Atomics.load(this.#control, 0), end)
  }

  /** Moves on with each piece of a block: a sign of life where blocks take long. */
  get pieces(): number {
    return Atomics.load(this.#control, 2)
  }

  /** Lets each thread finish its block and no more. */
  stop(): void {
    // Where a thread has failed, that must still be seen by those who wait for it.
    Atomics.compareExchange(this.#control, 1, 0, 1)
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #runThread(
    worker: Worker,
    thread: number,
    job: EpochJob,
    onBlock: (done: BlockDone) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        worker.off('message', onMessage).off('error', fail).off('exit', onExit)
        if (error === undefined) return resolve()
        // Threads that wait for this one must not wait on.
        Atomics.store(this.#control, 1, aborted)
        reject(error)
      }
      const onMessage = (message: ThreadMessage) => {
        if (message.type === 'block') {
          try {
            onBlock(message)
          } catch (error) {
            // Thrown on it would end the process: nobody awaits a listener.
            settle(error)
          }
        } else if (message.type === 'idle') {
          this.rounds[thread] = message.rounds
          settle()
        } else settle(unpackError(message.error))
      }
      const fail = (cause: Error) => settle(died(cause.message, cause))
      const onExit = (code: number) => settle(died(`it ended with code ${code}`))
      worker.on('message', onMessage).on('error', fail).on('exit', onExit)
      worker.postMessage(job)
    })
  }
}

function died(why: string, cause?: unknown): MillraceError {
  const mend = 'run the same command again: training goes on from the last checkpoint'
  return new MillraceError('THREAD_DIED', { what: 'a training thread died', why, mend, cause })
}
