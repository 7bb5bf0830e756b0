// Kills a supervised run again and again: its trainer, its supervisor, or both, at moments drawn from a seed.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/core/random.ts'
import { type RunFile, RunFolder } from '../../src/run/index.ts'

/** What a run may be doing when it is killed, as far as its folder tells. */
export const moments = ['any', 'writing', 'renaming', 'training', 'counting', 'export'] as const
export type Moment = (typeof moments)[number]

export interface Kill {
  victim: 'trainer' | 'supervisor' | 'both'
  moment: Moment
  /** Whether what was waited for was seen, or the time was up. */
  seen: boolean
  /** From the death to training again, where nothing else was waited for. */
  restartMs?: number
}

export interface KilledRun {
  kills: Kill[]
  /** What the last supervisor printed. */
  output: string
  notes: string
  folder: RunFolder
}

export interface KillOptions {
  /** Node's arguments before the command line's own: a launcher. */
  launcher: string[]
  /** `train …`, without `--out`. */
  args: string[]
  out: string
  kills: number
  random: Random
}

/** Runs a command line to its end, in spite of so many kills. Fewer if it ends before. */
export async function runThroughKills(options: KillOptions): Promise<KilledRun> {
  const { launcher, args, out, random } = options
  const folder = new RunFolder(out)
  const kills: Kill[] = []
  /** The attempt that was ended last: what lies in the folder may be its, until the next has begun. */
  let ended = ''
  let endedMs = 0
  let run = start()
  while (!run.isOver() && kills.length < options.kills) {
    // The last one waits for the export, which comes once; of the others most wait until training goes on, so that the
    // run gets on.
    const isLast = kills.length === options.kills - 1
    const isEarly = random.below(5) === 0
    const moment = isLast ? 'export' : isEarly ? 'counting' : moments[random.below(4)]!
    if (!isEarly) {
      const isBack = await until(() => run.isOver() || isAt(folder, 'training', ended), 10_000)
      const last = kills.at(-1)
      if (last?.victim === 'trainer' && isBack && !run.isOver()) last.restartMs = performance.now() - endedMs
    }
    const seen = await until(() => run.isOver() || isAt(folder, moment, ended), isLast ? 60_000 : 1000)
    // Behind what was seen too, so that the end of a write and the start are hit alike.
    await sleep(random.below(moment === 'any' || moment === 'training' ? 300 : 8))
    if (run.isOver()) break
    const victim = (['trainer', 'supervisor', 'both'] as const)[random.below(3)]!
    const pids = readRun(folder)?.pids
    if (victim !== 'supervisor' && pids?.trainer && isAnother(folder, ended)) kill(pids.trainer)
    ended = attemptOf(folder)
    endedMs = performance.now()
    if (victim !== 'trainer') {
      kill(run.child.pid!)
      await run.over
      // A trainer without its supervisor saves and ends: the next one waits for it.
      run = start()
    }
    kills.push({ victim, moment, seen })
  }
  await run.over
  return { kills, output: run.output(), notes: run.notes(), folder }

  function start() {
    const child = spawn(process.execPath, [...launcher, ...args, '--out', out])
    let output = ''
    let notes = ''
    child.stdout.on('data', (part) => {
      output += part
    })
    child.stderr.on('data', (part) => {
      notes += part
    })
    return {
      child,
      output: () => output,
      notes: () => notes,
      isOver: () => child.exitCode !== null || child.signalCode !== null,
      over: closed(child),
    }
  }
}

/** Resolves when a process has ended. (Not on `close`: its orphan has the same pipes.) */
function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

async function until(test: () => boolean, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs
  while (performance.now() < end) {
    if (test()) return true
    await sleep(1)
  }
  return false
}

function isAt(folder: RunFolder, moment: Moment, ended: string): boolean {
  if (moment === 'any') return true
  const names = namesIn(folder.path)
  if (moment === 'counting')
    return isAnother(folder, ended) || (names.includes('lock') && !names.includes('corpus.json'))
  if (moment === 'training') return names.includes('claims') && isAnother(folder, ended)
  if (moment === 'export') return names.some((name) => name.startsWith('vectors.safetensors'))
  const checkpoints = namesIn(folder.checkpoints)
  if (moment === 'writing') return checkpoints.some((name) => name.startsWith('.'))
  // More than are kept: the new one is there, and the oldest not yet gone.
  return checkpoints.filter((name) => /^\d+$/.test(name)).length > 2
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Names an attempt. Not by its number alone: a folder in which nothing was done is removed, and then begins at 1 again. */
function attemptOf(folder: RunFolder): string {
  const run = readRun(folder)
  return run?.pids.trainer ? `${run.attempt} by ${run.pids.trainer}` : ''
}

/** Whether an attempt is at work that is not the one ended last. */
function isAnother(folder: RunFolder, ended: string): boolean {
  const attempt = attemptOf(folder)
  return attempt !== '' && attempt !== ended
}

function readRun(folder: RunFolder): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(folder.runFile, 'utf8'))
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is dead already.
  }
}

/** How often attempts resumed, and inside an epoch. Read from all events, those of lost work too. */
export function resumesOf(folder: RunFolder): { all: number; inside: number } {
  const path = join(folder.path, 'events.ndjson')
  if (!existsSync(path)) return { all: 0, inside: 0 }
  const resumes = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const event = JSON.parse(line)
        return event.type === 'resume' ? [event] : []
      } catch {
        return []
      }
    })
  return { all: resumes.length, inside: resumes.filter(({ place }) => place > 0).length }
}
