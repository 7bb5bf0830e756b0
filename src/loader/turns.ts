// Lanes take turns: lane 0's first batch, lane 1's first, …, lane 0's second, …; a lane that has ended is left out.
// A worker lets its own lanes take turns in the same way, so the batches in its ring come in the order in which the
// consumer wants them.
import type { MaybePromise } from '../stream/contract.ts'
import { openIterableLane } from './iterable-lane.ts'
import type { Lane, LaneListener, LaneState, Outcome, Place } from './lane.ts'
import { collateFor, type LaneProgram } from './lane-program.ts'
import { type IndexFeed, openMapLane } from './map-lane.ts'
import { type LaneContext, runInLane } from './worker-info.ts'

/** What came of one lane's turn, and where the lane is thereafter. */
export interface Turn {
  lane: number
  outcome: Outcome
  state: LaneState
}

export interface TurnsSetup {
  program: LaneProgram
  /** The lanes to be worked here, in order, and where they are. */
  lanes: readonly { lane: number; state: LaneState }[]
  /** The lane whose turn it is, or would be if it were one of these. */
  first: number
  pass: number
  baseSeed: bigint
  avoid: readonly Place[]
  careful: boolean
  feed: IndexFeed
  listener: LaneListener
  /** The lane's copy of the dataset, on which `workerInit` is still to be run. */
  datasetFor(lane: number): MaybePromise<unknown>
}

interface Entry {
  lane: number
  state: LaneState
  opened: Lane | null
  /** Its last batch could not be made; should that be passed over, the batch's turn is used up by it. */
  lost: boolean
}

/** The lanes of one thread, in their order. */
export class LaneTurns {
  readonly #setup: TurnsSetup
  /** Those that have not ended. */
  readonly #waiting: Entry[]
  #at: number
  #closed = false

  constructor(setup: TurnsSetup) {
    this.#setup = setup
    this.#waiting = setup.lanes
      .filter(({ state }) => !state.ended)
      .map((lane) => ({ ...lane, opened: null, lost: false }))
    const first = this.#waiting.findIndex(({ lane }) => lane >= setup.first)
    this.#at = Math.max(first, 0)
  }

  /** The next turn; null when all lanes have ended. After an error the lane has its turn again. */
  next(): MaybePromise<Turn | null> {
    const entry = this.#waiting[this.#at]
    if (!entry) return null
    if (!entry.opened) return this.#open(entry)
    if (entry.lost) return this.#took(entry, { kind: 'dropped' })
    const outcome = entry.opened.next()
    if (outcome instanceof Promise) return outcome.then((settled) => this.#took(entry, settled))
    return this.#took(entry, outcome)
  }

  async #open(entry: Entry): Promise<Turn | null> {
    const { lane, state } = entry
    const place: Place = { lane, doing: 'opening', sample: state.position }
    try {
      entry.opened = await openLane(this.#setup, place, state)
    } catch (error) {
      return { lane, outcome: { kind: 'error', error, place, final: true }, state }
    }
    if (this.#closed) {
      entry.opened.close()
      return null
    }
    return this.#took(entry, await entry.opened.next())
  }

  #took(entry: Entry, outcome: Outcome): Turn {
    const state = entry.opened!.state()
    entry.lost = outcome.kind === 'error' && outcome.place.doing === 'collate'
    if (outcome.kind === 'end') {
      entry.opened!.close()
      this.#waiting.splice(this.#at, 1)
    } else if (outcome.kind !== 'error') this.#at++
    if (this.#at >= this.#waiting.length) this.#at = 0
    return { lane: entry.lane, outcome, state }
  }

  close(): void {
    this.#closed = true
    for (const { opened } of this.#waiting.splice(0)) opened?.close()
  }
}

/** The lane's own copy of the dataset, `workerInit` run on it, and the lane on top. `place` follows what is done. */
async function openLane(setup: TurnsSetup, place: Place, from: LaneState): Promise<Lane> {
  const { lane } = place
  const { program, pass, baseSeed, avoid, careful, listener, feed } = setup
  const dataset = await setup.datasetFor(lane)
  const info = program.hasInfo
    ? Object.freeze({ id: lane, numWorkers: program.lanes, seed: baseSeed + BigInt(lane), dataset })
    : null
  const context: LaneContext = { info, asked: false }
  if (info && program.workerInit && program.initialised?.has(lane) !== true) {
    listener.doing('workerInit', lane, 0)
    place.doing = 'workerInit'
    await runInLane(context, () => program.workerInit!(lane))
    place.doing = 'opening'
    program.initialised?.add(lane)
  }
  const lanes = {
    lane,
    lanes: program.lanes,
    options: program.options,
    context,
    dataset,
    collate: collateFor(program),
    userInit: program.workerInit !== undefined,
    from,
    pass,
    avoid,
    careful,
    listener,
  }
  return program.options.kind === 'map' ? openMapLane(lanes, feed) : await openIterableLane(lanes)
}
