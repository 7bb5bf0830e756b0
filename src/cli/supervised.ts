import { basename } from 'node:path'
import { MillraceError, StoppedError } from '../core/errors.ts'
import { EventLog, type RunEvent, RunFolder, readEvents } from '../run/index.ts'
import { trainerFlags, withoutTrainerFlags } from '../runtime/wasm.ts'
import {
  describeEnding,
  describeGivingUp,
  type Ending,
  type SuperviseOutcome,
  supervise,
} from '../supervise/index.ts'
import { patience } from './needs-supervisor.ts'
import { note, tellError } from './output.ts'
import { relaySignals } from './relay.ts'

/**
 * Runs the same command line as a child until it has come to an end. This process stays small: it loads neither the
 * config nor the trainer.
 *
 * Returns the exit code.
 */
export async function superviseSelf(args: string[]): Promise<number> {
  let program: number | undefined
  const stop = relaySignals(() => (program === undefined ? [] : [program]))
  const { code, error } = await superviseTrainer({
    args,
    userArgs: args,
    stop,
    running: (pid) => {
      program = pid
    },
  })
  return error ? tellError(error, args.includes('--json')) : code
}

export interface TrainerOptions {
  /** The command line of the child, of this program. */
  args: string[]
  /** What its user typed. */
  userArgs: string[]
  stop: AbortSignal
  /** Told of its process id, and that there is none any more. */
  running(pid: number | undefined): void
  /** A file descriptor for all that it prints. */
  output?: number
  /** Where what happens to it is told. */
  tell?: (text: string) => void
}

/**
 * Runs a trainer until it has come to an end. Gives its exit code, and an error where it is not its own that it has
 * told: it was given up, or stopped.
 */
export async function superviseTrainer(
  options: TrainerOptions,
): Promise<{ code: number; error?: MillraceError }> {
  const { args, userArgs, stop, running, output, tell = note } = options
  let crashes = 0
  const outcome = await supervise({
    command: () => [process.execPath, ...nodeFlags(crashes), process.argv[1]!, ...args],
    // What was asked is wrong, or the program has said why it failed: again would be the same.
    isFinal: (code) => code === 1 || code === 2,
    ...patience(),
    ...(output !== undefined && { output }),
    stop,
    observer: {
      started: running,
      memory: (why) => tell(`\nmemory is short: ${why}; the run saves and goes on in a new process`),
      died: (ending, { waitMs, running: withoutProgress, limit, all }) => {
        const when = (waitMs ?? 0) >= 1000 ? ` in ${Math.round(waitMs! / 1000)} s` : ''
        const again = waitMs === undefined ? '' : `; it is started again${when}`
        tell(`\nthe trainer has ended: ${describeEnding(ending)}${again}`)
        if (ending.signal !== null && crashSignals.has(ending.signal)) crashes++
        if (withoutProgress > 1)
          tell(`nothing new was saved in ${withoutProgress} attempts; it is given up after ${limit + 1}`)
        record(ending, all)
      },
    },
  })
  running(undefined)
  const code = outcome.code ?? 1
  if (outcome.gaveUp) return { code, error: givenUp(outcome, userArgs) }
  if (outcome.stopped && ![0, 1, 2].includes(outcome.code ?? 75))
    return { code: 75, error: stopped(outcome, userArgs) }
  return { code }
}

/** Signals that an engine dies by when it is at fault itself. */
const crashSignals = new Set<NodeJS.Signals>(['SIGSEGV', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS'])

/** Of an engine that has crashed twice, nothing is asked any more that is an experiment of its authors. */
function nodeFlags(crashes: number): string[] {
  return crashes < 2 ? [...process.execArgv, ...trainerFlags()] : withoutTrainerFlags(process.execArgv)
}

/** The command line as somebody would type it to go on. */
export function commandLine(args: string[]): string {
  const words = args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
  return `npx millrace ${words.join(' ')}`
}

/** Enters a death in the run's events. */
function record(ending: Ending, deaths: number): void {
  if (ending.beat.folder === undefined) return
  const folder = new RunFolder(ending.beat.folder)
  try {
    // It tells no words: what was trained since the last checkpoint is lost, and this is not.
    new EventLog(folder.events, folder.read().attempt).append(0, {
      type: 'death',
      cause: ending.cause,
      code: ending.code,
      signal: ending.signal,
      at: ending.beat.at ?? null,
      rssBytes: ending.rss ?? null,
      deaths,
      message: describeEnding(ending),
    })
  } catch {
    // The disk may be what it died of.
  }
}

function stopped({ code, last }: SuperviseOutcome, args: string[]): StoppedError {
  const at = last.beat.at ? ` in ${last.beat.at}` : ''
  return new StoppedError('STOPPED', {
    what: code === 75 ? `stopped${at}; all work is saved` : `stopped at once${at}`,
    ...(code !== 75 && { why: 'what was not saved will be done again' }),
    mend: `go on with ${commandLine(args)}`,
  })
}

function givenUp(outcome: SuperviseOutcome, args: string[]): MillraceError {
  const { what, why } = describeGivingUp(outcome)
  const events = lastEvents(outcome.last.beat.folder)
  return new MillraceError('GIVEN_UP', {
    what: `${basename(args[0]!)}: ${what}`,
    why: [why, ...events].join('\n       '),
    mend:
      outcome.last.cause === 'memory' || outcome.last.outOfMemory || outcome.last.signal === 'SIGKILL'
        ? `give it more memory, or let it use less (millrace plan shows what it needs); it goes on with ${commandLine(args)}`
        : `when the cause is mended it goes on with ${commandLine(args)}`,
  })
}

function lastEvents(path: string | undefined): string[] {
  if (path === undefined) return []
  try {
    const events = readEvents(new RunFolder(path).events)
    return events
      .filter((event) => 'message' in event)
      .slice(-3)
      .map(eventText)
  } catch {
    return []
  }
}

function eventText(event: RunEvent): string {
  return `${event.time} ${event.type}: ${'message' in event ? event.message : ''}`
}
