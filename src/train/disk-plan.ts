import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { PlanError } from '../core/errors.ts'
import type { Vocabulary } from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'
import type { TrainConfig } from '../word2vec/index.ts'

/** The disk that a run takes in bytes, before any of it is taken. */
export interface DiskPlan {
  /** The most at any moment: what is spilled in counting is gone before training. */
  bytes: number
  parts: Record<string, number>
  /** Of these bytes, what the folder has already, to be replaced. */
  there: number
  /** Free on the folder's disk; null if the system does not tell. */
  free: number | null
}

/** Bytes that a user may still write on the disk of a folder, whether the folder is there yet or not. */
export type FreeBytes = (path: string) => number | null

/** Checkpoints that stay; see the checkpoint store. One more is there while it is written. */
const kept = 2
/** Headers, the manifest, events: more than they take. */
const besideBytes = 64 * 1024

/**
 * What a run will take of the disk of its folder.
 *
 * trained     V words of the model
 * written     words of the vectors: those, and what `init` brings besides
 * spillBytes  of the vocabulary pass, at most
 * initBytes   of the copy of what it begins with, where that is still to be made
 */
export function planDisk(
  folder: RunFolder,
  { optimizer, dim }: TrainConfig,
  trained: Vocabulary,
  { written = trained, spillBytes = 0, initBytes = 0 } = {},
  freeBytes: FreeBytes = freeOnDisk,
): DiskPlan {
  const matrices = optimizer === 'adagrad' ? 4 : 2
  const checkpointBytes = matrices * 4 * dim * trained.length + besideBytes
  const wordBytes = written.offsets[written.length]! + (1 + 8) * written.length
  const parts = {
    checkpoints: (kept + 1) * checkpointBytes,
    vectors: 4 * dim * written.length + wordBytes + besideBytes,
    'vectors of --init': initBytes,
    'counting spills': spillBytes,
  }
  const { checkpoints, vectors } = parts
  return {
    bytes: initBytes + Math.max(checkpoints + vectors, spillBytes),
    parts,
    // The vectors are written beside those that are there.
    there: Math.min(kept * checkpointBytes, folderBytes(folder.checkpoints)),
    free: freeBytes(folder.path),
  }
}

/**
 * Holds a plan against the disk. Where it is unknown what is free, a run is let begin.
 *
 * warn    told instead, where a run that has work goes on: the disk may be freed before that is needed
 * throws  PlanError if too little is left
 */
export function requireDisk(folder: RunFolder, plan: DiskPlan, warn?: (message: string) => void): void {
  const { bytes, there, free, parts } = plan
  const needed = bytes - there
  if (free === null || needed <= free) return
  const named = Object.entries(parts).flatMap(([name, size]) =>
    size > 0 ? [`${name} ${formatBytes(size)}`] : [],
  )
  const less = there > 0 ? `, less ${formatBytes(there)} that are there` : ''
  const what = `the run needs ${formatBytes(needed)} of disk in ${folder.path}: ${named.join(', ')}${less}`
  const why = `${formatBytes(free)} are free there`
  const mend = `free ${formatBytes(needed - free)}, or use --out on another disk`
  if (!warn) throw new PlanError('DISK_PLAN', { what, why, mend })
  warn(`${what}; ${why}`)
}

/** Of the folder's file system, or of that where it will be made. */
export function freeOnDisk(path: string): number | null {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { blocks, bavail, bsize } = statfsSync(at)
      // What has no size, such as /proc, does not tell.
      return blocks > 0 ? bavail * bsize : null
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) return null
    }
  }
}

function folderBytes(path: string): number {
  if (!existsSync(path)) return 0
  let bytes = 0
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(path, name), { throwIfNoEntry: false })
    if (stats?.isFile()) bytes += stats.size
  }
  return bytes
}
