import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os'

/** What a measurement is of. */
export interface Machine {
  cpu: string
  /** That this process may use. */
  cores: number
  memoryBytes: number
  os: string
  node: string
}

/** The machine that this process runs on, without its name. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || arch(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${distribution()}, ${process.platform} ${release()}`,
    node: process.versions.node,
  }
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? arch()
  } catch {
    return arch()
  }
}
