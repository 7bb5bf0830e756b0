import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'

/** throws  ConfigError if `value` is not a whole number of at least `least`; `Infinity` passes where it is `allowed` */
export function requireCount(name: string, value: unknown, least: number, endless?: 'or Infinity'): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return
  if (endless && value === Infinity) return
  const why = `it must be a whole number of at least ${least}${endless ? ', or Infinity' : ''}`
  throw optionError(name, value, why)
}

/** throws  ConfigError if `value` is no finite number */
export function requireFinite(name: string, value: unknown): void {
  if (!Number.isFinite(value)) throw optionError(name, value, 'it must be a finite number')
}

/** throws  ConfigError if `value` is given and is not a boolean */
export function requireFlag(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw optionError(name, value, 'it must be true or false')
}

/** throws  ConfigError if `value` is not a function */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw optionError(name, value, 'it must be a function')
}

/** throws  ConfigError if `options` is no object, or has a key that is not `known` */
export function requireOptions(name: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw optionError(name, options, `it must be an object with ${known.join(', ')}`)
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const nearest = nearestName(key, known)
    throw new ConfigError('STREAM_OPTION', {
      what: `${name}.${key} is no option`,
      mend: nearest ? `did you mean ${nearest}?` : `known options: ${known.join(', ')}`,
    })
  }
}

export function optionError(name: string, value: unknown, why: string): ConfigError {
  return new ConfigError('STREAM_OPTION', { what: `${name} is ${show(value)}`, why })
}

/** A value in a few words, for an error. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null)
    return `an object of class ${value.constructor?.name ?? '(none)'}`
  return String(value)
}
