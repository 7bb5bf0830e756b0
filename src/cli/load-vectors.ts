import { ConfigError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { KeyedVectors, type VectorFormat } from '../vectors/index.ts'
import { note } from './output.ts'

/** Reads vectors for a command, and says so if the file held some words more than once. */
export function loadVectors(path: string, format?: VectorFormat): KeyedVectors {
  const vectors = KeyedVectors.load(path, format)
  if (vectors.duplicates > 0)
    note(`${path}: ${formatCount(vectors.duplicates)} words came again; their first vectors are used`)
  return vectors
}

/** Reads an option that is a whole number of 1 or more; `what` it counts is told with the error. */
export function wholeNumber(option: string, what = 'words'): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text)
    throw new ConfigError('OPTION_COUNT', {
      what: `${option} ${text} is not a whole number of 1 or more`,
      why: `it counts ${what}`,
      mend: `write it like ${option} 10`,
    })
  }
}
