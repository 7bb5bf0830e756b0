import { InputError } from '../core/errors.ts'
import { show } from './checks.ts'
import type { StreamState } from './contract.ts'

/**
 * The place that a stage's state tells, or `start` where there is none.
 *
 * throws  InputError if the state has not the keys of `start`, or no whole number or boolean where `start` has one
 */
export function placeFrom<P extends Place>(stage: string, state: StreamState | undefined, start: P): P {
  if (state === undefined) return start
  const found = state as P
  const fits =
    typeof state === 'object' &&
    state !== null &&
    Object.keys(state).every((key) => key in start) &&
    Object.keys(start).every((key) => key in state && alike(found[key], start[key]))
  if (!fits) throw misfit(stage, `found ${JSON.stringify(state)?.slice(0, 100)}`)
  return found
}

/** The whole number that a state is. throws  InputError if it is none */
export function countFrom(stage: string, state: StreamState | undefined): number {
  if (state === undefined) return 0
  if (!isCount(state)) throw misfit(stage, `found ${show(state)}, not a count of elements`)
  return state as number
}

/** A state that is not one of this stream. */
export function misfit(stage: string, what: string): InputError {
  return new InputError('STREAM_STATE', {
    what: `the state does not fit this stream: ${stage} ${what}`,
    why: 'a state is a place in the stream that gave it, and holds for an equal pipeline over equal data only',
    mend: 'open the pipeline that gave the state, or start without it',
  })
}

type Place = Record<string, StreamState | undefined>

function alike(found: StreamState | undefined, start: StreamState | undefined): boolean {
  if (typeof start === 'number') return isCount(found)
  if (Array.isArray(start)) return Array.isArray(found)
  return start === undefined || typeof found === typeof start
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
