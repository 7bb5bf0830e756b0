import { note } from './output.ts'
import { hangsUp } from './signals.ts'

/**
 * The first Ctrl-C, SIGTERM or closed terminal aborts the signal, with its name as the reason. After that they kill the
 * program that is supervised; if it is `patient`, the third does. Ctrl-Z stops both.
 *
 * program  its process id, or, negative, that of its process group
 */
export function relaySignals(program: () => number | undefined, patient = false): AbortSignal {
  const controller = new AbortController()
  let count = 0
  const relay = (name: NodeJS.Signals) => {
    count++
    if (count === 1) return controller.abort(name)
    if (patient && count === 2) return kill(program(), name)
    note('ended at once; what was not saved will be done again')
    kill(program(), 'SIGKILL')
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, relay)
  process.on('SIGHUP', (name) => hangsUp() && relay(name))
  // The program has a process group of its own: what the terminal does to this one is done to it here.
  process.on('SIGTSTP', () => {
    kill(program(), 'SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  })
  process.on('SIGCONT', () => kill(program(), 'SIGCONT'))
  return controller.signal
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone.
  }
}
