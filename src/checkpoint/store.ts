import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, diskError, makeFolder, realDisk, syncFolder, writeAndSync } from '../core/disk.ts'
import { SafetensorsFile, type Tensor, writeSafetensors } from '../core/safetensors.ts'

/** What `manifest.json` holds. `state` is the owner's own, plain JSON. */
export interface Manifest<State> {
  format: 1
  state: State
  /** Length and SHA-256 of each file beside it. */
  files: Record<string, { bytes: number; sha256: string }>
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

  /** `keep`: how many of the newest stay. */
  constructor(path: string, { keep = 2, disk = realDisk }: { keep?: number; disk?: Disk } = {}) {
    this.path = path
    this.#keep = keep
    this.#disk = disk
  }

  /**
   * Writes a checkpoint and removes those past `keep`.
   *
   * throws  ResourceError if the disk refuses; earlier checkpoints are untouched
   */
  write(state: State, tensors: Record<string, Tensor>): { path: string; bytes: number } {
    const number = (this.#numbers()[0] ?? 0) + 1
    const final = join(this.path, String(number).padStart(6, '0'))
    const beside = join(this.path, `.${number}.tmp`)
    try {
      this.#disk.rmSync(beside, { recursive: true, force: true })
      makeFolder(beside, this.#disk)
      const sha = createHash('sha256')
      let bytes = 0
      const fill = (write: (part: Uint8Array) => void) => {
        const counted = (part: Uint8Array) => {
          sha.update(part)
          bytes += part.length
          write(part)
        }
        writeSafetensors(counted, tensors)
      }
      writeAndSync(join(beside, tensorsFile), fill, this.#disk)
      const files = { [tensorsFile]: { bytes, sha256: sha.digest('hex') } }
      const manifest: Manifest<State> = { format: 1, state, files }
      const json = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
      writeAndSync(join(beside, manifestFile), (write) => write(json), this.#disk)
      syncFolder(beside, this.#disk)
      this.#disk.renameSync(beside, final)
      syncFolder(this.path, this.#disk)
      this.#prune()
      return { path: final, bytes: bytes + json.length }
    } catch (error) {
      try {
        this.#disk.rmSync(beside, { recursive: true, force: true })
      } catch {
        // The first error is the one to tell; the next write clears what is left.
      }
      throw diskError(error, final)
    }
  }

  /** The newest checkpoint that is whole; each damaged one passed over is told to `onDamaged`. */
  newest(onDamaged: (path: string, why: string) => void = () => {}): Checkpoint<State> | undefined {
    for (const number of this.#numbers()) {
      const path = join(this.path, String(number).padStart(6, '0'))
      const manifest = readManifest<State>(path)
      if (typeof manifest === 'string') onDamaged(path, manifest)
      else return { path, state: manifest.state, tensors: () => new SafetensorsFile(join(path, tensorsFile)) }
    }
    return undefined
  }

  /** Numbers of the checkpoints there are, newest first. */
  #numbers(): number[] {
    if (!existsSync(this.path)) return []
    const names = readdirSync(this.path).filter((name) => /^\d{6,}$/.test(name))
    return names.map(Number).sort((a, b) => b - a)
  }

  #prune(): void {
    for (const number of this.#numbers().slice(this.#keep)) {
      this.#disk.rmSync(join(this.path, String(number).padStart(6, '0')), { recursive: true, force: true })
    }
  }
}

/** The manifest of a whole checkpoint, or what is wrong with it. */
function readManifest<State>(path: string): Manifest<State> | string {
  let manifest: Manifest<State>
  try {
    manifest = JSON.parse(readFileSync(join(path, manifestFile), 'utf8'))
  } catch {
    return 'its manifest is missing or not JSON'
  }
  if (manifest.format !== 1) return `its format is ${manifest.format}`
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files ?? {})) {
    const file = join(path, name)
    if (!existsSync(file)) return `${name} is missing`
    if (statSync(file).size !== bytes) return `${name} has ${statSync(file).size} bytes; it had ${bytes}`
    if (hashFile(file) !== sha256) return `${name} has another checksum than when it was written`
  }
  return manifest
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
