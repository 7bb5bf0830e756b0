import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ResourceError } from '../src/core/errors.ts'

/** A line that a program printed, on either stream; what it rewrites with a carriage return is a line too. */
export interface Line {
  text: string
  /** Seconds since the program's start. */
  seconds: number
  /** The program's high-water mark of resident memory when the line arrived. */
  peakBytes: number
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * throws  ResourceError with the program's last words if it cannot be started or fails
 */
export async function run(command: readonly string[], env: Record<string, string> = {}): Promise<Line[]> {
  const [program, ...args] = command
  const beganMs = performance.now()
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const lines: Line[] = []
  let peakBytes = 0
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (text) => {
      peakBytes = Math.max(peakBytes, peakOf(child.pid))
      lines.push({ text: text.trim(), seconds: (performance.now() - beganMs) / 1000, peakBytes })
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals | null>()
  child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal))
  const ended = await promise.catch((cause: Error) => cause.message)
  if (ended === 0) return lines
  const last = lines.filter(({ text }) => text !== '').slice(-3)
  throw new ResourceError('PROGRAM_FAILED', {
    what: `${program} ended with ${ended}`,
    ...(last.length > 0 && { why: last.map(({ text }) => text).join(' · ') }),
  })
}

/** What a short program prints; undefined if it is not there or fails. */
export function ask(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** The last line that is an object in JSON. */
export function lastJson(lines: readonly Line[]): any {
  return JSON.parse(lines.findLast(({ text }) => text.startsWith('{'))?.text ?? '{}')
}

/**
 * VmHWM. Not `ru_maxrss`: that begins with the memory of the process that forked, and so tells of this one.
 * 0 where there is no /proc, or the program is gone.
 */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
