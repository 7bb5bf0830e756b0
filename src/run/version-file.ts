import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError } from '../core/errors.ts'

/** What this layer reads of a version's `experiment.json`; `src/experiment` writes it, and knows the rest. */
export interface VersionFile {
  name: string
  version: number
  scale: string | null
  createdAt: string | null
  /** When its recipe was last run as this version. */
  ranAt: string | null
  runs: VersionRun[]
}

export interface VersionRun {
  id: string
  row: string | null
  seed: number | null
  /** SHA-256 of its resolved config and corpus; null where it is not known yet. */
  identity: string | null
  /** Where it lies, absolute: inside this version or another one. Null if it has no folder. */
  folder: string | null
  corpus: { label: string | null; words: number | null; bytes: number | null; sha256: string | null } | null
  /** What the recipe asks for. */
  config: Record<string, unknown>
  /** Why it is not run, if it is not. */
  skipped: string | null
  /** Why it failed when it was run last, if it did. */
  failure: string | null
}

export function versionFileOf(folder: string): string {
  return join(folder, 'experiment.json')
}

/**
 * Reads a version folder's `experiment.json`. Of what is missing in it, nothing is known.
 *
 * throws  InputError if it is not there, or damaged
 */
export function readVersionFile(folder: string): VersionFile {
  const path = versionFileOf(folder)
  let content: Json
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw damaged(path, cause instanceof SyntaxError ? 'it is not JSON' : (cause as Error).message, cause)
  }
  if (content?.format !== 1) throw damaged(path, `it has format ${content?.format}; this version reads 1`)
  if (!Array.isArray(content.runs)) throw damaged(path, 'it has no runs')
  return {
    name: String(content.name),
    version: Number(content.version),
    scale: text(content.scale),
    createdAt: text(content.createdAt),
    ranAt: text(content.ranAt) ?? text(content.createdAt),
    runs: content.runs.map((run: Json) => ({
      id: String(run?.id ?? ''),
      row: text(run?.row),
      seed: number(run?.seed),
      identity: text(run?.identity),
      folder: typeof run?.folder === 'string' ? resolve(folder, run.folder) : null,
      corpus: run?.corpus
        ? {
            label: text(run.corpus.label),
            words: number(run.corpus.words),
            bytes: number(run.corpus.bytes),
            sha256: text(run.corpus.sha256),
          }
        : null,
      config: run?.config instanceof Object ? run.config : {},
      skipped: text(run?.skipped),
      failure: text(run?.failure),
    })),
  }
}

type Json = any

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function damaged(path: string, why: string, cause?: unknown): InputError {
  return new InputError('VERSION_DAMAGED', {
    what: `cannot read ${path}`,
    why,
    mend: 'bring it back from a copy, or run the recipe again as a new version',
    ...(cause !== undefined && { cause }),
  })
}
