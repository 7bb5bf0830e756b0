import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { type Cursor, end, type Source, type StreamState } from '../../src/stream/contract.ts'
import { type Faults, Probe } from './stream-probe.ts'

/** A stream whose passes `for await` can walk, as `Stream` is. */
export type Walkable = Source<unknown> & AsyncIterable<unknown>

export interface LawOptions {
  /** How many elements of a stream are looked at, which may be infinite. */
  limit?: number
  /** What the JSON of a state may be long. */
  stateLength?: number
  /** Whether to resume behind errors too. Not where `zip` stands below a stage that tells an error again. */
  behindFaults?: boolean
}

/**
 * Proves of a stream, made by `make` over the sources of a probe, what holds for every stage:
 *
 * - a pass opened with the state told behind any element gives exactly the rest; that state is short JSON
 * - two passes are equal, also when they are taken in turns
 * - every source is closed once, however a pass is left: at its end, at any place, on an error, while it waits
 * - an abort is told at any place, and leaves no listener
 */
export async function proveStreamLaws(
  make: (probe: Probe) => Walkable,
  options: LawOptions = {},
): Promise<void> {
  const laws = new Laws(make, options)
  const whole = await laws.readWhole()
  await laws.resumes(whole)
  await laws.repeats(whole)
  await laws.skips(whole)
  for (let place = 0; place <= whole.items.length; place++) {
    await laws.closes(whole, place)
    await laws.breaks(whole, place)
    await laws.aborts(whole, place)
  }
  for (let fault = 0; fault < 6; fault++) await laws.fails(whole, fault)
}

interface Whole {
  items: unknown[]
  /** The state before each element, and behind the last. */
  states: StreamState[]
}

const boom = new Error('boom')
const stop = new Error('stop')

class Laws {
  readonly #make: (probe: Probe) => Walkable
  readonly #limit: number
  readonly #stateLength: number
  readonly #behindFaults: boolean

  constructor(
    make: (probe: Probe) => Walkable,
    { limit = 24, stateLength = 300, behindFaults = true }: LawOptions,
  ) {
    this.#make = make
    this.#limit = limit
    this.#stateLength = stateLength
    this.#behindFaults = behindFaults
  }

