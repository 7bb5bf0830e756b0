import { existsSync } from 'node:fs'
// Not from the index: what downloads and unpacks has no place in the memory of a trainer.
import { dataFile, findEntry } from '../data/places.ts'

/** Files of questions: paths as they are, and of the names that `millrace data list` knows where they lie. */
export function questionFiles(given: readonly string[] | undefined): string[] | undefined {
  return given?.map((name) => (findEntry(name) && !existsSync(name) ? dataFile(name) : name))
}
