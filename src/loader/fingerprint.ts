// What a saved state remembers of its loader, so that another dataset or option is refused by name.
import { createHash } from 'node:crypto'
import { serialize } from 'node:v8'
import type { ResolvedOptions } from './options.ts'

export interface Fingerprint {
  [name: string]: string | number | boolean | null
}

/** How much of a large field is looked at: so many items, or bytes, evenly spread over it. */
const looksAt = 4096

/** The options that decide which batches come, as plain values. */
export function fingerprintOptions(options: ResolvedOptions): Fingerprint {
  const { batchSize, dropLast, sharding, shuffle, dtype, collate, workerInit, sampler, batchSampler } =
    options
  const shown: Fingerprint = { batchSize, dropLast, dtype: dtype ?? 'float64' }
  if (options.kind === 'iterable') shown.sharding = sharding
  else shown.shuffle = shuffle
  shown.collate = nameOf(collate)
  shown.workerInit = nameOf(workerInit)
  shown.sampler = describeSampler(sampler)
  shown.batchSampler = describeSampler(batchSampler)
  return shown
}

/** A list of indices by its contents; what else there is by its class, and its length if it has one. */
function describeSampler(sampler: unknown): Fingerprint[string] {
  if (sampler === undefined) return null
  if (Array.isArray(sampler) || ArrayBuffer.isView(sampler)) return summary(sampler)
  const { length } = sampler as { length?: unknown }
  return `${nameOf(sampler)}${typeof length === 'number' ? ` of ${length}` : ''}`
}

/** The dataset's class, length and fields. */
export function fingerprintDataset(dataset: unknown): Fingerprint {
  const shown: Fingerprint = { class: nameOf(dataset) ?? typeof dataset }
  if (typeof dataset !== 'object' || dataset === null) return shown
  const { length } = dataset as { length?: unknown }
  if (typeof length === 'number') shown.length = length
  if (Array.isArray(dataset) || ArrayBuffer.isView(dataset)) shown.items = summary(dataset)
  else for (const [key, field] of Object.entries(dataset)) shown[`.${key}`] = summary(field)
  return shown
}

/** The first difference, in words: `batchSize was 32, and is 64 now`. */
export function difference(saved: Fingerprint, now: Fingerprint, prefix = ''): string | null {
  for (const name of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const before = saved[name] ?? null
    const after = now[name] ?? null
    if (before !== after)
      return `${prefix}${name} was ${say(before)} when the state was saved, and is ${say(after)} now`
  }
  return null
}

function say(value: string | number | boolean | null): string {
  return value === null ? 'not given' : String(value)
}

function nameOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'function') return value.name || 'function'
  return value.constructor?.name ?? 'object'
}

function summary(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'string')
    return value.length <= 80 ? value : `text of ${value.length} characters #${hash(value)}`
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object') return String(value)
  if (ArrayBuffer.isView(value)) {
    const array = value as Uint8Array
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    return `${value.constructor.name}(${array.length}) #${hash(spread(bytes))}`
  }
  if (Array.isArray(value)) return `array of ${value.length} #${hashOf([...spread(value)])}`
  return `${value.constructor?.name ?? 'object'} #${hashOf(value)}`
}

/** All items, or for a large list some: the ends, and every k-th. */
function spread<A extends { length: number; [i: number]: any }>(items: A): ArrayLike<any> & Iterable<any> {
  if (items.length <= looksAt) return items as unknown as any[]
  const step = (items.length - 1) / (looksAt - 1)
  return Array.from({ length: looksAt }, (_, i) => items[Math.round(i * step)])
}

function hashOf(value: unknown): string {
  try {
    return hash(serialize(value))
  } catch {
    return '?' // Nothing that could be compared, such as a handle.
  }
}

function hash(value: string | ArrayLike<number>): string {
  const bytes = typeof value === 'string' ? value : Uint8Array.from(value)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