  async readWhole(): Promise<Whole> {
    const { cursor, leave } = this.#open()
    const whole: Whole = { items: [], states: [this.#stateOf(cursor)] }
    while (whole.items.length < this.#limit) {
      const item = await cursor.next()
      if (item === end) break
      whole.items.push(item)
      whole.states.push(this.#stateOf(cursor))
    }
    await leave('read as a whole')
    return whole
  }

  async resumes({ items, states }: Whole): Promise<void> {
    for (const [place, state] of states.entries()) {
      const { cursor, leave } = this.#open(state)
      const again = this.#stateOf(cursor)
      assert.deepEqual(await this.#read(cursor, place), items.slice(place), `resumed at ${place}`)
      await leave(`resumed at ${place}`)
      const other = this.#open(again)
      assert.deepEqual(await this.#read(other.cursor, place), items.slice(place), `resumed twice at ${place}`)
      await other.leave(`resumed twice at ${place}`)
    }
    // One element a pass, each resumed from the last.
    let state: StreamState = states[0] as StreamState
    for (const [place, item] of items.entries()) {
      const { cursor, leave } = this.#open(state)
      assert.deepEqual(await cursor.next(), item, `element ${place}, resumed at each`)
      state = this.#stateOf(cursor)
      await leave(`resumed at each, ${place}`)
    }
  }

  async repeats({ items }: Whole): Promise<void> {
    const probe = new Probe()
    const stream = this.#make(probe)
    const [one, two] = [stream.open(), stream.open()]
    for (const [place, item] of items.entries()) {
      assert.deepEqual(await one.next(), item, `one of two passes at ${place}`)
      assert.deepEqual(await two.next(), item, `the other of two passes at ${place}`)
    }
    one.close()
    two.close()
    await probe.audit('two passes')
  }

  async skips({ items }: Whole): Promise<void> {
    for (const place of items.keys()) {
      const { cursor, leave } = this.#open()
      assert.deepEqual(await this.#read(cursor, this.#limit - place), items.slice(0, place))
      assert.equal(await cursor.skip!(), true, `skipped at ${place}`)
      const state = this.#stateOf(cursor)
      assert.deepEqual(
        await this.#read(cursor, place + 1),
        items.slice(place + 1),
        `behind the skipped ${place}`,
      )
      await leave(`skipped at ${place}`)
      const resumed = this.#open(state)
      assert.deepEqual(
        await this.#read(resumed.cursor, place + 1),
        items.slice(place + 1),
        `resumed behind ${place}`,
      )
      await resumed.leave(`resumed behind the skipped ${place}`)
    }
  }

  async closes({ items }: Whole, place: number): Promise<void> {
    const { cursor, leave } = this.#open()
    await this.#read(cursor, this.#limit - place)
    const pending = cursor.next()
    const isPending = pending instanceof Promise
    cursor.close()
    if (isPending) assert.equal(await promptly(pending), end, `pending at ${place} when closed`)
    assert.equal(await cursor.next(), end, `closed at ${place}`)
    const given = isPending || pending === end ? place : place + 1
    await this.#goesOn(cursor, items, given, `closed at ${place}`)
    await leave(`closed at ${place}`)
  }

  async breaks({ items }: Whole, place: number): Promise<void> {
    const probe = new Probe()
    const read: unknown[] = []
    for await (const item of this.#make(probe)) {
      read.push(item)
      if (read.length >= place) break
    }
    assert.deepEqual(read, items.slice(0, Math.max(1, place)), `left at ${place}`)
    await probe.audit(`left at ${place}`)
  }

  async aborts({ items }: Whole, place: number): Promise<void> {
    for (const moment of ['between', 'pending'] as const) {
      const controller = new AbortController()
      if (place === 0 && moment === 'between') controller.abort(stop)
      const probe = new Probe()
      const cursor = this.#make(probe).open(undefined, { signal: controller.signal })
      if (!controller.signal.aborted) await this.#read(cursor, this.#limit - place)
      const pending = moment === 'pending' ? cursor.next() : undefined
      controller.abort(stop)
      const at = `aborted at ${place}, ${moment}`
      let given = place
      if (pending instanceof Promise) await assert.rejects(promptly(pending), stop, at)
      else if (pending !== undefined && pending !== end) given++
      if (pending === end) assert.equal(await cursor.next(), end, at)
      else await assert.rejects(async () => cursor.next(), stop, at)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0, at)
      await this.#goesOn(cursor, items, given, at)
      await probe.audit(at)
    }
  }

  /** The state told by a pass that was left behind `given` elements is as good as any. */
  async #goesOn(left: Cursor<unknown>, items: unknown[], given: number, at: string): Promise<void> {
    const { cursor, leave } = this.#open(this.#stateOf(left))
    const rest = await this.#read(cursor, given)
    assert.deepEqual(rest.slice(0, items.length - given), items.slice(given), `${at}, and resumed`)
    await leave(`${at}, and resumed`)
  }

  async fails({ items }: Whole, fault: number): Promise<void> {
    const probe = new Probe({ fault, error: boom })
    const read: unknown[] = []
    try {
      for await (const item of this.#make(probe)) {
        read.push(item)
        if (read.length >= this.#limit) break
      }
      assert.deepEqual(read, items, `with a fault at ${fault} that was not met`)
    } catch (error) {
      if (error !== boom) throw error
    }
    await probe.audit(`failed at ${fault}`)
    if (this.#behindFaults) await this.#goesOnBehind(fault)
  }

  /**
   * Asked again after an error, a cursor goes on; resumed from its state, another gives the same elements. The error
   * itself may come again, where it came in the middle of a batch or window, which is then filled again.
   */
  async #goesOnBehind(fault: number): Promise<void> {
    const faults = { fault, error: boom, onlySeekable: true }
    const { cursor, leave } = this.#open(undefined, faults)
    let resumeAt: StreamState | undefined
    const rest: unknown[] = []
    for (let asked = 0; asked < this.#limit; asked++) {
      const item = await tell(cursor)
      if (item === boom) resumeAt ??= this.#stateOf(cursor)
      else if (resumeAt !== undefined) rest.push(item)
      if (item === end) break
    }
    await leave(`asked again after a fault at ${fault}`)
    if (resumeAt === undefined) return
    const resumed = this.#open(resumeAt, faults)
    for (const item of rest) {
      let again = await tell(resumed.cursor)
      for (let asked = 0; again === boom && asked < this.#limit; asked++) again = await tell(resumed.cursor)
      assert.deepEqual(again, item, `resumed behind a fault at ${fault}`)
    }
    await resumed.leave(`resumed behind a fault at ${fault}`)
  }

  #open(state?: StreamState, faults?: Faults) {
    const probe = new Probe(faults)
    const cursor = this.#make(probe).open(state)
    const leave = async (at: string) => {
      cursor.close()
      cursor.close()
      await probe.audit(at)
    }
    return { cursor, leave }
  }

  /** The elements up to the limit, of which `given` were given before. */
  async #read(cursor: Cursor<unknown>, given: number): Promise<unknown[]> {
    const items: unknown[] = []
    while (given + items.length < this.#limit) {
      const item = await cursor.next()
      if (item === end) break
      items.push(item)
    }
    return items
  }

  #stateOf(cursor: Cursor<unknown>): StreamState {
    const json = JSON.stringify(cursor.state())
    assert.ok(json.length <= this.#stateLength, `a state of ${json.length} characters: ${json}`)
    return JSON.parse(json)
  }
}

/** The next element, or the fault in its place. */
async function tell(cursor: Cursor<unknown>): Promise<unknown> {
  try {
    return await cursor.next()
  } catch (error) {
    if (error !== boom) throw error
    return error
  }
}

/** What must settle without any source settling. */
async function promptly<T>(pending: Promise<T>): Promise<T> {
  const late = Symbol('late')
  const turns = async () => {
    for (let i = 0; i < 3; i++) await null
    return late
  }
  const first = await Promise.race([pending, turns()])
  assert.notEqual(first, late, 'a pending next() did not settle at once')
  return first as T
}
