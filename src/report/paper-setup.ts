import { resolve } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { type RunEvent, readEvents } from '../run/index.ts'
import type { Machine } from '../runtime/machine.ts'
import { sharedSettings } from './caption.ts'
import type { ExperimentRun } from './experiment-runs.ts'
import { formatScalar } from './measured.ts'

/** Of complete runs each once, however many recipes share it. */
export function eachOnce(runs: readonly ExperimentRun[]): ExperimentRun[] {
  const complete = runs.filter(({ missing, folder }) => missing === null && folder !== null)
  return [...new Map(complete.map((run) => [resolve(run.folder!.path), run])).values()]
}

/** How it was begun, the last time. */
export function startOf({ folder }: ExperimentRun): Extract<RunEvent, { type: 'start' }> | undefined {
  const start = folder && readEvents(folder.events).findLast((event) => event.type === 'start')
  return start?.type === 'start' ? start : undefined
}

/** Machine, program, settings: as the runs that are complete recorded them. */
export function setupItems(all: readonly ExperimentRun[]): string[] {
  const runs = eachOnce(all)
  if (runs.length === 0) return ['No run is complete yet.']
  const starts = runs.map(startOf)
  const each = (values: (string | undefined)[]) => {
    const counts = new Map<string, number>()
    for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, count]) =>
        counts.size > 1 ? `${value} (${count === 1 ? '1 run' : `${count} runs`})` : value,
      )
      .join('; ')
  }
  const dates = runs.map(({ history }) => history!.run.createdAt.slice(0, 10)).sort()
  const shared = sharedSettings(runs)
  const machine = each(starts.map((start) => (start?.machine ? machineText(start.machine) : 'not recorded')))
  return [
    `Machine: ${machine}.`,
    `Millrace ${each(runs.map(({ history }) => history!.run.version))}.`,
    dates[0] === dates.at(-1) ? `Run on ${dates[0]}.` : `Run from ${dates[0]} to ${dates.at(-1)}.`,
    `Threads: ${each(starts.map((start) => String(start?.threads ?? 'not recorded')))}.`,
    `At most ${sideBySide(runs)} at the same time.`,
    shared.length > 0
      ? `Settings of all runs: ${shared.map(([key, value]) => `\`${key}\` ${formatScalar(value)}`).join(', ')}. Others stand at their tables.`
      : 'Settings stand at the tables.',
    'Scores are shares of questions; at each table stands whether those with unknown words count as wrong. A question is right if the nearest word is exactly the one expected.',
  ]
}

function machineText({ cpu, cores, memoryBytes, os, node }: Machine): string {
  // Of the kernel its version; what a builder put behind that says nothing.
  const system = os.replace(/(\d+\.\d+\.\d+)-\S+$/, '$1')
  return [cpu, `${cores} cores`, formatBytes(memoryBytes), system, `Node ${node}`].join(', ')
}

/** The most runs that were at work at one time. */
function sideBySide(runs: readonly ExperimentRun[]): string {
  const moments = runs.flatMap(({ folder }) => {
    const events = readEvents(folder!.events)
    const began = events.find(({ type }) => type === 'start')?.time
    const ended = events.at(-1)?.time
    return began && ended ? [[began, 1] as const, [ended, -1] as const] : []
  })
  let [now, most] = [0, 0]
  // Of one moment, ends come first.
  for (const [, step] of moments.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y)))
    most = Math.max(most, (now += step))
  return most === 1 ? 'one run' : `${most} runs`
}
