// The consumer's side of one worker: its thread, its ring, and what to do when the thread ends.
//
// A worker's ring outlives the worker. What a dead one has published stays good; another takes over behind it, with
// the lanes where the last published record left them. So nothing is lost, and nothing comes twice.
import type { Worker } from 'node:worker_threads'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { describePlace, LoaderError } from './failure.ts'
import type { LaneState, Place } from './lane.ts'
import { type FromWorker, type ToWorker, unpackFailure, type WorkerJob } from './messages.ts'
import { allocateRing, type Doing, type Header, RingReader } from './ring.ts'

/** How often in a row a worker may die at the same place before that place is taken to be the reason. */
const strikesOut = 3
/** How often in a row workers may die, wherever, without a batch in between. */
const deathsOut = 10
/** How long a worker has for closing its iterators, when it is no longer wanted. */
const closingMs = 3000

type PassMessage = Extract<ToWorker, { type: 'pass' }>
type Batches = [number: number, indices: ArrayLike<number>][]

export interface SlotListener {
  warn(code: string, message: string): void
  filtered(ms: number): void
  askedLate(): void
}

export class WorkerSlot {
  readonly number: number
  readonly reader: RingReader
  /** Why this worker cannot go on; told when its turn comes. */
  failure: LoaderError | Error | null = null
  readonly #job: Omit<WorkerJob, 'at'>
  readonly #listener: SlotListener
  #worker: Worker | null = null
  #pass: PassMessage | null = null
  /** The lanes as of the last record taken, in the lanes' order. */
  #lanes: { lane: number; state: LaneState }[] = []
  #first = 0
  #avoid: Place[] = []
  #batches: Batches = []
  #total: number | null = null
  #endsAt = 0
  #placesAtStart = ''
  #lastDeath = ''
  #strikes = 0
  #deaths = 0
  #timedOutMs = 0
  #error: Error | null = null
  #gone: Promise<void> = Promise.resolve()
  #closing = false
  #waited = false

  constructor(
    number: number,
    ringBytes: number,
    job: Omit<WorkerJob, 'at' | 'memory'>,
    listener: SlotListener,
  ) {
    this.number = number
    const memory = allocateRing(ringBytes)
    this.#job = { ...job, memory }
    this.reader = new RingReader(memory)
    this.#listener = listener
  }

  /** Begins a pass: starts the thread, or tells the one that is there. */
  begin(pass: Omit<PassMessage, 'type'>): void {
    this.#pass = { type: 'pass', ...pass }
    this.#lanes = pass.lanes.map((entry) => ({ ...entry }))
    this.#first = pass.first
    this.#avoid = [...pass.avoid]
    this.#batches = []
    this.#total = null
    this.failure = null
    this.#lastDeath = ''
    this.#strikes = 0
    this.#deaths = 0
    this.reader.want(pass.pass)
    if (this.#worker) this.#post(this.#pass)
    else this.#start()
  }

  /** Sends batches of indices to the worker, and keeps them until they have come back as batches. */
  send(batches: Batches, total: number | null): void {
    this.#batches.push(...batches)
    if (total !== null) this.#total = total
    this.#post({ type: 'indices', pass: this.#pass!.pass, batches, total })
  }

  /** The next record of this pass, if it is there. */
  take(): Header | null {
    for (;;) {
      const header = this.reader.take()
      if (header === null || header.pass === this.#pass?.pass) {
        if (header) this.#follow(header, this.#lanes)
        return header
      }
      this.reader.release()
    }
  }

  /** Notes in `lanes` where a record left its lane, and whose turn is next. */
  #follow(header: Header, lanes: { lane: number; state: LaneState }[]): void {
    if (header.kind === 'error') {
      this.#first = header.lane
      return
    }
    this.#first = header.lane + 1
    const entry = lanes.find(({ lane }) => lane === header.lane)!
    entry.state = this.#stateBehind(header)
    if (this.#batches.length > 0 && header.kind !== 'end') {
      const done = (header.position - 1) * this.#job.lanes + header.lane
      this.#batches = this.#batches.filter(([number]) => number !== done)
    }
  }

  /** Where a lane is behind the last record taken of it. */
  stateOf(lane: number): LaneState {
    return this.#lanes.find((entry) => entry.lane === lane)!.state
  }

