import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CheckpointStore } from '../checkpoint/index.ts'
import { InputError } from '../core/errors.ts'
import { sha256OfFiles } from '../core/sha256.ts'
import { type RunFile, RunFolder } from '../run/index.ts'
import { widthOfVectors } from '../vectors/index.ts'
import type { TrainConfigInput } from '../word2vec/index.ts'
import { goesOn } from './resolve-config.ts'

/** The vectors that a run begins with. */
export interface Init {
  /** As it was given, absolute. */
  path: string
  /** SHA-256 of its content. */
  fingerprint: string
  dim: number
  /** Where to read it; undefined if the run has its own copy, and need not look. */
  source: InitSource | undefined
}

/** What `--init` names, found and looked at. */
export interface InitSource {
  path: string
  vectors: string
  /** Of a finished run, the tensors of its last checkpoint; undefined if there are none, or it is no run. */
  tensors: string | undefined
  /** Of a run: the loss that its output vectors are for. */
  loss: string | undefined
}

/**
 * Finds the vectors that a run begins with: those asked for, or those that it began with before. Once there is work
 * to go on from they cannot change, and the run's own copy of them is enough.
 *
 * throws  InputError if they cannot be read, or are others than those that the run began with
 */
export function findInit(
  { init: asked }: TrainConfigInput,
  before: RunFile | undefined,
  folder: RunFolder,
): Init | undefined {
  const stored = before?.config?.init as string | undefined
  const path = asked === undefined ? stored : resolve(asked)
  if (path === undefined) return undefined
  if (!before || !goesOn(before, folder)) return lookAt(path)
  const known = before.fingerprints?.init
  if (!stored || !known) throw otherInit(folder, `has no init; this asks for ${path}`)
  const own = { path: stored, fingerprint: known, dim: before.config.dim as number, source: undefined }
  if (asked === undefined || (path === stored && !existsSync(path))) return own
  if (lookAt(path).fingerprint === known) return own
  throw otherInit(folder, path === stored ? `began with other vectors than ${path} holds now` : `has init ${stored}; ${path} holds other vectors`) // biome-ignore format: one line
}

/** SHA-256 of the vectors that a path means as `init`. throws  InputError if there are none */
export function initFingerprint(path: string): string {
  return lookAt(resolve(path)).fingerprint
}

/** Finds the source anew where the run's own copy was lost. throws  InputError if it is not what it was */
export function sourceOf({ path, fingerprint, source }: Init, folder: RunFolder): InitSource {
  if (source) return source
  if (existsSync(path)) {
    const found = lookAt(path)
    if (found.fingerprint === fingerprint) return found.source!
  }
  throw new InputError('INIT_MISSING', {
    what: `${folder.init} is missing or damaged, and ${path} is not what it was a copy of`,
    why: 'the run cannot go on without the vectors that it began with',
    mend: `bring one of the two back, or train into another folder with --out`,
  })
}

/** throws  InputError if there are no vectors */
function lookAt(path: string): Init {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  const source = isFolder ? runSource(path) : { path, vectors: path, tensors: undefined, loss: undefined }
  const dim = widthOfVectors(source.vectors)
  return {
    path,
    fingerprint: sha256OfFiles([source.vectors, ...(source.tensors === undefined ? [] : [source.tensors])]),
    dim,
    source,
  }
}

function runSource(path: string): InitSource {
  const folder = new RunFolder(path)
  const { status, config } = folder.read()
  if (status !== 'complete' || !existsSync(folder.vectors)) {
    throw new InputError('INIT_UNFINISHED', {
      what: `the run ${path} has no vectors to begin with`,
      why: status === 'complete' ? `${folder.vectors} was removed` : `it is not complete but ${status}`,
      mend: `give its \`millrace train\` command with --out ${path} again, and then this one`,
    })
  }
  const checkpoint = new CheckpointStore(folder.checkpoints).newest()
  return {
    path,
    vectors: folder.vectors,
    tensors: checkpoint && join(checkpoint.path, 'tensors.safetensors'),
    loss: String(config.loss ?? 'ns'),
  }
}

function otherInit(folder: RunFolder, how: string): InputError {
  return new InputError('RUN_DIFFERS', {
    what: `the run in ${folder.path} ${how}`,
    why: 'a run that goes on must be the run that it was',
    mend: 'leave init out to go on with it, or train into another folder with --out',
  })
}
