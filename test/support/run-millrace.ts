import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'

const launcher = join(import.meta.dirname, 'millrace.ts')

/** Runs the command line from its sources, as a user would, in a process of its own. */
export function millrace(folder: string, ...args: string[]) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=millrace-source', launcher, ...args],
    // A signal that cannot be caught: what hangs is a fault, and must not hang the tests.
    { encoding: 'utf8', cwd: folder, timeout: 30_000, killSignal: 'SIGKILL' },
  )
  return { status, signal, stdout, stderr }
}

/** Starts the command line in a process of its own, to be signalled. */
export function startMillrace(folder: string, ...args: string[]) {
  return spawn(process.execPath, ['--conditions=millrace-source', launcher, ...args], {
    cwd: folder,
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
}
