import { createHash, type Hash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskError, writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import type { Checksums } from './entry.ts'
import { WordCounter } from './word-counter.ts'

/** What is known of a file's content. */
export interface Measure {
  sha256: string
  bytes: number
  /** White-space words. */
  words: number
}

/** What is kept of a text: which files, as they were, and what they held. */
interface Remembered extends Measure {
  files: FileState[]
}

interface FileState {
  path: string
  bytes: number
  mtimeMs: number
}

export interface MeasureOptions {
  signal?: AbortSignal | undefined
  onBytes?: ((bytes: number) => void) | undefined
}

/**
 * Hash and words of a text in one or more files, in their order. Once read, they are remembered in the cache by path,
 * size and time of change of each file; where the cache cannot be written, for this process alone.
 *
 * throws  InputError if one cannot be read; what `signal` aborts with
 */
export async function measureText(
  paths: string[],
  cache: string,
  options: MeasureOptions = {},
): Promise<Measure> {
  const known = rememberedMeasure(paths, cache)
  if (known) return known
  const files = paths.map(stateOf)
  const hash = createHash('sha256')
  const counter = new WordCounter()
  for (const path of paths) {
    for await (const piece of readPieces(path, options)) {
      hash.update(piece)
      counter.add(piece)
      options.onBytes?.(piece.length)
    }
    counter.endFile()
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const measure = { sha256: hash.digest('hex'), bytes, words: counter.words }
  remember(files, measure, cache)
  return measure
}

/** What was measured of a text before, if no file of it has changed since. */
export function rememberedMeasure(paths: string[], cache: string): Measure | undefined {
  try {
    const memory = memoryOf(paths, cache)
    const found: Remembered = unwritten.get(memory) ?? JSON.parse(readFileSync(memory, 'utf8'))
    if (JSON.stringify(found.files) !== JSON.stringify(paths.map(stateOf))) return undefined
    return { sha256: found.sha256, bytes: found.bytes, words: found.words }
  } catch {
    return undefined
  }
}

/** What could not be kept in the cache, by where it would lie: for this process alone. */
const unwritten = new Map<string, Remembered>()

/** Keeps what was measured while a file was written. */
export function rememberFile(path: string, measure: Measure, cache: string): void {
  remember([stateOf(path)], measure, cache)
}

function remember(files: FileState[], measure: Measure, cache: string): void {
  const remembered: Remembered = { ...measure, files }
  const path = memoryOf(
    files.map((file) => file.path),
    cache,
  )
  unwritten.delete(path)
  try {
    writeFileAtomically(path, (write) => write(Buffer.from(`${JSON.stringify(remembered)}\n`)))
  } catch (error) {
    if (!isDiskError(error)) throw error
    // It only saves time: without it, the text is read again.
    unwritten.set(path, remembered)
  }
}

function stateOf(path: string): FileState {
  const { size, mtimeMs } = statSync(path)
  return { path, bytes: size, mtimeMs }
}

function memoryOf(paths: string[], cache: string): string {
  const name = createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 16)
  return join(cache, 'measured', `${name}.json`)
}

/** Hashes bytes by several kinds at once. */
export class Hashes {
  readonly #hashes: [keyof Checksums, Hash][]

  /** wanted  the kinds there are to compare; SHA-256 comes in any case */
  constructor(wanted: Checksums = {}) {
    const kinds = new Set<keyof Checksums>(['sha256', ...(Object.keys(wanted) as (keyof Checksums)[])])
    this.#hashes = [...kinds].map((kind) => [kind, createHash(kind)])
  }

  update(piece: Uint8Array): void {
    for (const [, hash] of this.#hashes) hash.update(piece)
  }

  /** Of the bytes so far. */
  digest(): Checksums & { sha256: string } {
    return Object.fromEntries(this.#hashes.map(([kind, hash]) => [kind, hash.copy().digest('hex')])) as never
  }
}

/** The first kind of checksum by which two differ, or undefined. */
export function mismatch(wanted: Checksums, found: Checksums): keyof Checksums | undefined {
  return (Object.keys(wanted) as (keyof Checksums)[]).find((kind) => wanted[kind] !== found[kind])
}

/** The bytes of a file, in order. */
export async function* readPieces(
  path: string,
  { signal }: Pick<MeasureOptions, 'signal'> = {},
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      signal?.throwIfAborted()
      yield piece
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause
    throw new InputError('DATA_UNREADABLE', {
      what: `cannot read ${path}`,
      why: (cause as Error).message,
      cause,
    })
  }
}