  #stateBehind(header: Header): LaneState {
    return {
      position: header.position,
      cursor:
        header.cursorNumber ??
        (header.cursorBytes > 0 ? this.reader.text(header.cursorAt, header.cursorBytes) : undefined),
      userShards: header.userShards,
      ended: header.kind === 'end',
    }
  }

  /** Resolves when there may be a record, or a failure. A worker that takes longer than `timeoutMs` is replaced. */
  async wait(timeoutMs: number): Promise<void> {
    const began = performance.now()
    this.#hold(true)
    await this.reader.wait(timeoutMs > 0 ? timeoutMs : undefined)
    this.#hold(false)
    const tookMs = performance.now() - began
    if (timeoutMs === 0 || tookMs < timeoutMs || this.failure || this.reader.pending().headers.length > 0)
      return
    this.#timedOutMs = timeoutMs
    const gone = this.#gone
    await this.#worker?.terminate()
    await gone
  }

  /** While it is waited for, the worker keeps the process alive; an iterator that was merely forgotten does not. */
  #hold(waited: boolean): void {
    this.#waited = waited
    if (waited) this.#worker?.ref()
    else this.#worker?.unref()
  }

  /** After an error that is to be passed over. */
  goOn(): void {
    this.#post({ type: 'goOn', pass: this.#pass!.pass })
  }

  /** After `failure`: leaves the place out, and goes on behind it. */
  quarantine(place: Place): void {
    this.failure = null
    this.#strikes = 0
    this.#deaths = 0
    this.#avoid.push(place)
    this.#start()
  }

  #start(): void {
    const { headers, end } = this.reader.pending()
    // A record taken but not given back keeps its memory: the writer's own check sees to that.
    this.#endsAt = end
    this.reader.reset()
    const lanes = this.#lanes.map((entry) => ({ ...entry }))
    const first = this.#first
    for (const header of headers) if (header.pass === this.#pass!.pass) this.#follow(header, lanes)
    const pass = {
      ...this.#pass!,
      lanes,
      first: this.#first,
      avoid: this.#avoid,
      careful: this.#lastDeath !== '',
    }
    this.#first = first
    this.#placesAtStart = placesOf(lanes)
    const worker = startWorker(siblingModule(import.meta.url, 'worker'), { ...this.#job, at: this.#endsAt })
    this.#worker = worker
    this.#error = null
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'failed') this.#fail(unpackFailure(message.error))
      else if (message.type === 'filtered') this.#listener.filtered(message.ms)
      else this.#listener.askedLate()
    })
    worker.on('error', (error) => {
      this.#error = error as Error
    })
    this.#gone = new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (this.#worker === worker) {
          this.#worker = null
          if (!this.#closing && !this.failure) this.#died(code)
        }
        resolve()
      })
    })
    // Behind the listeners, which make a thread hold the process.
    this.#hold(this.#waited)
    this.#post(pass)
    if (this.#job.options.kind === 'map')
      this.#post({ type: 'indices', pass: pass.pass, batches: this.#batches, total: this.#total })
  }

  /** The thread has ended without having been told to: another goes on, unless it is always the same place. */
  #died(code: number): void {
    const { what, lane, place } = this.reader.doing
    const at: Place = { lane, doing: what, sample: place }
    const where = `${what} ${lane} ${place}`
    const progressed = this.#publishedPlaces() !== this.#placesAtStart
    this.#deaths = progressed ? 1 : this.#deaths + 1
    const again = where === this.#lastDeath && !progressed && what !== 'waiting'
    this.#strikes = again ? this.#strikes + 1 : 1
    this.#lastDeath = where
    const timedOut = this.#timedOutMs
    this.#timedOutMs = 0
    const how = timedOut > 0 ? `gave no batch for ${timedOut / 1000} s` : describeEnd(code, this.#error)
    const told = `worker ${this.number} ${how}, ${describePlace(at, this.#job.options.kind)}`
    if (this.#strikes >= strikesOut || this.#deaths >= deathsOut) {
      this.#fail(this.#lastStraw(at, told, timedOut > 0))
      return
    }
    this.#listener.warn(
      timedOut > 0 ? 'LOADER_TIMEOUT' : 'LOADER_WORKER_DIED',
      `${told}; another goes on behind its last batch`,
    )
    this.#start()
    // It may have died between publishing a record and saying so.
    this.reader.wake()
  }

  /** Where the lanes are behind all that is published. Errors that were told again are no progress. */
  #publishedPlaces(): string {
    const lanes = this.#lanes.map((entry) => ({ ...entry }))
    for (const header of this.reader.pending().headers)
      if (header.pass === this.#pass!.pass && header.kind !== 'error')
        lanes.find(({ lane }) => lane === header.lane)!.state = this.#stateBehind(header)
    return placesOf(lanes)
  }

  #lastStraw(place: Place, what: string, timedOut: boolean): LoaderError {
    const skippable = isSkippable(place.doing)
    const often =
      this.#strikes >= strikesOut
        ? `${this.#strikes} times in a row at this place`
        : `${this.#deaths} times in a row`
    return new LoaderError(timedOut ? 'LOADER_TIMEOUT' : 'LOADER_WORKER_DIED', place, {
      what,
      why: `this happened ${often}`,
      mend: skippable
        ? `look at that sample, or leave it out with onError: 'skip'${timedOut ? ', or raise timeoutMs' : ''}`
        : place.doing === 'starting'
          ? 'look at what the module does on being imported; the main part of a script belongs under if (import.meta.main)'
          : timedOut
            ? 'raise timeoutMs, or look at what takes so long'
            : 'run with numWorkers: 0 to see the error where it happens',
      ...(this.#error && { cause: this.#error }),
    })
  }

  #fail(error: Error): void {
    this.failure = error
    this.reader.wake()
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  /** Calls off the pass that is going on; the worker stays. */
  rest(): void {
    this.reader.want(-1)
    this.reader.wake()
  }

  /** Ends the worker, and resolves when it has gone: by itself, its iterators closed, or within three seconds by force. */
  async close(): Promise<void> {
    this.#closing = true
    this.rest()
    const worker = this.#worker
    if (!worker) return
    this.#post({ type: 'close' })
    const late = setTimeout(() => void worker.terminate(), closingMs)
    this.#hold(true)
    await this.#gone
    clearTimeout(late)
  }
}

function placesOf(lanes: readonly { lane: number; state: LaneState }[]): string {
  return lanes.map(({ state }) => `${state.position}${state.ended ? ' ended' : ''}`).join()
}

export function isSkippable(doing: Doing): boolean {
  return doing === 'next' || doing === 'get' || doing === 'collate'
}

function describeEnd(code: number, error: (Error & { code?: unknown }) | null): string {
  if (error?.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'ran out of memory (its heap limit)'
  if (error) return `ended with an uncaught ${error.name}: ${error.message}`
  return `ended (exit code ${code})`
}
