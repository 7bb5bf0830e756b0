import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatBytes } from '../core/bytes.ts'

/** How much memory a process uses, and what there is. Bytes; undefined where the system does not tell. */
export interface MemoryUse {
  /** Resident memory of the process. */
  rss: number | undefined
  /** What the control group uses that cannot be given back, and its limit. */
  group?: { used: number; limit: number }
  /** What the machine could still give, of how much. */
  machine?: { free: number; total: number }
}

/** The last part of a limit, before which a program is asked to save and begin afresh. */
const reserve = 0.05

export function memoryUse(pid: number): MemoryUse {
  const use: MemoryUse = { rss: residentBytes(pid) }
  const group = groupUse(pid)
  if (group) use.group = group
  const meminfo = readOrEmpty('/proc/meminfo')
  const free = kilobytes(meminfo, 'MemAvailable')
  const total = kilobytes(meminfo, 'MemTotal')
  if (free !== undefined && total !== undefined) use.machine = { free, total }
  return use
}

/** Resident memory of a living process; undefined if it is gone, or where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  return kilobytes(readOrEmpty(`/proc/${pid}/status`), 'VmRSS')
}

/**
 * Why a process should save and begin afresh before the kernel acts, in words; undefined if there is room.
 *
 * A process within its plan has nothing to give back by that, and is left alone while others fill the machine; one that
 * has no plan is asked whenever memory is short.
 *
 * limit   bytes of resident memory that it may use
 * plan    bytes that it meant to
 */
export function nearLimit(
  use: MemoryUse,
  { limit, plan }: { limit?: number | undefined; plan?: number | undefined },
): string | undefined {
  const { rss, group, machine } = use
  if (rss === undefined) return undefined
  // A plan may come close to the limit; processes are held to 5 % of theirs.
  if (plan !== undefined && rss <= (1 + reserve) * plan) return undefined
  const own = `its resident memory is ${formatBytes(rss)}`
  if (limit !== undefined && rss > (1 - reserve) * limit) return `${own} of ${formatBytes(limit)}`
  if (group && group.used > (1 - reserve) * group.limit)
    return `the control group uses ${formatBytes(group.used)} of ${formatBytes(group.limit)}; ${own}`
  if (machine && machine.free < reserve * machine.total)
    return `the machine has ${formatBytes(machine.free)} left of ${formatBytes(machine.total)}; ${own}`
  return undefined
}

/** How often the kernel has killed for want of memory since the machine started; undefined where it does not tell. */
export function outOfMemoryKills(): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(readOrEmpty('/proc/vmstat'))
  return count ? Number(count[1]) : undefined
}

/** The control group of a process that has a limit, the tightest of those that hold it; version 2 or 1. */
function groupUse(pid: number): { used: number; limit: number } | undefined {
  const groups = readOrEmpty(`/proc/${pid}/cgroup`)
  let tightest: { used: number; limit: number } | undefined
  const look = (folder: string, names: { limit: string; used: string; cache: string[] }) => {
    const limit = Number(readOrEmpty(join(folder, names.limit)))
    const used = Number(readOrEmpty(join(folder, names.used)))
    // "max", or in version 1 a number beyond all memory, is no limit.
    if (!(limit > 0 && limit < 2 ** 60 && used > 0)) return
    // Pages of files are given back when memory is short.
    const stat = readOrEmpty(join(folder, 'memory.stat'))
    const cached = names.cache.map((name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0))
    const held = used - cached.reduce((sum, bytes) => sum + bytes, 0)
    if (!tightest || limit - held < tightest.limit - tightest.used) tightest = { used: held, limit }
  }
  const walk = (root: string, path: string | undefined, names: Parameters<typeof look>[1]) => {
    for (let group = path; group !== undefined && group.length > 1; group = dirname(group))
      look(join(root, group), names)
    look(root, names)
  }
  walk('/sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1], {
    limit: 'memory.max',
    used: 'memory.current',
    cache: ['inactive_file', 'active_file'],
  })
  walk('/sys/fs/cgroup/memory', /^\d+:memory:(.*)$/m.exec(groups)?.[1], {
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cache: ['total_inactive_file', 'total_active_file'],
  })
  return tightest
}

function kilobytes(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
  return match ? Number(match[1]) * 1024 : undefined
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
