import { note } from './output.ts'
import { hangsUp } from './signals.ts'

/**
 * The first Ctrl-C, SIGTERM or closed terminal aborts the signal, with its name as the reason; each one after that goes
 * straight to the program that is supervised, and the third ends it at once. Ctrl-Z stops both.
 */
export function relaySignals(program: () => number | undefined): AbortSignal {
  const controller = new AbortController()
  let count = 0
  const relay = (name: NodeJS.Signals) => {
    count++
    if (count === 1) return controller.abort(name)
    if (count === 2) note('ending at once')
    kill(program(), count === 2 ? name : 'SIGKILL')
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
