import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, diskError, syncFolder, writeFileAtomically } from '../core/disk.ts'
import type { BlockAudits } from './count.ts'
import { fanIn, isWholeRun, removeFile, type WordRun } from './word-runs.ts'

/** What a thread counted between two saves. */
export interface CountedPart {
  /** The words of its blocks, and of no others. */
  runs: WordRun[]
  blocks: number[]
  replaced: number
  /** Offset in the corpus of the first block with invalid UTF-8. */
  firstReplaced: number | null
  overlong: number
}

export function emptyPart(): CountedPart {
  return { runs: [], blocks: [], replaced: 0, firstReplaced: null, overlong: 0 }
}

/** Adds another part to one. */
export function addPart(part: CountedPart, other: CountedPart): void {
  part.runs.push(...other.runs)
  for (const block of other.blocks) part.blocks.push(block)
  part.replaced += other.replaced
  if (other.firstReplaced !== null)
    part.firstReplaced = Math.min(part.firstReplaced ?? Number.POSITIVE_INFINITY, other.firstReplaced)
  part.overlong += other.overlong
}

const format = 1
const manifestName = 'manifest'

/** The first line of the manifest. */
interface ManifestHead {
  format: typeof format
  /** What was counted, and how: see `corpusKey`. */
  corpus: string
  runs: WordRun[]
  replaced: number
  firstReplaced: number | null
  overlong: number
}

/** Where the counts of a corpus are kept while it is counted. */
export interface LedgerPlace {
  /** The folder of one that is to be gone on with; null for one of no further use, made if something is spilled. */
  scratch: string | null
  /** What the corpus and the way of counting are known by. */
  corpus: string
  /** Shared; those of a block are final before it is in a part. */
  audits: BlockAudits
  /** Shared: 1 for each block that a part has. */
  covered: Uint8Array
  disk: Disk
}

/**
 * Runs of counted words on the disk, and the blocks that they cover.
 *
 * The folder of a ledger that is kept holds runs and a manifest: a line of JSON (`ManifestHead`), then for all blocks
 * whether each is covered u8, records u32, words u32, hash u64, then the SHA-256 of all that. Runs that it does not name are
 * leftovers. The manifest is replaced as a whole, after the runs that it names and before those that it does not are
 * removed, so that whenever a process dies, one is there, and all that it names.
 */
export class CountLedger {
  readonly #place: LedgerPlace
  #runs: WordRun[] = []
  #total = emptyPart()
  /** Where runs go; there only once there is one. */
  readonly folder: string
  /** Runs that were merged, but that the manifest may name yet. */
  #merged: WordRun[] = []
  #merging = new Set<string>()
  #canMerge = true

  private constructor(place: LedgerPlace) {
    this.#place = place
    this.folder = place.scratch ?? join(tmpdir(), `millrace-counting-${randomUUID()}`)
  }

  /** Begins with what an earlier process saved of the same corpus, if it is whole; removes what is not. */
  static async open(place: LedgerPlace): Promise<CountLedger> {
    const ledger = new CountLedger(place)
    if (place.scratch === null) return ledger
    const head = await readManifest(place, place.scratch)
    if (head) {
      ledger.#runs = head.runs
      const { replaced, firstReplaced, overlong } = head
      const blocks = [...place.covered.keys()].filter((block) => place.covered[block] === 1)
      ledger.#total = { runs: [], blocks, replaced, firstReplaced, overlong }
    }
    ledger.removeLeftovers()
    return ledger
  }

  get runs(): readonly WordRun[] {
    return this.#runs
  }

  get isKept(): boolean {
    return this.#place.scratch !== null
  }

  /** What all parts together have, runs left out. */
  get total(): CountedPart {
    return this.#total
  }

