export { toReadable, toReadableStream } from './adapters.ts'
export type { BatchOptions } from './batch.ts'
export { concat, interleave, zip } from './combine.ts'
export {
  type Cursor,
  type End,
  end,
  type MaybePromise,
  type OpenOptions,
  type Source,
  type StreamState,
} from './contract.ts'
export { from } from './from.ts'
export type { MadeOptions } from './made.ts'
export { range } from './range.ts'
export type { ByteWindow, ShuffleOptions } from './shuffle.ts'
export type { Many, Streamable } from './source-of.ts'
export { Stream } from './stream.ts'
export type { WindowOptions } from './window.ts'
