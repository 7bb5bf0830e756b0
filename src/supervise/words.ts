import { constants } from 'node:os'
import { formatBytes } from '../core/bytes.ts'
import { formatSeconds } from '../core/text.ts'
import type { Ending } from './attempt.ts'
import type { SuperviseOutcome } from './supervisor.ts'

/** How a program ended, in plain words: `killed by SIGKILL in block 17 of 400 after 42 s; the kernel …`. */
export function describeEnding(ending: Ending): string {
  const { beat, rss, seconds, outOfMemory, cause } = ending
  const parts = [`${how(ending)}${beat.at ? ` in ${beat.at}` : ''} after ${formatSeconds(seconds)}`]
  if (rss !== undefined) parts.push(`its resident memory was ${formatBytes(rss)}`)
  if (outOfMemory && cause === 'signal')
    parts.push('the kernel killed for want of memory at that time, so probably this')
  return parts.join('; ')
}

/** What is known when a program is given up. */
export function describeGivingUp({ last, deaths }: SuperviseOutcome): { what: string; why: string } {
  if (last.cause === 'start')
    return { what: 'it cannot be started', why: last.detail ?? 'the system refuses' }
  const what = deaths === 1 ? 'it died' : `it died ${deaths} times, the last times without progress`
  return { what, why: describeEnding(last) }
}

function how({ cause, code, signal, detail }: Ending): string {
  if (cause === 'stuck') return `stuck (${detail}) and killed`
  if (cause === 'memory') return `asked to end because memory was short (${detail})`
  if (signal) return `killed by ${signal}`
  const byShell = code !== null && code > 128 ? nameOf(code - 128) : undefined
  return `ended with exit code ${code}${byShell ? ` (${byShell})` : ''}`
}

/** Shells and others say with 128 + n that signal n ended a program. */
function nameOf(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
}
