// The worker's side of travel.ts: imports the user's modules, and finds in them what was sent by name.
import { ConfigError } from '../core/errors.ts'
import { type DatasetClass, type Fn, type Packed, type Reference, wrapped } from './travel.ts'

/** In the worker: imports the modules and makes the value again. Instances are made without their constructor. */
export async function unpack(packed: Packed): Promise<unknown> {
  switch (packed.kind) {
    case 'value':
      return packed.value
    case 'function':
      return await find(packed.reference)
    case 'rebuilt': {
      const made = (await find(packed.reference)) as DatasetClass
      return made.fromWorker!(packed.data)
    }
    case 'instance': {
      const made = (await find(packed.reference)) as DatasetClass
      return Object.assign(Object.create(made.prototype), await unpackEntries(packed.fields))
    }
    case 'array':
      return await Promise.all(packed.items.map(unpack))
    case 'object':
      return await unpackEntries(packed.entries)
  }
}

async function unpackEntries(entries: Record<string, Packed>): Promise<object> {
  const pairs = Object.entries(entries).map(async ([key, field]) => [key, await unpack(field)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}

async function find(reference: Reference): Promise<unknown> {
  const { modules, searched, name, source, role } = reference
  for (const module of [...modules, ...searched]) {
    const imported = importModule(module, role)
    // Where the user named no module, one that cannot be imported says nothing.
    const exported = (await (searched.includes(module) ? imported.catch(() => ({})) : imported)) as Record<
      string,
      unknown
    >
    const candidates = name
      ? [exported[name], renamed(exported, reference)]
      : [wrapped.get(module)?.[reference.wrappedAs]]
    const found = candidates.find((value) => isMeant(value, reference))
    if (found) return found
  }
  const isClass = isClassSource(source)
  throw new ConfigError('LOADER_EXPORT', {
    what: `${role}${name ? ` “${name}”` : ', which has no name,'} is not exported by ${[...new Set([...modules, ...searched])].join(' or ') || 'any module'}`,
    why: `a worker thread cannot be sent a ${isClass ? 'class' : 'function'}, nor the variables it closes over; it imports the module and takes the export`,
    mend: isClass
      ? `export class ${name}, with static module = import.meta.url`
      : `export it by a module and wrap it: fromModule(import.meta.url, ${name || 'fn'})`,
  })
}

/**
 * Whether an export of the right name is what was given. Its source text need not be the same: what runs the main
 * thread may have rewritten it (a test runner, a bundler) where the worker reads the file.
 */
function isMeant(value: unknown, { source, parameters }: Reference): value is Fn {
  if (typeof value !== 'function') return false
  return (
    value.length === parameters &&
    isClassSource(Function.prototype.toString.call(value)) === isClassSource(source)
  )
}

/** What a module exports under another name than its own, told by the source text. */
function renamed(exported: Record<string, unknown>, { name, source }: Reference): unknown {
  return Object.values(exported).find(
    (value) =>
      typeof value === 'function' &&
      value.name === name &&
      Function.prototype.toString.call(value) === source,
  )
}

function isClassSource(source: string): boolean {
  return /^class\b/.test(source)
}

async function importModule(module: string, role: string): Promise<object> {
  try {
    return await import(module)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('LOADER_')) throw cause
    throw new ConfigError('LOADER_IMPORT', {
      what: `a worker thread could not import ${module}, the module of ${role}: ${(cause as Error)?.message ?? cause}`,
      cause,
    })
  }
}
