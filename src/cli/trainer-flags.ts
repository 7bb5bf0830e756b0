import { trainerFlags } from '../runtime/wasm.ts'
import { isSupervised } from '../supervise/heartbeat.ts'

/**
 * Gives the engine's flags for training to a command that trains in its own process, and not in a child that is started
 * with them: the process becomes the same command line with the flags, as it was (pid, streams, signals).
 */
export function takeTrainerFlags(args: string[]): void {
  const flags = trainerFlags()
  const hasThem = flags.every((flag) => process.execArgv.includes(flag))
  if (!trainsHere(args) || hasThem || isSupervised() || !process.execve) return
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, ...flags, ...process.argv.slice(1)],
    process.env,
  )
}

function trainsHere([name, ...rest]: string[]): boolean {
  if (rest.some((arg) => arg === '-h' || arg === '--help')) return false
  if (name === 'plan') return true
  return (
    (name === 'train' || name === 'experiment') && rest.some((arg) => /^--(no-supervise|dry-run)$/.test(arg))
  )
}
