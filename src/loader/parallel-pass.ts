// A pass whose lanes are worked by threads: takes the lanes' records out of the workers' rings, lane by lane.
import { decode } from './codec.ts'
import { LoaderError } from './failure.ts'
import type { IndexDealer } from './index-dealer.ts'
import { type LaneState, laneStart, type Place } from './lane.ts'
import { type PackedFailure, unpackFailure } from './messages.ts'
import type { Header } from './ring.ts'
import type { Turn } from './turns.ts'
import { isSkippable, type WorkerSlot } from './worker-slot.ts'

export interface ParallelSetup {
  slots: readonly WorkerSlot[]
  lanes: readonly { lane: number; state: LaneState }[]
  first: number
  pass: number
  baseSeed: bigint
  avoid: readonly Place[]
  timeoutMs: number
  /** Whether batches are views of the ring, good until the next is asked for. */
  borrow: boolean
  /** What the sampler gives, for a map dataset, and how many batches may be dealt ahead. */
  dealer: IndexDealer | null
  ahead: number
}

export class ParallelPass {
  readonly #setup: ParallelSetup
  /** The lanes that have not ended, in order. */
  readonly #lanes: number[]
  #at: number
  #borrowed: WorkerSlot | null = null
  #turns: number
  #dealtUntil = 0
  #closed = false

  constructor(setup: ParallelSetup) {
    this.#setup = setup
    const { slots, lanes, first } = setup
    this.#lanes = lanes.filter(({ state }) => !state.ended).map(({ lane }) => lane)
    this.#at = Math.max(
      this.#lanes.findIndex((lane) => lane >= first),
      0,
    )
    this.#turns = setup.dealer?.drawn ?? 0
    for (const slot of slots) {
      const own = lanes.filter(({ lane }) => slots[lane % slots.length] === slot)
      slot.begin({
        pass: setup.pass,
        baseSeed: setup.baseSeed,
        lanes: own,
        first,
        avoid: [...setup.avoid],
        careful: false,
      })
    }
  }

  /** The next turn; null when all lanes have ended. */
  next(): Turn | null | Promise<Turn | null> {
    this.#giveBack()
    if (this.#dealtUntil === 0) this.#deal()
    const lane = this.#lanes[this.#at]
    if (lane === undefined) return null
    const slot = this.#slotOf(lane)
    // Something is wrong with the dataset or the program, not with a sample.
    if (slot.failure && !(slot.failure instanceof LoaderError)) return this.#failed(slot.failure)
    const header = slot.take()
    return header ? this.#turn(slot, header) : this.#waitFor(slot)
  }

  #slotOf(lane: number): WorkerSlot {
    return this.#setup.slots[lane % this.#setup.slots.length]!
  }

  async #waitFor(slot: WorkerSlot): Promise<Turn | null> {
    while (!this.#closed) {
      const header = slot.take()
      if (header) return this.#turn(slot, header)
      if (slot.failure) return this.#failed(slot.failure)
      await slot.wait(this.#setup.timeoutMs)
    }
    return null
  }

  #turn(slot: WorkerSlot, header: Header): Turn {
    const { lane, kind } = header
    const state = slot.stateOf(lane)
    if (kind === 'end') this.#lanes.splice(this.#at, 1)
    else if (kind !== 'error') this.#at++
    if (this.#at >= this.#lanes.length) this.#at = 0
    const { borrow } = this.#setup
    let outcome: Turn['outcome']
    if (kind === 'batch') {
      const batch = decode(slot.reader.buffer, header.payloadAt, header.payloadBytes, { copy: !borrow })
      outcome = { kind, batch, samples: header.samples }
    } else if (kind === 'error') outcome = this.#error(slot, header)
    else outcome = { kind }
    if (borrow && kind === 'batch') this.#borrowed = slot
    else slot.reader.release()
    if (this.#setup.dealer && (kind === 'batch' || kind === 'dropped')) {
      this.#turns++
      if (this.#turns > this.#dealtUntil - this.#setup.ahead / 2) this.#deal()
    }
    return { lane, outcome, state }
  }

  #error(slot: WorkerSlot, header: Header): Turn['outcome'] {
    const { failure, place, final } = decode(slot.reader.buffer, header.payloadAt, header.payloadBytes, {
      copy: true,
    }) as { failure: PackedFailure; place: Place; final: boolean }
    return { kind: 'error', error: unpackFailure(failure), place, final }
  }

  /** A worker that cannot go on, at its turn. */
  #failed(error: Error): Turn {
    const place =
      error instanceof LoaderError ? error.place : { lane: -1, doing: 'starting' as const, sample: 0 }
    const lane = this.#lanes[this.#at]!
    const final = !(error instanceof LoaderError) || !isSkippable(place.doing)
    return { lane, outcome: { kind: 'error', error, place, final }, state: laneStart }
  }

  /** Goes on after an error: behind the sample that failed, or without the one that kills its worker. */
  goOn(lane: number, place: Place): void {
    const slot = this.#slotOf(lane)
    if (slot.failure) slot.quarantine(place)
    else slot.goOn()
  }

  #giveBack(): void {
    this.#borrowed?.reader.release()
    this.#borrowed = null
  }

  /** Sends the workers the next batches of indices, as many as may be ahead. */
  #deal(): void {
    const { dealer, slots, lanes, ahead } = this.#setup
    if (!dealer || (dealer.total !== null && this.#dealtUntil > dealer.total)) return
    const dealt = dealer.deal(this.#turns + ahead)
    this.#dealtUntil = dealer.total === null ? dealer.drawn : Number.POSITIVE_INFINITY
    for (const slot of slots) {
      const own = dealt.filter(([number]) => this.#slotOf(number % lanes.length) === slot)
      if (own.length > 0 || dealer.total !== null) slot.send(own, dealer.total)
    }
  }

  close(): void {
    this.#closed = true
    this.#giveBack()
    this.#setup.dealer?.close()
  }
}
