import { readFileSync } from 'node:fs'

/**
 * High-water mark of this process's resident memory, in bytes.
 *
 * From /proc where there is one: what `getrusage` says there includes the process that started this one.
 */
export function peakRssBytes(): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (match) return Number(match[1]) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
