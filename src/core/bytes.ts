import { ConfigError } from './errors.ts'

const units = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Bytes as people read them: `53.1 MiB`. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${names[unit]}`
}

/**
 * A size as people write it: `512M`, `1.5GiB`, `65536`.
 *
 * throws  ConfigError naming the option if it is not a size
 */
export function parseBytes(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (!match) {
    throw new ConfigError('SIZE', {
      what: `${option} ${text} is not a size`,
      mend: `write it like ${option} 2G or ${option} 512M`,
    })
  }
  return Math.round(Number(match[1]) * units[(match[2] || 'b').toLowerCase() as keyof typeof units])
}
