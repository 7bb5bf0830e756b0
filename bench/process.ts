import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { ResourceError } from '../src/core/errors.ts'

/** A line that a program printed, on either stream; what it rewrites with a carriage return is a line too. */
export interface Line {
  text: string
  /** From the program's start until the line began to arrive: a progress line may end only with the next. */
  seconds: number
  /** The program's high-water mark of resident memory by then. */
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
  for (const stream of [child.stdout, child.stderr]) {
    let line: Line | undefined
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const seconds = (performance.now() - beganMs) / 1000
      peakBytes = Math.max(peakBytes, peakOf(child.pid))
      for (const [i, part] of chunk.split(/[\r\n]/).entries()) {
        if (i > 0 || !line) lines.push((line = { text: '', seconds, peakBytes }))
        line.text += part
      }
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals | null>()
  child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal))
  const ended = await promise.catch((cause: Error) => cause.message)
  if (ended === 0) return lines
  const last = lines.filter(({ text }) => text.trim() !== '').slice(-3)
  throw new ResourceError('PROGRAM_FAILED', {
    what: `${program} ended with ${ended}`,
    ...(last.length > 0 && { why: last.map(({ text }) => text.trim()).join(' · ') }),
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
