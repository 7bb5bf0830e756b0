import { readFileSync } from 'node:fs'

/** This process's high-water mark of resident memory, threads and shared memory included; 0 where there is no /proc. */
export function peakBytes(): number {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