  /** A number that no run's name has. */
  get nextNumber(): number {
    return Math.max(0, ...this.#runs.map(({ name }) => Number(name.split('-')[1]) + 1))
  }

  /** Takes a part in. Its runs are on the disk. */
  add(part: CountedPart): void {
    for (const block of part.blocks) this.#place.covered[block] = 1
    this.#runs.push(...part.runs)
    addPart(this.#total, { ...part, runs: [] })
  }

  /**
   * Makes safe what was added.
   *
   * throws  ResourceError if the disk refuses; what was safe before still is
   */
  save(): void {
    const { scratch, disk } = this.#place
    if (scratch !== null) {
      syncFolderOf(scratch, disk)
      writeFileAtomically(join(scratch, manifestName), (write) => write(this.#manifest()), disk)
    }
    for (const { name } of this.#merged) removeFile(join(this.folder, name), disk)
    this.#merged = []
  }

  /** Runs that had better be one, if there are so many; they are the caller's until it answers with `replace`. */
  takeMergeable(): WordRun[] | null {
    if (!this.#canMerge) return null
    const free = this.#runs.filter(({ name }) => !this.#merging.has(name))
    const runs = Map.groupBy(free, ({ level }) => level)
      .values()
      .find(({ length }) => length >= fanIn)
      ?.slice(0, fanIn)
    for (const { name } of runs ?? []) this.#merging.add(name)
    return runs ?? null
  }

  /** The one run in the place of many; null if it could not be written: then they stay, and no more are merged. */
  replace(runs: WordRun[], merged: WordRun | null): void {
    for (const { name } of runs) this.#merging.delete(name)
    if (!merged) {
      this.#canMerge = false
      return
    }
    const names = new Set(runs.map(({ name }) => name))
    this.#runs = [...this.#runs.filter(({ name }) => !names.has(name)), merged]
    this.#merged.push(...runs)
  }

  /** Removes what no manifest names: of processes that died, and of parts that were not taken in. */
  removeLeftovers(): void {
    const named = new Set([...this.#runs, ...this.#merged].map(({ name }) => name))
    if (this.#runs.length > 0 || this.#total.blocks.length > 0) named.add(manifestName)
    let names: string[] = []
    try {
      names = readdirSync(this.folder)
    } catch {
      // There is no folder yet.
    }
    for (const name of names) if (!named.has(name)) removeFile(join(this.folder, name), this.#place.disk)
  }

  /** Removes all of it. */
  remove(): void {
    removeFile(this.folder, this.#place.disk)
  }

  #manifest(): Buffer {
    const { corpus, audits, covered } = this.#place
    const { replaced, firstReplaced, overlong } = this.#total
    const head: ManifestHead = { format, corpus, runs: this.#runs, replaced, firstReplaced, overlong }
    // A copy: threads go on to write the audits of blocks that are not covered.
    const content = Buffer.concat([
      Buffer.from(`${JSON.stringify(head)}\n`),
      ...[covered, audits.records, audits.words, audits.hashes].map(bytesOf),
    ])
    return Buffer.concat([content, createHash('sha256').update(content).digest()])
  }
}

/** Fills in the audits of the blocks that were covered. Undefined if it is not whole, or of another corpus. */
async function readManifest(
  { corpus, audits, covered }: LedgerPlace,
  folder: string,
): Promise<ManifestHead | undefined> {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(folder, manifestName))
  } catch {
    return undefined
  }
  const [content, sha256] = [bytes.subarray(0, -32), bytes.subarray(-32)]
  if (!createHash('sha256').update(content).digest().equals(sha256)) return undefined
  const begin = content.indexOf(10) + 1
  const head: ManifestHead = JSON.parse(content.toString('utf8', 0, begin))
  if (head.format !== format || head.corpus !== corpus) return undefined
  for (const run of head.runs) if (!(await isWholeRun(folder, run))) return undefined
  let at = begin
  for (const array of [covered, audits.records, audits.words, audits.hashes]) {
    const target = bytesOf(array)
    target.set(content.subarray(at, at + target.length))
    at += target.length
  }
  return head
}

function bytesOf(array: Uint8Array | Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function syncFolderOf(folder: string, disk: Disk): void {
  try {
    syncFolder(folder, disk)
  } catch (error) {
    // It is not there yet if all blocks so far are blank.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw diskError(error, folder)
  }
}
