// How datasets and functions get to a worker thread. Neither can be posted: what travels is where their module is,
// under which name it exports them, and, of an instance, the fields. The worker imports the module and finds them
// again.
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../core/errors.ts'

export type Fn = (...args: any[]) => unknown
export type DatasetClass = (abstract new (
  ...args: any[]
) => object) & {
  module?: unknown
  fromWorker?: (data: unknown) => object
}

/** Something exported by a module, and what tells it from other exports. */
export interface Reference {
  /** Where it is, as its user said. */
  modules: string[]
  /** Where it may be, if nothing was said. */
  searched: string[]
  name: string
  source: string
  /** How many parameters it declares. */
  parameters: number
  /** Its place among the functions that its module wrapped, or -1. */
  wrappedAs: number
  /** How the user knows it, for messages: `workerInit`, `the dataset`. */
  role: string
}

/** A value as it is posted. */
export type Packed =
  | { kind: 'value'; value: unknown }
  | { kind: 'function'; reference: Reference }
  | { kind: 'instance'; reference: Reference; fields: Record<string, Packed> }
  | { kind: 'rebuilt'; reference: Reference; data: unknown }
  | { kind: 'array'; items: Packed[] }
  | { kind: 'object'; entries: Record<string, Packed> }

const moduleOf = Symbol.for('millrace.module')

/**
 * Names the module that exports a function, so that worker threads find it:
 * `fromModule(import.meta.url, parse)`. Gives the function itself.
 */
export function fromModule<F extends Fn>(module: string, fn: F): F {
  if (typeof module !== 'string' || !module.includes(':'))
    throw new ConfigError('LOADER_MODULE', {
      what: `fromModule was given ${JSON.stringify(module)} as module`,
      why: 'a module is named by its URL',
      mend: 'write fromModule(import.meta.url, fn)',
    })
  if (typeof fn !== 'function')
    throw new ConfigError('LOADER_MODULE', {
      what: `fromModule was given ${fn === null ? 'null' : `a ${typeof fn}`} where a function is wanted`,
      mend: 'write fromModule(import.meta.url, fn)',
    })
  Object.defineProperty(fn, moduleOf, { value: module, configurable: true })
  const known = wrapped.get(module) ?? []
  if (!known.includes(fn) && known.length < mostWrapped) wrapped.set(module, [...known, fn])
  return fn
}

/** The functions that each module wrapped, in order: the worker finds one without a name by its number. */
const wrappedKey = Symbol.for('millrace.wrapped')
const perProcess = globalThis as unknown as { [wrappedKey]?: Map<string, Fn[]> }
export const wrapped = (perProcess[wrappedKey] ??= new Map<string, Fn[]>())
const mostWrapped = 1000

/** The modules in which an unwrapped function is looked for: the dataset's own, and the program's. */
export function searchedModules(dataset: unknown): string[] {
  const own = typeof dataset === 'object' && dataset !== null ? classOf(dataset)?.module : undefined
  const modules = typeof own === 'string' ? [own] : []
  const named = typeof dataset === 'function' ? (dataset as { [moduleOf]?: string })[moduleOf] : undefined
  if (named) modules.push(named)
  const program = process.argv[1]
  if (program) modules.push(pathToFileURL(program).href)
  return modules
}

/** Makes a function ready to travel. Throws ConfigError where it is plain that no worker could find it. */
export function packFunction(fn: Fn, role: string, searched: string[]): Packed {
  const module = (fn as { [moduleOf]?: string })[moduleOf]
  const source = Function.prototype.toString.call(fn)
  if (source.endsWith('{ [native code] }'))
    throw new ConfigError('LOADER_FUNCTION', {
      what: `${role} is a built-in or bound function`,
      why: 'a worker thread imports the module that exports the function, and this one has none',
      mend: 'export a function of your own that calls it',
    })
  return {
    kind: 'function',
    reference: {
      modules: module ? [module] : [],
      searched: module ? [] : searched,
      name: fn.name,
      source,
      parameters: fn.length,
      wrappedAs: module ? wrapped.get(module)!.indexOf(fn) : -1,
      role,
    },
  }
}

/** Makes a dataset ready to travel. Throws ConfigError that names the class or field that cannot. */
export function packDataset(dataset: unknown): Packed {
  if (typeof dataset === 'function')
    return packFunction(dataset as Fn, 'the dataset', searchedModules(dataset))
  return pack(dataset, 'the dataset', new Set())
}

