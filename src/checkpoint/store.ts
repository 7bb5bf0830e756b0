import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  currentDisk,
  type Disk,
  diskError,
  makeFolder,
  removeQuietly,
  syncFolderLater,
  type Write,
  writeAll,
} from '../core/disk.ts'
import { assert, ResourceError } from '../core/errors.ts'
import { SafetensorsFile, type Tensor, writeSafetensors } from '../core/safetensors.ts'

/** What `manifest.json` holds; see docs/checkpoints.md. */
export interface Manifest<State> {
  format: 2
  /** The owner's own, plain JSON. */
  state: State
  /** Length and SHA-256 of each file beside it. */
  files: Record<string, { bytes: number; sha256: string }>
  /** SHA-256 of this file with 64 zeros in place of this value. */
  checksum: string
}

export interface Checkpoint<State> {
  path: string
  state: State
  /** Opens the tensors; the caller closes the file. */
  tensors(): SafetensorsFile
}

const tensorsFile = 'tensors.safetensors'
const manifestFile = 'manifest.json'

/**
 * Checkpoints in a folder, numbered `000001`, `000002`, …: for any training loop, not only Millrace's.
 *
 * A checkpoint is written beside, fsynced and renamed as a whole, so that a folder with a number is either
 * complete or damaged from outside, which its checksums tell.
 */
export class CheckpointStore<State> {
  readonly path: string
  readonly #keep: number
  readonly #disk: Disk
  /** Numbers of those that were passed over: they count for nothing when older ones are removed. */
  readonly #passedOver = new Set<number>()
  #isWriting = false

  /** `keep`: how many of the newest stay, at least 1. */
  constructor(path: string, { keep = 2, disk = currentDisk() }: { keep?: number; disk?: Disk } = {}) {
    this.path = path
    this.#keep = keep
    this.#disk = disk
  }

