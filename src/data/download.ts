import { closeSync, createReadStream, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  currentDisk,
  diskError,
  makeFolder,
  removeQuietly,
  writeAll,
  writeFileAtomically,
} from '../core/disk.ts'
import { ResourceError } from '../core/errors.ts'
import type { Checksums } from './entry.ts'
import { Hashes, mismatch } from './measure.ts'

export interface DownloadOptions {
  /** How often one address is tried before it has given a byte more than ever before (default: 5). */
  tries?: number
  /** Before the second try; twice that before each further one, half a minute at most (default: 1000). */
  backoffMs?: number
  /** How long nothing may come (default: 30,000). */
  timeoutMs?: number
  signal?: AbortSignal | undefined
  /** Bytes so far, and in all where the server says so. */
  onProgress?: ((bytes: number, total: number | null) => void) | undefined
  /** That something failed and is tried again. */
  onRetry?: ((message: string) => void) | undefined
  /** What to do by hand, for the error. */
  mend?: string | undefined
}

export interface Downloaded {
  url: string
  bytes: number
  sha256: string
  /** Whether there was a checksum to compare with. */
  verified: boolean
}

/** What is known of the file that a part belongs to. */
interface PartRecord {
  url: string
  etag: string | null
  lastModified: string | null
  total: number | null
}

/** Redirects that are followed, one after the other. */
const mostRedirects = 10

/**
 * Downloads a file to `path`. What has come lies in `path.part` until it is whole and verified, so that the next
 * call goes on behind it, if the server still has the same file.
 *
 * urls    the same file at each; the next is tried when one fails for good
 * throws  ResourceError if none gives it, or gives something else; what `signal` aborts with
 */
export async function download(
  urls: string[],
  path: string,
  checksums: Checksums,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const faults: string[] = []
  try {
    makeFolder(dirname(path))
    for (const url of urls) {
      const result = await downloadFrom(url, path, checksums, options)
      if (typeof result !== 'string') {
        currentDisk().renameSync(`${path}.part`, path)
        removeQuietly(`${path}.part.json`)
        return result
      }
      faults.push(`${url}: ${result}`)
    }
  } catch (error) {
    throw diskError(error, path)
  }
  throw new ResourceError('DOWNLOAD', {
    what: `cannot download ${urls[0]}`,
    why: faults.length === 1 ? faults[0]!.slice(urls[0]!.length + 2) : faults.join('; '),
    ...(options.mend !== undefined && { mend: options.mend }),
  })
}

/** Tries one address until the file is there, or there is no use in trying: then says why. */
async function downloadFrom(
  url: string,
  path: string,
  checksums: Checksums,
  options: DownloadOptions,
): Promise<Downloaded | string> {
  const { tries = 5, backoffMs = 1000, onRetry } = options
  const part = `${path}.part`
  let most = partBytes(part)
  let fault = ''
  for (let failed = 0; failed < tries; ) {
    if (failed > 0) {
      onRetry?.(`${fault}; trying again`)
      const waitMs = Math.min(backoffMs * 2 ** (failed - 1), 30_000)
      await sleep(waitMs, undefined, options.signal ? { signal: options.signal } : {})
    }
    const outcome = await transfer(url, part, checksums, options)
    if (outcome.kind === 'final') return outcome.fault
    const verified = Object.keys(checksums).length > 0
    // A server may break off, or promise more, and still have given all of it: the checksum knows.
    if (outcome.kind === 'done' || (verified && partBytes(part) > 0)) {
      const found = await hashesOf(part, checksums)
      const wrong = mismatch(checksums, found)
      const bytes = partBytes(part)
      if (!wrong) return { url, bytes, sha256: found.sha256, verified }
      if (outcome.kind === 'done') {
        dropPart(part)
        fault = `it gave ${bytes} bytes with ${wrong} ${found[wrong]}, and not ${checksums[wrong]}`
        // What was put together of two transfers may be of two files; what came in one is what the server has.
        if (!outcome.isPieced) return fault
      }
    }
    if (outcome.kind !== 'done') fault = outcome.fault
    // Without a network, a second try is enough.
    if (outcome.kind === 'offline' && failed > 0) return fault
    const bytes = partBytes(part)
    failed = bytes > most ? 1 : failed + 1
    most = Math.max(most, bytes)
  }
  return fault
}

type Outcome = { kind: 'done'; isPieced: boolean } | { kind: 'again' | 'final' | 'offline'; fault: string }

