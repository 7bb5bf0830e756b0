import { isSupervised } from '../supervise/heartbeat.ts'

/** Commands that may run for days: a small parent starts them again until they have come to an end. */
const longCommands = new Set(['train'])

export function needsSupervisor(args: string[]): boolean {
  const asksForHelp = args.some((arg) => ['-h', '--help', '--no-supervise'].includes(arg))
  return longCommands.has(args[0] ?? '') && !asksForHelp && !isSupervised()
}

/** How long a program may be silent before it is taken for stuck, where its user says so. */
export function patience(): { patienceMs?: number } {
  const seconds = Number(process.env.MILLRACE_PATIENCE_SECONDS)
  return seconds > 0 ? { patienceMs: 1000 * seconds } : {}
}
