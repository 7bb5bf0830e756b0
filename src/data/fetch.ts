import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { removeQuietly, writeFileAtomically } from '../core/disk.ts'
import { InputError, ResourceError } from '../core/errors.ts'
import { type DownloadOptions, download } from './download.ts'
import { type Checksums, checksumText, type DataEntry } from './entry.ts'
import { exclusively, stoppable } from './exclusive.ts'
import { Hashes, mismatch, readPieces, rememberedMeasure, rememberFile } from './measure.ts'
import { cacheFolder, find, type Places, requireEntry } from './places.ts'
import { unpacked } from './unpack.ts'
import { WordCounter } from './word-counter.ts'
import { writePieces } from './write-pieces.ts'

export interface FetchOptions extends Omit<DownloadOptions, 'mend' | 'onProgress'>, Places {
  /** What is done ('downloading', 'unpacking', 'waiting'), how far, and of how much where that is known. */
  onProgress?: ((step: string, bytes: number, total: number | null) => void) | undefined
}

export interface Fetched {
  name: string
  path: string
  /** Whether it was there before. */
  wasHere: boolean
  bytes: number | null
  sha256: string | null
  /** Whether there was a checksum to compare with; null for a folder. */
  verified: boolean | null
}

/**
 * Brings a named file into the cache, with what it needs: unpacks a copy that is below MILLRACE_DATA, or downloads it.
 * What is there is not fetched again. Of several processes, one does it and the others wait.
 *
 * throws  InputError for an unknown name, or one that cannot be had but by hand; ResourceError if no address gives
 *         the file, or gives another than the catalogue knows; StoppedError on abort
 */
export function fetchData(name: string, options: FetchOptions = {}): Promise<Fetched> {
  return stoppable(options.signal, async () => bring(requireEntry(name, options), options))
}

async function bring(entry: DataEntry, options: FetchOptions): Promise<Fetched> {
  for (const needed of entry.needs ?? []) await bring(requireEntry(needed, options), options)
  const { path, target } = find(entry, options)
  if (path !== undefined) return here(entry, path, options)
  const cache = cacheFolder(options)
  return exclusively(
    target,
    cache,
    async () => {
      // Another process may have brought it meanwhile.
      const { path, packed } = find(entry, options)
      if (path !== undefined) return here(entry, path, options)
      if (packed !== undefined) return unpackInto(entry, packed, target, cache, options)
      return downloadInto(entry, target, cache, options)
    },
    { signal: options.signal, onWait: () => options.onProgress?.('waiting', 0, null) },
  )
}

/** What to do by hand to have a file: which address, which place, which checksum. */
export function byHand(entry: DataEntry, places: Places = {}): string {
  const { target } = find(entry, places)
  const sum = checksumText(entry.checksums)
  if (!entry.download)
    return `${entry.byHand ?? `see ${entry.home}`}; its place is ${target}${sum ? ` (${sum})` : ''}`
  const packedSum = entry.download.checksums && checksumText(entry.download.checksums)
  const place = packedSum ? downloadPath(entry, cacheFolder(places)) : target
  return (
    `where there is a network, get ${entry.download.urls[0]}, put it at ${place}` +
    `${(packedSum ?? sum) ? ` (${packedSum ?? sum})` : ''}, and call \`millrace data get ${entry.name}\` again`
  )
}

/** What is there is compared with the catalogue, once. */
async function here(entry: DataEntry, path: string, { signal, ...places }: FetchOptions): Promise<Fetched> {
  const { name, checksums } = entry
  const stats = statSync(path)
  const nothing = { name, path, wasHere: true, bytes: null, sha256: null, verified: null }
  if (!stats.isFile()) return nothing
  const cache = cacheFolder(places)
  let found: Checksums | undefined = rememberedMeasure([path], cache)
  // A copy of another kind may lie in its place; but what SHA-256 has proven needs no other.
  if (found === undefined || checksums.sha256 === undefined) {
    const hashes = new Hashes(checksums)
    for await (const piece of readPieces(path, { signal })) hashes.update(piece)
    found = hashes.digest()
  }
  const { sha256 = null } = found
  const wanted = checksums.sha256 === undefined ? checksums : { sha256: checksums.sha256 }
  requireSame(wanted, found, path, entry, places)
  return { ...nothing, bytes: stats.size, sha256, verified: Object.keys(checksums).length > 0 }
}

/** Where the download of a packed file lies until it is unpacked, or is put by hand. */
function downloadPath({ download }: DataEntry, cache: string): string {
  return join(cache, 'downloads', basename(new URL(download!.urls[0]!).pathname))
}

async function downloadInto(
  entry: DataEntry,
  target: string,
  cache: string,
  options: FetchOptions,
): Promise<Fetched> {
  if (!entry.download) {
    throw new InputError('DATA_BY_HAND', {
      what: `${entry.name} cannot be downloaded`,
      why: `${entry.what} (${entry.licence})`,
      mend: byHand(entry, options),
    })
  }
  const { urls, checksums } = entry.download
  const { onProgress, ...rest } = options
  const isPacked = checksums !== undefined
  const path = isPacked ? downloadPath(entry, cache) : target
  if (!isPacked || !existsSync(path)) {
    const { bytes, sha256, verified } = await download(urls, path, checksums ?? entry.checksums, {
      ...rest,
      onProgress: (bytes, total) =>
        onProgress?.('downloading', bytes, total ?? entry.download!.bytes ?? null),
      mend: byHand(entry, options),
    })
    if (!isPacked) {
      if (!verified) keepSeen(target, sha256, urls[0]!)
      return { name: entry.name, path, wasHere: false, bytes, sha256, verified }
    }
  }
  const fetched = await unpackInto(entry, path, target, cache, options)
  removeQuietly(path)
  return fetched
}

/** Unpacks a file beside its place, compares it with its checksum, and puts it there. */
async function unpackInto(
  entry: DataEntry,
  packed: string,
  target: string,
  cache: string,
  { onProgress, signal, ...places }: FetchOptions,
): Promise<Fetched> {
  const member = entry.download?.member
  const counter = new WordCounter()
  const hashes = new Hashes(entry.checksums)
  let bytes = 0
  await writePieces(
    target,
    unpacked(packed, { member, signal }),
    (piece) => {
      hashes.update(piece)
      counter.add(piece)
      bytes += piece.length
      onProgress?.('unpacking', bytes, entry.bytes)
    },
    () => requireSame(entry.checksums, hashes.digest(), packed, entry, places),
  )
  counter.endFile()
  const { sha256 } = hashes.digest()
  rememberFile(target, { sha256, bytes, words: counter.words }, cache)
  const verified = Object.keys(entry.checksums).length > 0
  if (!verified) keepSeen(target, sha256, packed)
  return { name: entry.name, path: target, wasHere: false, bytes, sha256, verified }
}

/** Where there was nothing to compare with, a file beside says what came, so that it can be compared later. */
function keepSeen(target: string, sha256: string, from: string): void {
  const text = `${JSON.stringify({ sha256, from, verified: false }, null, 2)}\n`
  writeFileAtomically(`${target}.seen.json`, (write) => write(Buffer.from(text)))
}

function requireSame(
  wanted: Checksums,
  found: Checksums,
  path: string,
  entry: DataEntry,
  places: Places,
): void {
  const wrong = mismatch(wanted, found)
  if (!wrong) return
  throw new ResourceError('DATA_CHECKSUM', {
    what: `${path} does not hold ${entry.name}`,
    why: `its ${wrong} is ${found[wrong]} and not ${wanted[wrong]}`,
    mend: `remove it; then ${byHand(entry, places)}`,
  })
}
