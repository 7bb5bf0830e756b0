import { inspect } from 'node:util'
import { MillraceError } from '../core/errors.ts'
import type { Place } from './lane.ts'

/** Something went wrong with one sample, one batch or one worker; `place` says where, `cause` is the user's own error. */
export class LoaderError extends MillraceError {
  readonly place: Place

  constructor(code: string, place: Place, parts: MillraceError['parts']) {
    super(code, parts)
    this.place = place
  }
}

/** What was being done at a place, in words: `getting sample 7 (lane 1)`. */
export function describePlace({ lane, doing, sample }: Place, kind: 'map' | 'iterable'): string {
  const where = `(lane ${lane})`
  switch (doing) {
    case 'get':
      return `in get(${sample}) ${where}`
    case 'next':
      return `in the iterator's next(), at its sample ${sample} ${where}`
    case 'opening':
      return sample > 0
        ? `passing over ${sample} samples again ${where}`
        : `opening the dataset's iterator ${where}`
    case 'collate':
      return kind === 'map'
        ? `in collate, with batch ${sample - 1} ${where}`
        : `in collate, with the batch that ends before sample ${sample} ${where}`
    case 'workerInit':
      return `in workerInit ${where}`
    case 'starting':
      return "importing the dataset's module"
    case 'waiting':
      return `idle ${where}`
  }
}

/** The user's own error, with its place. */
export function sampleError(
  error: unknown,
  place: Place,
  kind: 'map' | 'iterable',
  worker: number | null,
): Error {
  // What is said of the dataset as a whole, or of an option, needs no place.
  const isOurs = error instanceof MillraceError && !(error instanceof LoaderError)
  if (isOurs && (place.doing === 'opening' || error.code.startsWith('LOADER_'))) return error
  const what = `${worker === null ? '' : `worker ${worker} `}failed ${describePlace(place, kind)}`
  if (isOurs) {
    const { parts } = error
    return new LoaderError('LOADER_SAMPLE', place, { ...parts, what: `${what}: ${parts.what}`, cause: error })
  }
  return new LoaderError('LOADER_SAMPLE', place, { what: `${what}: ${describeThrown(error)}`, cause: error })
}

/** What was thrown, in words, whatever it is. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`
    return typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 1 })
  } catch {
    return 'something that cannot be shown'
  }
}
