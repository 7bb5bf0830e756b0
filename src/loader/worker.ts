// A worker thread: finds the user's dataset and functions, and lets its lanes take turns, pass after pass, until it
// is told to close. All that it makes goes into its ring.
import { parentPort, workerData } from 'node:worker_threads'
import { formatBytes } from '../core/bytes.ts'
import { InputError } from '../core/errors.ts'
import { TimeSlice } from '../runtime/event-loop.ts'
import { unpack } from './arrive.ts'
import { BatchMemory } from './batch-memory.ts'
import { type Encoded, encode } from './codec.ts'
import type { LaneListener, Place } from './lane.ts'
import type { LaneProgram } from './lane-program.ts'
import { type FromWorker, packFailure, type ToWorker, type WorkerJob } from './messages.ts'
import { PostedIndices } from './posted-indices.ts'
import { headerBytes, placeIndex, type RecordKind, RingWriter } from './ring.ts'
import type { Packed } from './travel.ts'
import { LaneTurns, type Turn } from './turns.ts'
import { beWorker } from './worker-info.ts'

const job = workerData as WorkerJob
const port = parentPort!
const writer = new RingWriter(job.memory, job.at, job.room)
const tell = (message: FromWorker) => port.postMessage(message)

let filteredMs = 0
let toldLate = false
const listener: LaneListener = {
  doing(what, lane, sample) {
    writer.doing(what, lane)
    writer.places[placeIndex] = sample
  },
  at(sample) {
    writer.places[placeIndex] = sample
  },
  filtered(ms) {
    filteredMs += ms
    if (filteredMs < 100) return
    tell({ type: 'filtered', ms: filteredMs })
    filteredMs = 0
  },
  askedLate() {
    if (!toldLate) tell({ type: 'askedLate' })
    toldLate = true
  },
}

type PassMessage = Extract<ToWorker, { type: 'pass' }>
let wanted: PassMessage | null = null
let closing = false
let wake = () => {}
/** Ends the wait for a sample that the consumer no longer wants. */
let callOff = () => {}
/** How many errors have been passed over. */
let goneOn = 0
const indices = new PostedIndices()

port.on('message', (message: ToWorker) => {
  if (message.type === 'pass') {
    wanted = message
    indices.begin(message.pass)
  } else if (message.type === 'indices') indices.post(message)
  else if (message.type === 'goOn') goneOn++
  else closing = true
  if (message.type === 'pass' || message.type === 'close') callOff()
  wake()
})

/** Resolves at the next message. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve
  })
}

/** The user's own: the program for lanes, and how each gets its copy of the dataset. */
async function findProgram(): Promise<{
  program: LaneProgram
  datasetFor: (lane: number) => Promise<unknown>
}> {
  const found = async (packed: Packed | undefined) =>
    packed && ((await unpack(packed)) as (value: any) => unknown)
  const first = await unpack(job.dataset)
  const copies = new Map<number, unknown>()
  const datasetFor = async (lane: number) => {
    const known = copies.get(lane)
    if (known !== undefined) return known
    const copy = copies.size === 0 ? first : await unpack(structuredClone(job.dataset))
    copies.set(lane, copy)
    return copy
  }
  const program = {
    options: job.options,
    lanes: job.lanes,
    hasInfo: true,
    dtype: job.dtype,
    memory: new BatchMemory(),
    collate: await found(job.collate),
    workerInit: await found(job.workerInit),
    initialised: job.persistent ? new Set<number>() : undefined,
  }
  return { program, datasetFor }
}

async function workPass(message: PassMessage, found: Awaited<ReturnType<typeof findProgram>>): Promise<void> {
  const { pass } = message
  const turns = new LaneTurns({ ...message, ...found, feed: indices, listener })
  const slice = new TimeSlice()
  try {
    while (writer.isOn(pass)) {
      const pending = turns.next()
      const turn = pending instanceof Promise ? await unlessCalledOff(pending) : pending
      if (turn === null) return
      const goneOnBefore = goneOn
      const record = recordOf(turn)
      if (!put(record, turn, pass) && !(await putLater(record, turn, pass))) return
      if (record.kind === 'error' && job.asksAfterError) {
        listener.doing('waiting', turn.lane, turn.state.position)
        while (goneOn === goneOnBefore && writer.isOn(pass) && !closing) await nextMessage()
      }
      if (slice.isOver) await slice.renew()
    }
  } finally {
    turns.close()
  }
}

