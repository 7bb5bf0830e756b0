import { join } from 'node:path'
import { note } from '../../src/cli/output.ts'
import { ask, lastJson, run } from '../process.ts'
import type { Way } from './bare.ts'
import type { Cell, Job, Outcome } from './job.ts'

/** A loader with its settings, or a way to read the file without one. */
export interface Tool {
  name: string
  /** Whether it has a setting of its own in this cell. */
  takesPart(cell: Cell): boolean
  measure(job: Job): Promise<Outcome>
}

/** Millrace's loader as it is, and with batches that are only lent. */
export function millraceTools(): Tool[] {
  return [false, true].map((borrow) => ({
    name: borrow ? 'Millrace, borrow' : 'Millrace',
    // Without workers there is no ring to lend views of.
    takesPart: ({ workers }) => workers > 0 || !borrow,
    measure: (job) => node('millrace-loader.ts', { ...job, borrow }),
  }))
}

/** torch's loader as it is, and with as many batches ahead as help it. */
export function torchTools({ python }: Torch): Tool[] {
  const script = join(import.meta.dirname, 'torch-loader.py')
  return [2, 64].map((prefetch) => ({
    name: prefetch === 2 ? 'torch' : `torch, prefetch ${prefetch}`,
    takesPart: ({ workers }) => workers > 0 || prefetch === 2,
    measure: async (job) => lastJson(await run([python, script, JSON.stringify({ ...job, prefetch })])),
  }))
}

export interface Torch {
  python: string
  version: string
}

/** torch, if one of the machine's Pythons has it; otherwise a line says how to get it. */
export function findTorch(): Torch | undefined {
  for (const python of ['python3', '/usr/bin/python3']) {
    const version = ask(python, join(import.meta.dirname, 'torch-loader.py'))
    if (version) return { python, version }
  }
  note('torch is left out: no Python here has torch and numpy; `apt-get install python3-torch` brings them')
  return undefined
}

const wayNames: Record<Way, string> = {
  read: 'fs, read only',
  sum: 'fs, bytes added up',
  split: 'fs, split into lines',
}

/** The file without a loader. */
export function bareTools(): Tool[] {
  return Object.entries(wayNames).map(([way, name]) => ({
    name,
    takesPart: () => true,
    measure: (job) => node('bare.ts', { ...job, way }),
  }))
}

async function node(program: string, job: object): Promise<Outcome> {
  const path = join(import.meta.dirname, program)
  return lastJson(await run([process.execPath, '--conditions=millrace-source', path, JSON.stringify(job)]))
}
