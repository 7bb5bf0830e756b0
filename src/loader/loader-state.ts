import { ConfigError } from '../core/errors.ts'
import type { StreamState } from '../stream/contract.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { Place } from './lane.ts'

export const stateFormat = 'millrace-loader-1'

/** Where a loader is, as plain JSON. Its size depends on the lanes and the dataset's cursor, not on how far it is. */
export interface LoaderState {
  format: typeof stateFormat
  kind: 'map' | 'iterable'
  /** Whether user code sees workers. */
  hasInfo: boolean
  seed: string | null
  /** The number of the pass, from 0. */
  epoch: number
  /** Batches and samples given in this pass. */
  batches: number
  samples: number
  /** The lane whose batch is next. */
  turn: number
  lanes: { position: number; cursor?: StreamState; userShards?: boolean; ended?: boolean }[]
  /** The seed of the pass; null if it is still to be drawn. */
  baseSeed: string | null
  /** torch's generator, as the pass's sampler finds it. */
  random: string
  quarantined: Place[]
  options: Fingerprint
  dataset: Fingerprint
}

/** Throws ConfigError if it is not what `loader.state()` gave. */
export function checkState(state: LoaderState): void {
  const isOne =
    typeof state === 'object' &&
    state !== null &&
    state.format === stateFormat &&
    Array.isArray(state.lanes) &&
    state.lanes.length > 0 &&
    typeof state.random === 'string' &&
    typeof state.options === 'object' &&
    typeof state.dataset === 'object'
  if (isOne) return
  throw new ConfigError('LOADER_STATE', {
    what: 'this is not the state of a loader',
    why: `what loader.state() gives is an object with format ${JSON.stringify(stateFormat)}`,
    mend: 'give DataLoader.resume the object itself, after JSON.parse if it was saved as text',
  })
}