function pack(value: unknown, path: string, above: Set<object>): Packed {
  if (typeof value === 'function') {
    const module = (value as { [moduleOf]?: string })[moduleOf]
    if (module) return packFunction(value as Fn, path, [module])
    throw new ConfigError('LOADER_FIELD', {
      what: `${path} is a function, which cannot be sent to a worker thread`,
      mend: 'make it a method, or export it and wrap it: fromModule(import.meta.url, fn)',
    })
  }
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'symbol') throw cannotClone(path, 'a symbol')
    return { kind: 'value', value }
  }
  if (above.has(value)) return { kind: 'value', value }
  const inside = new Set(above).add(value)
  const made = classOf(value)
  if (made && (made.module !== undefined || isOursToFind(value)))
    return packInstance(value, made, path, inside)
  const method = symbolMethod(value)
  if (method)
    throw new ConfigError('LOADER_FIELD', {
      what: `${path} is an object with a method of its own, [${method}], which cannot be sent to a worker thread`,
      mend: 'make it a class that is exported, with static module = import.meta.url; or export a function that makes it',
    })
  if (!holdsTraveller(value, new Set())) return { kind: 'value', value: checkClone(value, path) }
  if (value instanceof Map || value instanceof Set)
    throw new ConfigError('LOADER_FIELD', {
      what: `${path}, a ${value.constructor.name}, holds ${travellerIn(value)}`,
      why: 'it would lose its methods on the way to a worker thread',
      mend: 'keep them in an array or a plain object, or give toWorker() and static fromWorker(data)',
    })
  if (Array.isArray(value))
    return { kind: 'array', items: value.map((item, i) => pack(item, `${path}[${i}]`, inside)) }
  return { kind: 'object', entries: packEntries(value, path, inside) }
}

function packInstance(value: object, made: DatasetClass, path: string, inside: Set<object>): Packed {
  const name = made.name
  if (typeof made.module !== 'string')
    throw new ConfigError('LOADER_CLASS', {
      what: `${path} is of ${name ? `the class ${name}` : 'a class without a name'}, which does not say where its module is`,
      why: 'a class cannot be sent to a worker thread; the worker imports its module',
      mend:
        typeof (value as { open?: unknown }).open === 'function'
          ? 'export a function that makes the stream, and give the loader that: fromModule(import.meta.url, makeStream)'
          : `export the class and write in it: static module = import.meta.url${path === 'the dataset' ? '' : '; what is open, such as a file, is opened in the worker instead (in the iterator, or in workerInit)'}`,
    })
  const source = Function.prototype.toString.call(made)
  const reference = {
    modules: [made.module],
    searched: [],
    name,
    source,
    parameters: made.length,
    wrappedAs: -1,
    role: path,
  }
  const toWorker = (value as { toWorker?: () => unknown }).toWorker
  if (typeof toWorker === 'function') {
    if (typeof made.fromWorker !== 'function')
      throw new ConfigError('LOADER_CLASS', {
        what: `the class ${name} has toWorker but no static fromWorker`,
        mend: 'add static fromWorker(data), which makes the instance again from what toWorker gave',
      })
    return {
      kind: 'rebuilt',
      reference,
      data: checkClone(toWorker.call(value), `what ${name}.toWorker() gave`),
    }
  }
  const secret = privateField(value)
  if (secret)
    throw new ConfigError('LOADER_CLASS', {
      what: `the class ${secret.in} has private fields (${secret.name}), which cannot be sent to a worker thread`,
      mend: 'give toWorker() and static fromWorker(data), or make the fields ordinary ones (TypeScript’s `private`)',
    })
  return { kind: 'instance', reference, fields: packEntries(value, name, inside) }
}

function packEntries(value: object, path: string, inside: Set<object>): Record<string, Packed> {
  const entries: Record<string, Packed> = Object.create(null)
  for (const [key, field] of Object.entries(value)) entries[key] = pack(field, `${path}.${key}`, inside)
  return entries
}

/** The class of an instance; undefined for plain objects and what the engine itself clones. */
function classOf(value: object): DatasetClass | undefined {
  const made = Object.getPrototypeOf(value)?.constructor
  return typeof made === 'function' && made !== Object ? (made as DatasetClass) : undefined
}

/** Whether it is an instance of a user's class, of which a clone would be a plain object without methods. */
function isOursToFind(value: object): boolean {
  const tag = Object.prototype.toString.call(value)
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return false
  return (
    tag !== '[object Map]' &&
    ![
      'Set',
      'Date',
      'RegExp',
      'ArrayBuffer',
      'SharedArrayBuffer',
      'Error',
      'Number',
      'String',
      'Boolean',
    ].some((kind) => tag === `[object ${kind}]`) &&
    hasMethods(Object.getPrototypeOf(value))
  )
}

