import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { removeQuietly, writeFileAtomically } from '../core/disk.ts'
import { MillraceError } from '../core/errors.ts'
import type { BlockTable } from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'

/** A block that ended the trainer so often, one time after the other, is to blame. */
const deathsToBlame = 3

/**
 * The block that each training thread is at, in a file of 4 bytes a thread: what a process that was killed leaves
 * behind. Numbers are one more than the block's; 0 is none. Written into the page cache, which outlives the process.
 */
export class Claims {
  readonly #fd: number | undefined
  readonly #bytes = Buffer.alloc(4)
  readonly #thread: number

  constructor(path: string | null, thread: number) {
    this.#thread = thread
    this.#fd = path === null ? undefined : tryOr(undefined, () => openSync(path, 'r+'))
  }

  claim(block: number): void {
    this.#write(block + 1)
  }

  /** Says that this thread is at no block. */
  clear(): void {
    this.#write(0)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  #write(value: number): void {
    if (this.#fd === undefined) return
    this.#bytes.writeUInt32LE(value)
    // A full disk must not end training: this is for the blame alone.
    tryOr(0, () => writeSync(this.#fd!, this.#bytes, 0, 4, 4 * this.#thread))
  }
}

/** Begins the file for so many threads. */
export function openClaims(folder: RunFolder, threads: number): void {
  tryOr(undefined, () => writeFileSync(folder.claims, Buffer.alloc(4 * threads)))
}

/**
 * The blocks at work when the process before this one was killed; none after an orderly end. The file is removed: should
 * this process die before it trains, they are not to blame.
 */
export function takeClaims(folder: RunFolder): number[] {
  const bytes = tryOr(Buffer.alloc(0), () => readFileSync(folder.claims))
  endClaims(folder)
  const blocks: number[] = []
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const value = bytes.readUInt32LE(at)
    if (value > 0) blocks.push(value - 1)
  }
  return blocks
}

/** What `suspects.json` holds. */
interface SuspectsFile {
  /** Block, and how many deaths running it was at work in. */
  deaths: Record<string, number>
  /** Left out of training. */
  quarantined: number[]
}

/** What is known of blocks that may have ended the trainer. */
export interface Suspicion {
  /** Left out: each has ended the trainer three times running. */
  quarantined: number[]
  /** Of these, those that are new. */
  fresh: number[]
  /** At work in the last two deaths: one thread alone goes through them, to tell which it is. */
  suspects: number[]
}

/**
 * Draws the consequences of the deaths before this attempt.
 *
 * atWork  blocks, in the attempt before this one (`takeClaims`)
 * deaths  of attempts running, as the supervisor has seen them; 0 if this one follows none
 * skip    leave out a block that is to blame
 * throws  MillraceError naming the block, if one is to blame and not to be left out
 */
export function judgeClaims(
  folder: RunFolder,
  { atWork, deaths, skip, blocks }: { atWork: number[]; deaths: number; skip: boolean; blocks: BlockTable },
): Suspicion {
  const before = readSuspects(folder)
  const counts: SuspectsFile['deaths'] = {}
  if (deaths > 0) {
    for (const block of atWork) counts[block] = (deaths > 1 ? (before.deaths[block] ?? 0) : 0) + 1
  }
  const blamed = withCount(counts, (count) => count >= deathsToBlame)
  if (blamed.length > 0 && !skip) {
    // Run again by its user, it gets three more tries.
    writeSuspects(folder, before, { deaths: {}, quarantined: before.quarantined })
    throw badBlock(blamed[0]!, blocks)
  }
  const fresh = blamed.filter((block) => !before.quarantined.includes(block))
  const quarantined = [...before.quarantined, ...fresh].sort((a, b) => a - b)
  for (const block of blamed) delete counts[block]
  writeSuspects(folder, before, { deaths: counts, quarantined })
  return { quarantined, fresh, suspects: withCount(counts, (count) => count === deathsToBlame - 1) }
}

/** After an orderly end no block is under suspicion. */
export function endClaims(folder: RunFolder): void {
  removeQuietly(folder.claims)
}

/** Where a block lies, for people: bytes of a file. */
export function placeOfBlock(block: number, blocks: BlockTable): string {
  const { file, start } = blocks.place(block)
  return `block ${block}, the ${blocks.blockBytes} bytes from byte ${start} of ${blocks.files[file]!.path} on`
}

function withCount(counts: SuspectsFile['deaths'], is: (count: number) => boolean): number[] {
  return Object.keys(counts)
    .filter((block) => is(counts[block]!))
    .map(Number)
}

function badBlock(block: number, blocks: BlockTable): MillraceError {
  const { file, start } = blocks.place(block)
  const { path } = blocks.files[file]!
  return new MillraceError('BAD_BLOCK', {
    what: `${placeOfBlock(block, blocks)}, has ended the trainer ${deathsToBlame} times running`,
    why: 'the trainer was at work on it each time that it was killed',
    mend:
      `look at it: tail -c +${start + 1} ${path} | head -c ${blocks.blockBytes}; ` +
      'or leave it out with --skip-bad-blocks',
  })
}

function readSuspects(folder: RunFolder): SuspectsFile {
  const none: SuspectsFile = { deaths: {}, quarantined: [] }
  if (!existsSync(folder.suspects)) return none
  return tryOr(none, () => JSON.parse(readFileSync(folder.suspects, 'utf8')))
}

function writeSuspects(folder: RunFolder, before: SuspectsFile, after: SuspectsFile): void {
  if (JSON.stringify(after) === JSON.stringify(before)) return
  const json = Buffer.from(`${JSON.stringify(after)}\n`)
  if (Object.keys(after.deaths).length === 0 && after.quarantined.length === 0) removeQuietly(folder.suspects)
  else tryOr(undefined, () => writeFileAtomically(folder.suspects, (write) => write(json)))
}

function tryOr<T>(otherwise: T, act: () => T): T {
  try {
    return act()
  } catch {
    return otherwise
  }
}
