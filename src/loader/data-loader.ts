import { availableParallelism } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { ConfigError } from '../core/errors.ts'
import { requireNode } from '../runtime/workers.ts'
import type { Collated } from './collated.ts'
import { type Dataset, datasetKind, indexed } from './dataset.ts'
import { difference, fingerprintDataset, fingerprintOptions } from './fingerprint.ts'
import { IndexDealer } from './index-dealer.ts'
import { type LaneState, laneStart, type Place } from './lane.ts'
import { checkState, type LoaderState, stateFormat } from './loader-state.ts'
import { type FromWorker, packFailure } from './messages.ts'
import { type DataLoaderOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { ParallelPass } from './parallel-pass.ts'
import { PassIterator, type Turns } from './pass-iterator.ts'
import { asSampler, BatchSampler, RandomSampler, type Sampler, SequentialSampler } from './sampler.ts'
import { TorchRandom } from './torch-random.ts'
import { copyHere, packDataset, packFunction, searchedModules } from './travel.ts'
import { LaneTurns } from './turns.ts'
import { FilterMeter, once, warn, warnOfLateAsking } from './warnings.ts'
import { isImported } from './worker-info.ts'
import { WorkerSlot } from './worker-slot.ts'

requireNode()

/** Where a pass is: behind the last batch that was given. */
interface Progress {
  epoch: number
  baseSeed: bigint
  /** The generator as the sampler finds it. */
  random: string
  lanes: LaneState[]
  /** The lane whose turn is next. */
  turn: number
  batches: number
  samples: number
  /** What kills whoever touches it, and is left out. */
  quarantined: Place[]
  ended: boolean
}

/**
 * Makes batches of a dataset, in this thread or in workers, pass after pass; as `torch.utils.data.DataLoader`.
 *
 * The batches and their order depend on the dataset, the options, the seed and the lanes, not on how many workers
 * there are or how fast they run. A worker that dies is replaced. `state()` between any two batches is all that
 * `DataLoader.resume` needs to go on with exactly the rest.
 *
 * memory  `memoryLimit` bytes of shared memory at most, and with workers one copy of the dataset for each lane
 * throws  ConfigError for a wrong option or a field that cannot get to a worker; what only a worker can find out, such as
 *         that a function is not exported, is told while iterating
 */
export class DataLoader<T = any, B = Collated<T>> implements AsyncIterable<B> {
  readonly dataset: Dataset<T>
  readonly #options: ResolvedOptions
  readonly #fingerprints: Pick<LoaderState, 'options' | 'dataset'>
  readonly #sampler: Sampler<ArrayLike<number>> | null
  #random: TorchRandom
  #progress: Progress | null = null
  #goOnWith: Progress | null = null
  /** Threads that stay from pass to pass, and their seed. */
  #persistent: { slots: WorkerSlot[]; baseSeed: bigint } | null = null
  /** Those that have begun and not ended. */
  readonly #passes = new Set<PassIterator<B>>()

  constructor(dataset: Dataset<T>, options: DataLoaderOptions<T, B> = {}) {
    const kind = datasetKind(dataset)
    this.dataset = dataset
    this.#options = resolveOptions(kind, options as DataLoaderOptions)
    this.#sampler = kind === 'map' ? samplerFor(dataset, this.#options) : null
    this.#random = new TorchRandom(this.#options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!)
    this.#fingerprints = {
      options: fingerprintOptions(this.#options),
      dataset: fingerprintDataset(dataset),
    }
    if (this.#options.numWorkers > 0) this.#packed()
    if (this.#options.numWorkers > availableParallelism())
      warn(
        'LOADER_WORKERS',
        `numWorkers is ${this.#options.numWorkers}, and this machine runs ${availableParallelism()} threads at a time`,
      )
  }

  /**
   * A loader that goes on behind the batch after which `state` was taken, with any number of workers. The lanes are
   * those of the state.
   *
   * throws  ConfigError that names the option, or the dataset's field, that is not what it was
   */
  static resume<T = any, B = Collated<T>>(
    dataset: Dataset<T>,
    options: DataLoaderOptions<T, B>,
    state: LoaderState,
  ): DataLoader<T, B> {
    checkState(state)
    const lanes = state.hasInfo || options.numWorkers ? state.lanes.length : undefined
    const loader = new DataLoader<T, B>(dataset, { ...options, lanes })
    loader.#goTo(state, options)
    return loader
  }

  #goTo(state: LoaderState, { seed }: DataLoaderOptions): void {
    const { kind } = this.#options
    const changed =
      (kind !== state.kind ? `the dataset was read by ${state.kind}, and is by ${kind} now` : null) ??
      difference(state.options, this.#fingerprints.options) ??
      difference(state.dataset, this.#fingerprints.dataset, "the dataset's ") ??
      (seed !== undefined && state.seed !== null && String(seed) !== state.seed
        ? `seed was ${state.seed} when the state was saved, and is ${seed} now`
        : null)
    if (changed)
      throw new ConfigError('LOADER_RESUME', {
        what: changed,
        why: 'going on from a saved place gives the same batches only with the same dataset and options',
        mend: 'use what the state was saved with, or begin anew with new DataLoader(…)',
      })
    this.#random = TorchRandom.from(state.random)
    this.#goOnWith = {
      epoch: state.epoch,
      baseSeed: state.baseSeed === null ? this.#random.next64() : BigInt(state.baseSeed),
      random: state.random,
      lanes: state.lanes.map((lane) => ({
        position: lane.position,
        cursor: lane.cursor === undefined ? undefined : JSON.stringify(lane.cursor),
        userShards: lane.userShards ?? false,
        ended: lane.ended ?? false,
      })),
      turn: state.turn,
      batches: state.batches,
      samples: state.samples,
      quarantined: [...state.quarantined],
      ended: false,
    }
    if (state.baseSeed === null) this.#goOnWith.random = this.#random.state()
  }

  /** Batches in a pass, as PyTorch's `len(loader)`; undefined where the dataset or sampler has no length. */
  get length(): number | undefined {
    if (this.#sampler) return this.#sampler.length
    const { length } = this.dataset as { length?: unknown }
    if (typeof length !== 'number' || typeof this.dataset === 'function') return undefined
    const { batchSize, dropLast } = this.#options
    const batches = length / (batchSize ?? 1)
    return dropLast ? Math.floor(batches) : Math.ceil(batches)
  }

  /** The number of the pass that is going on, or if none is, of the next: 0 for the first. */
  get epoch(): number {
    const progress = this.#goOnWith ?? this.#progress
    if (!progress) return 0
    return progress.ended ? progress.epoch + 1 : progress.epoch
  }

  /** The samples that were left out in this pass because they kill their worker. */
  get quarantined(): readonly Place[] {
    return this.#progress?.quarantined ?? []
  }

  /**
   * The place behind the last batch that was given, as JSON of a size that does not grow. After the last batch of a
   * pass it is the end of that pass, and once the pass has been found to end, the start of the next.
   */
  state(): LoaderState {
    const { kind, seed, hasInfo, lanes } = this.#options
    const saved = this.#goOnWith ?? this.#progress
    const progress = saved && !saved.ended ? saved : null
    return {
      format: stateFormat,
      kind,
      hasInfo,
      seed: seed === undefined ? null : String(seed),
      epoch: this.epoch,
      batches: progress?.batches ?? 0,
      samples: progress?.samples ?? 0,
      turn: progress?.turn ?? 0,
      lanes: (progress?.lanes ?? Array.from({ length: lanes }, () => laneStart)).map((lane) => ({
        position: lane.position,
        ...(lane.cursor !== undefined && { cursor: JSON.parse(String(lane.cursor)) }),
        ...(lane.userShards && { userShards: true }),
        ...(lane.ended && { ended: true }),
      })),
      baseSeed: progress ? String(progress.baseSeed) : (this.#persistent?.baseSeed.toString() ?? null),
      random: progress?.random ?? this.#random.state(),
      quarantined: [...(saved?.quarantined ?? [])],
      ...this.#fingerprints,
    }
  }

  /** Begins a pass, or goes on with the one that was resumed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    if (isImported()) throw importedError()
    const { persistentWorkers } = this.#options
    if (persistentWorkers) for (const pass of this.#passes) void pass.return()
    const progress = this.#goOnWith ?? this.#newProgress()
    this.#goOnWith = null
    this.#progress = progress
    const slots = this.#slots(progress.baseSeed)
    const iterator = new PassIterator<B>(
      this.#turns(progress, slots),
      this.#options,
      progress,
      this.dataset,
      async () => {
        this.#passes.delete(iterator)
        if (persistentWorkers) for (const slot of slots) slot.rest()
        else await Promise.all(slots.map((slot) => slot.close()))
      },
    )
    this.#passes.add(iterator)
    return iterator
  }

  #newProgress(): Progress {
    if (this.#progress && !this.#progress.ended) this.#random = this.#randomBehind(this.#progress)
    const epoch = this.#progress ? this.#progress.epoch + 1 : 0
    const baseSeed = this.#persistent?.baseSeed ?? this.#random.next64()
    return {
      epoch,
      baseSeed,
      random: this.#random.state(),
      lanes: Array.from({ length: this.#options.lanes }, () => laneStart),
      turn: 0,
      batches: 0,
      samples: 0,
      // A sample of an iterable dataset is known by its number in the pass, and may be another in the next.
      quarantined: this.#progress?.quarantined.filter(({ doing }) => doing === 'get') ?? [],
      ended: false,
    }
  }

  /** The generator as torch has it after a pass that was broken off: what was asked of the sampler is drawn. */
  #randomBehind({ random, batches }: Progress): TorchRandom {
    const { hasInfo, lanes, prefetchFactor = 2 } = this.#options
    const generator = TorchRandom.from(random)
    const ahead = hasInfo ? lanes * prefetchFactor : 0
    if (this.#sampler)
      new IndexDealer(this.#sampler.draw(generator), batches + ahead, Number.POSITIVE_INFINITY)
    return generator
  }

  #turns(progress: Progress, slots: WorkerSlot[]): Turns {
    const { lanes: laneCount, numWorkers, timeoutMs, borrow, prefetchFactor, hasInfo, kind } = this.#options
    const lanes = progress.lanes.map((state, lane) => ({ lane, state }))
    const dealer = this.#sampler
      ? new IndexDealer(
          this.#sampler.draw(this.#random),
          batchesDone(progress.lanes),
          indexed(this.dataset).length,
        )
      : null
    const place = {
      lanes,
      first: progress.turn,
      pass: progress.epoch,
      baseSeed: progress.baseSeed,
      avoid: progress.quarantined,
    }
    if (numWorkers > 0) {
      const ahead = laneCount * (prefetchFactor ?? 64)
      return new ParallelPass({ ...place, slots, timeoutMs, borrow, dealer, ahead })
    }
    const { collate, workerInit, dtype } = this.#options
    const filter = new FilterMeter(laneCount)
    const askedLate = once(warnOfLateAsking)
    const mustCopy = hasInfo && (kind === 'iterable' || workerInit !== undefined)
    return new LaneTurns({
      ...place,
      program: {
        options: this.#options,
        lanes: laneCount,
        hasInfo,
        dtype,
        collate,
        workerInit,
        memory: undefined,
        initialised: undefined,
      },
      feed: dealer ?? { take: () => null },
      careful: false,
      listener: { doing() {}, at() {}, filtered: (ms) => filter.add(ms), askedLate },
      datasetFor: () => (mustCopy ? copyHere(this.dataset) : this.dataset),
    })
  }

  /** The threads of a pass. */
  #slots(baseSeed: bigint): WorkerSlot[] {
    const { numWorkers, lanes, prefetchFactor, persistentWorkers, memoryLimit, onError, dtype } =
      this.#options
    if (numWorkers === 0) return []
    if (this.#persistent) return this.#persistent.slots
    const count = Math.min(numWorkers, lanes)
    const lanesEach = Math.ceil(lanes / count)
    const job = {
      ...this.#packed(),
      room: prefetchFactor
        ? { mostUnread: prefetchFactor * lanesEach, roomFor: prefetchFactor * lanesEach + 1 }
        : { mostUnread: 256, roomFor: 4 },
      options: laneOptions(this.#options),
      lanes,
      dtype,
      persistent: persistentWorkers,
      asksAfterError: onError !== 'skip',
    }
    const filter = new FilterMeter(lanes)
    const askedLate = once(warnOfLateAsking)
    const slots = Array.from(
      { length: count },
      (_, number) =>
        new WorkerSlot(number, Math.max(memoryLimit / count, leastRing), job, {
          warn,
          filtered: (ms) => filter.add(ms),
          askedLate,
        }),
    )
    if (persistentWorkers) this.#persistent = { slots, baseSeed }
    return slots
  }

  #packed() {
    const { collate, workerInit } = this.#options
    const searched = searchedModules(this.dataset)
    return {
      dataset: packDataset(this.dataset),
      collate: collate && packFunction(collate, 'collate', searched),
      workerInit: workerInit && packFunction(workerInit, 'workerInit', searched),
    }
  }

  /** Ends every pass that is going on, and persistent workers. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#passes, (pass) => pass.return()))
    const persistent = this.#persistent
    this.#persistent = null
    await Promise.all(persistent?.slots.map((slot) => slot.close()) ?? [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** A ring holds at least the news that something does not fit into it. */
const leastRing = 4096

function importedError(): ConfigError {
  const error = new ConfigError('LOADER_IMPORTED', {
    what: 'a worker imported the script that defines the dataset, and the script iterates a loader',
    why: 'each worker imports it, and would start workers of its own',
    mend: 'put what the script does under: if (import.meta.main) { … }',
  })
  // The script may do with its error what it likes; the loader that started this worker is told as well.
  parentPort?.postMessage({ type: 'failed', error: packFailure(error) } satisfies FromWorker)
  return error
}

function laneOptions({ kind, batchSize, dropLast, sharding }: ResolvedOptions) {
  return { kind, batchSize, dropLast, sharding }
}

/** How many of the epoch's batches have been given: those of lane l are l, l + lanes, l + 2·lanes, … */
function batchesDone(lanes: readonly LaneState[]): number {
  return lanes.reduce((sum, { position }) => sum + position, 0)
}

function samplerFor(dataset: unknown, options: ResolvedOptions): Sampler<ArrayLike<number>> {
  const { batchSize, batchSampler, sampler, shuffle, dropLast } = options
  if (batchSampler) return asSampler('batchSampler', batchSampler)
  const source = indexed(dataset)
  const single = sampler
    ? asSampler('sampler', sampler)
    : shuffle
      ? new RandomSampler(source)
      : new SequentialSampler(source)
  return new BatchSampler(single, { batchSize: batchSize ?? 1, dropLast })
}