/** A method that an object itself has under a symbol, as iterables written as object literals do. */
function symbolMethod(value: object): string | undefined {
  const symbol = Object.getOwnPropertySymbols(value).find(
    (key) => typeof (value as Record<symbol, unknown>)[key] === 'function',
  )
  return symbol?.description
}

/** Whether instances of a user's class can do anything that plain objects cannot. */
function hasMethods(prototype: object | null): boolean {
  if (prototype === null || isNative(prototype.constructor as Fn)) return false
  return Reflect.ownKeys(prototype).length > 1 || hasMethods(Object.getPrototypeOf(prototype))
}

function isNative(made: Fn): boolean {
  return Function.prototype.toString.call(made).endsWith('{ [native code] }')
}

/** Whether something in it needs more than a structured clone. Numbers and texts are passed over quickly. */
function holdsTraveller(value: object, seen: Set<object>): boolean {
  if (ArrayBuffer.isView(value) || seen.has(value)) return false
  seen.add(value)
  for (const item of itemsOf(value)) {
    if (typeof item === 'function') return true
    if (typeof item !== 'object' || item === null) continue
    const made = classOf(item)
    if (made && (made.module !== undefined || isOursToFind(item))) return true
    if (holdsTraveller(item, seen)) return true
  }
  return false
}

/** What it is that more than a structured clone is needed for. */
function travellerIn(container: object): string {
  for (const item of itemsOf(container)) {
    if (typeof item === 'function') return 'a function'
    if (typeof item === 'object' && item !== null && isOursToFind(item)) return `a ${classOf(item)!.name}`
  }
  return 'an instance of a class'
}

function itemsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value].flat()
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>
  return Object.values(value)
}

/** What cannot be cloned is told by its place, before any worker is started. */
function checkClone(value: unknown, path: string): unknown {
  if (ArrayBuffer.isView(value) || isPlainData(value)) return value
  try {
    structuredClone(value)
  } catch (cause) {
    const isGenerator = /Generator\]$/.test(Object.prototype.toString.call(value))
    if (isGenerator)
      throw new ConfigError('LOADER_FIELD', {
        what: `${path} is a generator, which cannot be sent to a worker thread`,
        why: 'its place is hidden on its stack, and it can be passed over only once',
        mend: 'export the generator function, and give that: fromModule(import.meta.url, fn)',
      })
    throw cannotClone(path, (cause as Error).message, cause)
  }
  return value
}

/** Flat arrays of numbers and texts, which need no trial. */
function isPlainData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return (
    Array.isArray(value) &&
    value.every((item) => (typeof item !== 'object' || item === null) && typeof item !== 'symbol')
  )
}

function cannotClone(path: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError('LOADER_FIELD', {
    what: `${path} cannot be sent to a worker thread: ${reason}`,
    mend: 'open it in the worker (in the iterator, or in workerInit), or give toWorker() and static fromWorker(data)',
    cause,
  })
}

/** A private field that a class of the instance declares. Only the source text tells of one. */
function privateField(value: object): { in: string; name: string } | undefined {
  for (
    let made = classOf(value);
    made && !isNative(made as unknown as Fn);
    made = Object.getPrototypeOf(made)
  ) {
    const source = Function.prototype.toString.call(made).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    const name = '(#[\\p{ID_Start}$_][\\p{ID_Continue}$]*)'
    const found =
      new RegExp(`\\bthis\\.${name}`, 'u').exec(source) ??
      new RegExp(`(?:^|[{};])\\s*(?:async\\s+|get\\s+|set\\s+|\\*\\s*)*${name}\\s*(?:[=;?!(}]|$)`, 'mu').exec(
        source,
      )
    if (found) return { in: made.name, name: found[1]! }
  }
  return undefined
}

/**
 * A lane's own copy of a dataset, for a lane that is worked in this thread: fields are cloned, classes and functions
 * shared.
 */
export function copyHere<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof SharedArrayBuffer) return value
  const made = classOf(value)
  if (made && (made.module !== undefined || isOursToFind(value))) {
    const { toWorker } = value as { toWorker?: () => unknown }
    if (toWorker && made.fromWorker) return made.fromWorker(structuredClone(toWorker.call(value))) as T
    // What cannot be taken apart, such as a stream, is shared.
    if (privateField(value)) return value
    return Object.assign(Object.create(made.prototype), copyEntries(value))
  }
  if (symbolMethod(value)) return value
  if (!holdsTraveller(value, new Set())) {
    try {
      return structuredClone(value)
    } catch {
      return value
    }
  }
  return (Array.isArray(value) ? value.map(copyHere) : copyEntries(value)) as T
}

function copyEntries(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copyHere(field)]))
}
