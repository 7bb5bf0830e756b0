import { ConfigError } from '../core/errors.ts'

/** What each command of `millrace runs` takes. */
export interface RunsOptions {
  runs: string
  json?: boolean
}

/** An option that may be given several times. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** throws  ConfigError if it is not a number of at least `least` */
export function countOption(flag: string, text: string, least: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= least) return value
  throw new ConfigError('FLAG_VALUE', {
    what: `${flag} ${text} is not possible`,
    why: `it must be a number, at least ${least}`,
  })
}
