// A dataset whose module fails on being imported by a worker, as LOADER_IMPORT_FAULT says: a kind of fault, and a file
// that the first worker removes, if it is to happen once.
import { rmSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { MapDataset } from '../../src/loader/index.ts'

export class AtImport extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 8

  get(index: number): number {
    return index
  }
}

const [kind, file] = (process.env.LOADER_IMPORT_FAULT ?? '').split(' ')
if (kind && !isMainThread && isMine(file)) {
  if (kind === 'exit') process.exit(5)
  if (kind === 'throw') throw new Error('not importable')
  if (kind === 'wait') await new Promise(() => {})
  if (kind === 'timer error')
    setTimeout(() => {
      throw new Error('a timer of the import')
    }, 0)
  for (; kind === 'spin'; );
}

/** Whether this import is to fail: always without a file, and with one who removes it. */
function isMine(file: string | undefined): boolean {
  if (!file) return true
  try {
    rmSync(file)
    return true
  } catch {
    return false
  }
}