function unlessCalledOff(pending: Promise<Turn | null>): Promise<Turn | null> {
  return new Promise((resolve, reject) => {
    callOff = () => resolve(null)
    pending.then(resolve, reject)
  })
}

/** A turn, ready to be put into the ring. */
interface Record {
  kind: RecordKind
  payload: Encoded | null
  samples: number
  /** The lane's cursor as JSON, if it is more than a number. */
  cursor: Buffer | null
  cursorNumber: number | null
}

function put({ kind, payload, samples, cursor, cursorNumber }: Record, turn: Turn, pass: number): boolean {
  const { lane, state } = turn
  const payloadBytes = payload?.byteLength ?? 0
  const cursorBytes = cursor?.length ?? 0
  const at = writer.reserve(payloadBytes + cursorBytes)
  if (at < 0) return false
  payload?.writeTo(writer, at + headerBytes)
  if (cursor) writer.bytes.set(cursor, at + headerBytes + payloadBytes)
  const { position, userShards } = state
  writer.publish(at, {
    kind,
    lane,
    pass,
    payloadBytes,
    cursorBytes,
    cursorNumber,
    position,
    samples,
    userShards,
  })
  return true
}

/** False if the pass was called off while it waited for room. */
async function putLater(record: Record, turn: Turn, pass: number): Promise<boolean> {
  listener.doing('waiting', turn.lane, turn.state.position)
  for (;;) {
    await writer.waitForRoom(pass)
    if (!writer.isOn(pass)) return false
    if (put(record, turn, pass)) return true
  }
}

function recordOf({ lane, outcome, state }: Turn): Record {
  if (outcome.kind === 'error') return errorRecord(outcome)
  const cursor = typeof state.cursor === 'string' ? Buffer.from(state.cursor) : null
  const cursorNumber = typeof state.cursor === 'number' ? state.cursor : null
  if (outcome.kind !== 'batch') return { kind: outcome.kind, payload: null, samples: 0, cursor, cursorNumber }
  try {
    const payload = encode(outcome.batch, job.collate ? '`collate`' : 'the dataset')
    const cursorBytes = cursor?.length ?? 0
    if (payload.byteLength + cursorBytes > writer.mostPayload) throw tooLarge(payload.byteLength, cursorBytes)
    return { kind: 'batch', payload, samples: outcome.samples, cursor, cursorNumber }
  } catch (error) {
    return errorRecord({ error, place: { lane, doing: 'collate', sample: state.position }, final: true })
  }
}

function errorRecord(failed: { error: unknown; place: Place; final: boolean }): Record {
  return { kind: 'error', payload: encodeFailure(failed), samples: 0, cursor: null, cursorNumber: null }
}

function encodeFailure({ error, place, final }: { error: unknown; place: Place; final: boolean }): Encoded {
  const failure = packFailure(error)
  const encoded = encode({ failure, place, final })
  if (encoded.byteLength <= writer.mostPayload) return encoded
  const cut = {
    ...failure,
    message: failure.message.slice(0, 300),
    stack: failure.stack?.slice(0, 600),
    cause: undefined,
  }
  return encode({ failure: { ...cut, ours: undefined }, place, final })
}

function tooLarge(bytes: number, cursorBytes: number): InputError {
  const cursor = cursorBytes > bytes ? ` with ${formatBytes(cursorBytes)} of the dataset's state` : ''
  return new InputError('LOADER_MEMORY_LIMIT', {
    what: `a batch of ${formatBytes(bytes)}${cursor} does not fit into the loader's ring`,
    why: `with this memoryLimit each worker's share of it holds up to ${formatBytes(writer.mostPayload)} at once`,
    mend: 'raise memoryLimit, or make the batches smaller',
  })
}

try {
  beWorker()
  const found = await findProgram()
  while (!closing) {
    const message: PassMessage | null = wanted
    wanted = null
    if (message) await workPass(message, found)
    listener.doing('waiting', 0, 0)
    if (!wanted && !closing) await nextMessage()
  }
} catch (error) {
  tell({ type: 'failed', error: packFailure(error) })
}
port.close()
