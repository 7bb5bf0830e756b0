import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import xz from 'xz-decompress'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { InputError, MillraceError } from '../core/errors.ts'
import { readPieces } from './measure.ts'

export type Packing = 'gzip' | 'xz' | 'zstd' | 'zip'

const signatures: [Packing | 'bzip2', number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['bzip2', [0x42, 0x5a, 0x68]],
]

/** How a file is packed, by its first bytes; undefined for one that is not. */
export function packingOf(path: string): Packing | undefined {
  const head = Buffer.alloc(6)
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    throw new InputError('DATA_UNREADABLE', {
      what: `cannot read ${path}`,
      why: (cause as Error).message,
      cause,
    })
  }
  try {
    readSync(fd, head, 0, head.length, 0)
  } finally {
    closeSync(fd)
  }
  const found = signatures.find(([, bytes]) => bytes.every((byte, i) => head[i] === byte))?.[0]
  if (found !== 'bzip2') return found
  // "BZh" alone could begin a text.
  if (head[4] !== 0x31) return undefined
  throw new InputError('DATA_BZIP2', {
    what: `${path} is packed with bzip2`,
    why: 'that is the one packing that is not undone here',
    mend: `bzip2 -dk ${path}`,
  })
}

/**
 * The text of a file, unpacked if it is packed, in pieces. Never more than some MiB of it are in memory.
 *
 * member  which file of a zip; may be left out where there is but one
 * throws  InputError if it is damaged, or has no such member
 */
export async function* unpacked(
  path: string,
  { member, signal }: { member?: string | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array> {
  const packing = packingOf(path)
  if (packing === undefined) {
    yield* readPieces(path, { signal })
    return
  }
  try {
    for await (const piece of await open(path, packing, member)) {
      signal?.throwIfAborted()
      yield piece
    }
  } catch (cause) {
    if (cause instanceof MillraceError || signal?.aborted) throw cause
    throw new InputError('DATA_DAMAGED', {
      what: `cannot unpack ${path}`,
      why: `it is ${packing}, and it is damaged or cut off: ${(cause as Error).message}`,
      mend: 'remove it and get it again',
      cause,
    })
  }
}

async function open(
  path: string,
  packing: Packing,
  member: string | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  if (packing === 'zip') return openMember(path, member)
  const packed = createReadStream(path, { highWaterMark: 2 ** 18 })
  if (packing === 'xz') return new xz.XzReadableStream(Readable.toWeb(packed) as never) as never
  const unpacking = packing === 'gzip' ? createGunzip() : createZstdDecompress()
  packed.on('error', (error) => unpacking.destroy(error))
  return packed.pipe(unpacking)
}

async function* openMember(path: string, name: string | undefined): AsyncGenerator<Uint8Array> {
  const zip = await openPromise(path, { autoClose: false })
  try {
    const stream = await zip.openReadStreamPromise(await findMember(zip, path, name))
    yield* stream
  } finally {
    zip.close()
  }
}

async function findMember(zip: ZipFile, path: string, name: string | undefined): Promise<Entry> {
  const files: Entry[] = []
  for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) files.push(entry)
  const found = name === undefined ? files.length === 1 && files[0] : files.find((e) => e.fileName === name)
  if (found) return found
  throw new InputError('DATA_MEMBER', {
    what: name === undefined ? `${path} has ${files.length} files in it` : `${path} has no ${name} in it`,
    why: `it has ${files.map((entry) => entry.fileName).join(', ') || 'none'}`,
    mend: 'unpack it and name the file that is meant',
  })
}
