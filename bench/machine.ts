import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os'
import { ask } from './process.ts'

export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  os: string
  node: string
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || arch(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${distribution()}, ${process.platform} ${release()}`,
    node: process.versions.node,
  }
}

/** The commit that is measured, with a `+` if files differ from it; null outside a repository. */
export function describeCommit(): string | null {
  const git = (...args: string[]) => ask('git', '-C', import.meta.dirname, ...args)
  const commit = git('rev-parse', '--short=10', 'HEAD')
  if (!commit) return null
  return git('status', '--porcelain', '--', '../src', '../kernels', '.') === '' ? commit : `${commit}+`
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? arch()
  } catch {
    return arch()
  }
}