  /**
   * Writes a checkpoint, and removes those past `keep` once it is safe.
   *
   * The state and the tensors are read before the call returns: from then on they may change, while the promise
   * waits for the disk. When it resolves, the checkpoint survives a power cut.
   *
   * memory  no copy of the tensors in this process: the system's cache of the file is the copy
   * throws  ResourceError if the disk refuses; earlier checkpoints are untouched
   */
  async write(state: State, tensors: Record<string, Tensor>): Promise<{ path: string; bytes: number }> {
    assert(!this.#isWriting, `a checkpoint is still being written to ${this.path}: await it before the next`)
    this.#isWriting = true
    const number = (this.#numbers()[0] ?? 0) + 1
    const path = this.#pathOf(number)
    const beside = join(this.path, `.${number}.tmp`)
    try {
      this.#disk.rmSync(beside, { recursive: true, force: true })
      makeFolder(beside, this.#disk)
      const written = new Written(beside, this.#disk)
      try {
        const { bytes, sha256 } = written.add(tensorsFile, (write) => writeSafetensors(write, tensors))
        const json = manifestText({ format: 2, state, files: { [tensorsFile]: { bytes, sha256 } } })
        written.add(manifestFile, (write) => write(json))
        await written.sync()
        await syncFolderLater(beside, this.#disk)
        await this.#disk.rename(beside, path)
        await syncFolderLater(this.path, this.#disk)
        await this.#prune()
        return { path, bytes: bytes + json.length }
      } finally {
        written.close()
      }
    } catch (error) {
      // If that is refused as well, the next write clears what is left.
      removeQuietly(beside, this.#disk)
      throw diskError(error, path)
    } finally {
      this.#isWriting = false
    }
  }

  /**
   * The newest checkpoint that is whole, and of which `faultOf` finds no fault in its state; each one passed over is
   * told to `onPassedOver`.
   */
  newest(
    onPassedOver: (path: string, why: string) => void = () => {},
    faultOf: (state: State) => string | undefined = () => undefined,
  ): Checkpoint<State> | undefined {
    for (const number of this.#numbers()) {
      const path = this.#pathOf(number)
      const manifest = readManifest<State>(path)
      const fault = typeof manifest === 'string' ? manifest : faultOf(manifest.state)
      if (typeof manifest !== 'string' && fault === undefined) {
        return { path, state: manifest.state, tensors: () => new SafetensorsFile(join(path, tensorsFile)) }
      }
      this.#passedOver.add(number)
      onPassedOver(path, fault!)
    }
    return undefined
  }

  #pathOf(number: number): string {
    return join(this.path, String(number).padStart(6, '0'))
  }

  /** Numbers of the checkpoints there are, newest first. */
  #numbers(): number[] {
    if (!existsSync(this.path)) return []
    const names = readdirSync(this.path).filter((name) => /^\d{6,}$/.test(name))
    return names.map(Number).sort((a, b) => b - a)
  }

  /** Removes what is older than the last of the sound ones that stay; nothing while there are fewer of these. */
  async #prune(): Promise<void> {
    const numbers = this.#numbers()
    const oldest = numbers.filter((number) => !this.#passedOver.has(number))[this.#keep - 1]
    for (const number of numbers) {
      if (oldest === undefined || number >= oldest) continue
      // The new one is safe: that an old one stays is no failure, and the next write tries again.
      await this.#disk.rm(this.#pathOf(number), { recursive: true, force: true }).catch(() => {})
    }
  }
}

/** Files of a checkpoint that the system has and the disk may not: kept open until they are fsynced. */
class Written {
  readonly #folder: string
  readonly #disk: Disk
  readonly #open: number[] = []

  constructor(folder: string, disk: Disk) {
    this.#folder = folder
    this.#disk = disk
  }

  add(name: string, fill: (write: Write) => void): { bytes: number; sha256: string } {
    const fd = this.#disk.openSync(join(this.#folder, name), 'w')
    this.#open.push(fd)
    const sha = createHash('sha256')
    let bytes = 0
    fill((part) => {
      sha.update(part)
      bytes += part.length
      writeAll(fd, part, this.#disk)
    })
    return { bytes, sha256: sha.digest('hex') }
  }

  async sync(): Promise<void> {
    for (const fd of this.#open) await this.#disk.fsync(fd)
    while (this.#open.length > 0) this.#disk.closeSync(this.#open.pop()!)
  }

  /** After a failure. */
  close(): void {
    for (const fd of this.#open.splice(0)) {
      try {
        this.#disk.closeSync(fd)
      } catch {
        // The first error is the one to tell.
      }
    }
  }
}

const noChecksum = '0'.repeat(64)

function manifestText<State>(manifest: Omit<Manifest<State>, 'checksum'>): Buffer {
  const text = `${JSON.stringify({ checksum: noChecksum, ...manifest }, null, 2)}\n`
  const checksum = createHash('sha256').update(text).digest('hex')
  return Buffer.from(text.replace(noChecksum, checksum))
}

/** The manifest of a whole checkpoint, or what is wrong with it. */
function readManifest<State>(path: string): Manifest<State> | string {
  try {
    const bytes = readFileSync(join(path, manifestFile))
    const manifest: Manifest<State> | null = JSON.parse(bytes.toString())
    if (manifest?.format !== 2)
      return `its manifest has format ${manifest?.format}; this version reads format 2`
    // Byte for byte: Latin-1 has a character for each.
    const text = bytes.toString('latin1').replace(manifest.checksum, noChecksum)
    const checksum = createHash('sha256').update(text, 'latin1').digest('hex')
    if (checksum !== manifest.checksum) return 'its manifest has another checksum than when it was written'
    for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
      const file = join(path, name)
      const { size } = statSync(file)
      if (size !== bytes) return `${name} has ${size} bytes; it had ${bytes}`
      if (hashFile(file) !== sha256) return `${name} has another checksum than when it was written`
    }
    return manifest
  } catch (error) {
    if (error instanceof SyntaxError) return 'its manifest is not JSON'
    const { code, message } = error as NodeJS.ErrnoException
    // What is gone or lies on a broken sector stays so. All else may be mended, and then it is whole.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'EIO') return message
    const mend = 'make it readable, or move it away to go on from an older one'
    throw new ResourceError('CHECKPOINT_READ', {
      what: `cannot read ${path}`,
      why: message,
      mend,
      cause: error,
    })
  }
}

function hashFile(path: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(2 ** 20)
  const fd = openSync(path, 'r')
  try {
    for (let count = 1; count > 0; ) {
      count = readSync(fd, buffer, 0, buffer.length, null)
      hash.update(buffer.subarray(0, count))
    }
    return hash.digest('hex')
  } finally {
    closeSync(fd)
  }
}