/** One request, and as much of the answer as comes. */
async function transfer(
  url: string,
  part: string,
  checksums: Checksums,
  { timeoutMs = 30_000, signal, onProgress }: DownloadOptions,
): Promise<Outcome> {
  const idle = new AbortController()
  const timer = setTimeout(() => idle.abort(), timeoutMs)
  try {
    const record = readRecord(part, url)
    const begun = canGoOn(record, checksums) ? partBytes(part) : 0
    const response = await request(
      url,
      begun,
      record,
      AbortSignal.any([idle.signal, ...(signal ? [signal] : [])]),
    )
    if (typeof response === 'string') return { kind: 'final', fault: response }
    const place = whereItGoesOn(response, begun, url, record)
    if (place === 'whole') return { kind: 'done', isPieced: true }
    if (typeof place !== 'number') {
      await response.body?.cancel()
      if (place.drop) dropPart(part)
      return { kind: place.isFinal ? 'final' : 'again', fault: place.fault }
    }
    const total = totalOf(response, place)
    if (place === 0) writeRecord(part, { url, ...validatorsOf(response), total })
    const bytes = await append(response, part, place, (bytes) => {
      timer.refresh()
      onProgress?.(bytes, total)
    })
    if (total === null || bytes === total) return { kind: 'done', isPieced: place > 0 }
    return { kind: 'again', fault: `it broke off after ${bytes} of ${total} bytes` }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (idle.signal.aborted) return { kind: 'again', fault: `nothing came for ${timeoutMs / 1000} seconds` }
    if (isNetworkError(error)) return networkFault(error)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Follows redirects. A text says what is wrong for good. */
async function request(
  url: string,
  begun: number,
  record: PartRecord | undefined,
  signal: AbortSignal,
): Promise<Response | string> {
  // A packed transfer would have other lengths than the file.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'millrace' }
  if (begun > 0) {
    headers.range = `bytes=${begun}-`
    const validator = strongValidator(record)
    if (validator) headers['if-range'] = validator
  }
  let at = url
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(at, { headers, redirect: 'manual', signal })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || !location) return response
    await response.body?.cancel()
    if (!URL.canParse(location, at)) return `it redirects to ${location}, which is no address`
    const next = new URL(location, at)
    if (next.protocol !== 'http:' && next.protocol !== 'https:') return `it redirects to ${next.href}`
    at = next.href
  }
  return `it redirects more than ${mostRedirects} times`
}

type Refusal = { fault: string; drop?: boolean; isFinal?: boolean }

/** At which byte the answer begins; 'whole' if the part already is all of it. */
function whereItGoesOn(
  response: Response,
  begun: number,
  url: string,
  record?: PartRecord,
): number | 'whole' | Refusal {
  const { status } = response
  if (status === 200) return 0
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  const total = range && range[2] !== '*' ? Number(range[2]) : null
  if (status === 416) {
    if (total === begun && begun > 0 && (record?.total === null || record?.total === total)) return 'whole'
    return { fault: 'it has no such part of the file', drop: true }
  }
  if (status === 206) {
    const isSame =
      Number(range?.[1]) === begun &&
      (record?.total == null || (total === null && record.url === url) || total === record.total) &&
      (record?.etag == null || (response.headers.get('etag') ?? record.etag) === record.etag)
    return isSame ? begun : { fault: 'the file has changed since it was begun', drop: true }
  }
  const fault = `it answers ${status}${response.statusText ? ` (${response.statusText})` : ''}`
  return { fault, isFinal: status < 500 && status !== 408 && status !== 425 && status !== 429 }
}

/** How long the file is in all, if the answer says so. */
function totalOf(response: Response, begun: number): number | null {
  const length = response.headers.get('content-length')
  return length === null || response.headers.has('content-encoding') ? null : begun + Number(length)
}

/** Writes the body behind the `begun` bytes that the part has. Returns how long the part is then. */
async function append(
  response: Response,
  part: string,
  begun: number,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const disk = currentDisk()
  const fd = disk.openSync(part, 'a')
  let bytes = begun
  try {
    for await (const piece of response.body ?? []) {
      writeAll(fd, piece, disk)
      bytes += piece.length
      onBytes(bytes)
    }
    await disk.fsync(fd)
  } finally {
    closeSync(fd)
  }
  return bytes
}

/** Two pieces surely are of one file if the server vouches for it, or a checksum will tell. */
function canGoOn(record: PartRecord | undefined, checksums: Checksums): record is PartRecord {
  return record !== undefined && (strongValidator(record) !== null || Object.keys(checksums).length > 0)
}

function strongValidator(record: PartRecord | undefined): string | null {
  if (record?.etag && !record.etag.startsWith('W/')) return record.etag
  return record?.lastModified ?? null
}

function validatorsOf({ headers }: Response): Pick<PartRecord, 'etag' | 'lastModified'> {
  return { etag: headers.get('etag'), lastModified: headers.get('last-modified') }
}

/**
 * What is known of the part, if `url` can go on with it. Of one that came from another address the length alone counts:
 * what vouches for a file there says nothing here, so that only a checksum can.
 */
function readRecord(part: string, url: string): PartRecord | undefined {
  try {
    const record: PartRecord = JSON.parse(readFileSync(`${part}.json`, 'utf8'))
    if (record.url === url) return record
    return record.total === null ? undefined : { ...record, etag: null, lastModified: null }
  } catch {
    return undefined
  }
}

function writeRecord(part: string, record: PartRecord): void {
  // Never may an old part stand beside a new record.
  removeQuietly(part)
  writeFileAtomically(`${part}.json`, (write) => write(Buffer.from(`${JSON.stringify(record)}\n`)))
}

function dropPart(part: string): void {
  removeQuietly(part)
  removeQuietly(`${part}.json`)
}

function partBytes(part: string): number {
  return statSync(part, { throwIfNoEntry: false })?.size ?? 0
}

async function hashesOf(path: string, checksums: Checksums): Promise<ReturnType<Hashes['digest']>> {
  const hashes = new Hashes(checksums)
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) hashes.update(piece)
  return hashes.digest()
}

/** `fetch` fails with a TypeError of these two messages, of which the cause says what happened. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError && (error.message === 'fetch failed' || error.message === 'terminated')
}

function networkFault(error: unknown): Outcome {
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  if (cause?.code === 'ENOTFOUND' || cause?.code === 'EAI_AGAIN')
    return { kind: 'offline', fault: 'its name cannot be resolved: this machine seems to be offline' }
  return { kind: 'again', fault: cause?.message || cause?.code || (error as Error).message }
}
