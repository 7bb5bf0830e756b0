import { note } from './output.ts'

/**
 * A signal that aborts on Ctrl-C, SIGTERM or a closed terminal: the run saves its work and stops.
 * The second Ctrl-C ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) {
      note('stopped at once; what came after the last checkpoint will be done again')
      process.exit(75)
    }
    note('\nstopping: the blocks at work are finished and saved; once more to stop at once')
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  return controller.signal
}
