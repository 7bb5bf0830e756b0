// What the loader and its worker threads say to each other, beside the batches in the ring.
import { MillraceError, type PackedError, packError, unpackError } from '../core/errors.ts'
import type { Dtype } from './collate.ts'
import { describeThrown } from './failure.ts'
import type { LaneOptions, LaneState, Place } from './lane.ts'
import type { RingMemory } from './ring.ts'
import type { Packed } from './travel.ts'

/** What a worker is started with. */
export interface WorkerJob {
  memory: RingMemory
  /** Where in the ring it goes on. */
  at: number
  room: { mostUnread: number; roomFor: number }
  dataset: Packed
  collate: Packed | undefined
  workerInit: Packed | undefined
  options: LaneOptions
  lanes: number
  dtype: Dtype | undefined
  /** Whether it works more than one pass, with the same copies of the dataset. */
  persistent: boolean
  /** Whether it waits after an error until it is told to go on. */
  asksAfterError: boolean
}

export type ToWorker =
  | {
      type: 'pass'
      pass: number
      baseSeed: bigint
      lanes: { lane: number; state: LaneState }[]
      first: number
      avoid: Place[]
      /** Whether it goes on for one that died. */
      careful: boolean
    }
  /** Batches of indices, by their number in the epoch. `total`: how many there are, once that is known. */
  | {
      type: 'indices'
      pass: number
      batches: [number: number, indices: ArrayLike<number>][]
      total: number | null
    }
  /** The error was passed over. */
  | { type: 'goOn'; pass: number }
  | { type: 'close' }

export type FromWorker =
  /** Nothing can be done: the user's modules or functions were not found. */
  | { type: 'failed'; error: PackedFailure }
  /** So long was spent on samples of which most were other lanes'. */
  | { type: 'filtered'; ms: number }
  | { type: 'askedLate' }

/** Any error, as plain data that every thread can read. */
export interface PackedFailure {
  name: string
  message: string
  stack: string | undefined
  code: unknown
  ours: PackedError | undefined
  cause: PackedFailure | undefined
}

export function packFailure(error: unknown): PackedFailure {
  try {
    return packAny(error, 0)
  } catch {
    return packText(describeThrown(error))
  }
}

function packAny(error: unknown, depth: number): PackedFailure {
  if (!(error instanceof Error)) return packText(describeThrown(error))
  const { code, cause } = error as Error & { code?: unknown }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    ours: error instanceof MillraceError ? packError(error) : undefined,
    cause: cause === undefined || depth > 4 ? undefined : packAny(cause, depth + 1),
  }
}

function packText(message: string): PackedFailure {
  return { name: 'Error', message, stack: undefined, code: undefined, ours: undefined, cause: undefined }
}

const builtIn: Record<string, ErrorConstructor> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** The error again, of its own type where that is the language's, with the stack it had. */
export function unpackFailure(packed: PackedFailure): Error {
  const error = packed.ours ? unpackError(packed.ours) : new (builtIn[packed.name] ?? Error)(packed.message)
  const set = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
  if (!packed.ours && error.name !== packed.name) set('name', packed.name)
  if (!packed.ours && packed.code !== undefined) set('code', packed.code)
  if (packed.stack !== undefined) set('stack', packed.stack)
  if (packed.cause) set('cause', unpackFailure(packed.cause))
  return error
}
