import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hasTrainerFlags, trainerFlags } from '../runtime/wasm.ts'

/** In the environment of a child that was started with the flags: it does not start another. */
const given = 'MILLRACE_FLAGS_GIVEN'

/** Whether a command measures how fast training is, and should be started anew with the engine's flags for that. */
export function needsTrainerFlags([name, ...rest]: string[]): boolean {
  const measures = name === 'plan' || (name === 'experiment' && rest.includes('--dry-run'))
  const asksForHelp = rest.some((arg) => arg === '-h' || arg === '--help')
  return measures && !asksForHelp && !hasTrainerFlags() && trainerFlags().length > 0 && !process.env[given]
}

/** Runs this command line in a child that has the flags. Returns its exit code; undefined if a signal ended it. */
export async function runWithTrainerFlags(): Promise<number | undefined> {
  const flags = [...process.execArgv, ...trainerFlags()]
  const child = spawn(process.execPath, [...flags, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [given]: '1' },
  })
  // On Ctrl-C the child hears of it twice; a signal to this process alone, once.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? undefined
}
