import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** The memory that a run may use, in bytes, and whose limit that is. */
export interface MemoryLimit {
  bytes: number
  of: '--memory' | 'the control group' | 'this machine'
}

/**
 * The memory that a run may use: what was given, else the least of the machine's and of what its control group and
 * those that hold it allow.
 *
 * read  content of a file, '' where there is none: for tests
 */
export function availableMemory(given?: number, read = readOrEmpty, machine = totalmem()): MemoryLimit {
  if (given !== undefined) return { bytes: given, of: '--memory' }
  const limits = limitFiles(read('/proc/self/cgroup')).map((path) => Number(read(path)))
  // Version 2 says "max" and version 1 a number beyond any machine where there is no limit.
  const group = Math.min(...limits.filter((limit) => limit > 0))
  return group < machine ? { bytes: group, of: 'the control group' } : { bytes: machine, of: 'this machine' }
}

/** Where the limits of a process's groups may stand, by its /proc/self/cgroup: lines of number:controllers:path. */
function limitFiles(groups: string): string[] {
  const root = '/sys/fs/cgroup'
  // Inside a container the own group is often mounted as the root, whatever its path is called.
  const files = [join(root, 'memory.max'), join(root, 'memory/memory.limit_in_bytes')]
  for (const [, controllers, path] of groups.matchAll(/^\d+:([^:]*):(.*)$/gm)) {
    const isFirst = controllers!.split(',').includes('memory')
    if (!isFirst && controllers !== '') continue
    for (let group = path!; group.length > 1; group = dirname(group))
      files.push(
        isFirst ? join(root, 'memory', group, 'memory.limit_in_bytes') : join(root, group, 'memory.max'),
      )
  }
  return files
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
