import { readFileSync } from 'node:fs'

/**
 * High-water mark of a process's resident memory, in bytes: this one's, if no other is named. 0 of another one that is
 * gone, or where the system does not tell.
 *
 * From /proc where there is one: what `getrusage` says there includes the process that started this one.
 */
export function peakRssBytes(pid?: number): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 'self'}/status`, 'utf8'))
    if (match) return Number(match[1]) * 1024
  } catch {
    // Not Linux.
  }
  return pid === undefined ? process.resourceUsage().maxRSS * 1024 : 0
}
