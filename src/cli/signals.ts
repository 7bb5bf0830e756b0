import { isSupervised, listenToSupervisor } from '../supervise/heartbeat.ts'
import { note } from './output.ts'

/**
 * A signal that aborts on Ctrl-C, SIGTERM or a closed terminal: the run saves its work and stops. The second Ctrl-C ends
 * the process at once. It also aborts when the supervisor asks for a restart, or has died.
 */
export function stopSignal(): AbortSignal {
  return stopController().signal
}

/** The controller of such a signal, for who has more reasons to stop. */
export function stopController(): AbortController {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) {
      // Systems signal parent and child, and the parent passes its own on: to end it at once is its part.
      if (isSupervised()) return
      note('stopped at once; what came after the last checkpoint will be done again')
      process.exit(75)
    }
    note('\nstopping: the blocks at work are finished and saved; once more to stop at once')
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop)
  process.on('SIGHUP', () => hangsUp() && stop())
  listenToSupervisor({
    restart: () => controller.abort(),
    orphaned: () => {
      if (!controller.signal.aborted) note('\nthe supervisor has died: saving and ending')
      controller.abort()
    },
  })
  return controller
}

/**
 * Whether a closed terminal is a reason to stop. What was started with `nohup`, or writes to files, goes on. (Node does
 * not leave SIGHUP ignored, as nohup asks.)
 */
export function hangsUp(): boolean {
  return process.stdout.isTTY || process.stderr.isTTY
}
