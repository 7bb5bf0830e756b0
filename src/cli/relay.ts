import { note } from './output.ts'
import { hangsUp } from './signals.ts'

/**
 * The first Ctrl-C, SIGTERM or closed terminal aborts the signal, with its name as the reason. After that they kill the
 * programs that are supervised; if they are `patient`, the third does. Ctrl-Z stops both.
 *
 * programs  their process ids, or, negative, those of their process groups
 */
export function relaySignals(programs: () => readonly number[], patient = false): AbortSignal {
  const controller = new AbortController()
  let count = 0
  const kill = (signal: NodeJS.Signals) => {
    for (const pid of programs()) killOne(pid, signal)
  }
  const relay = (name: NodeJS.Signals) => {
    count++
    if (count === 1) return controller.abort(name)
    if (patient && count === 2) return kill(name)
    note('ended at once; what was not saved will be done again')
    kill('SIGKILL')
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, relay)
  process.on('SIGHUP', (name) => hangsUp() && relay(name))
  // The program has a process group of its own: what the terminal does to this one is done to it here.
  process.on('SIGTSTP', () => {
    kill('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  })
  process.on('SIGCONT', () => kill('SIGCONT'))
  return controller.signal
}

function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone.
  }
}
