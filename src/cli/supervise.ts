import { Command } from 'commander'
import { formatBytes, parseBytes } from '../core/bytes.ts'
import { ConfigError, InputError, MillraceError } from '../core/errors.ts'
import { describeEnding, describeGivingUp, type Ending, supervise } from '../supervise/index.ts'
import { patience } from './needs-supervisor.ts'
import { note, printJson } from './output.ts'
import { relaySignals } from './relay.ts'

interface Options {
  restarts?: string
  memory?: string
  json?: boolean
}

/** `millrace supervise`: runs any program until it exits with 0. */
export function command(): Command {
  return new Command('supervise')
    .usage('[options] -- <command...>')
    .argument('<command...>', 'the program and its arguments')
    .option('--restarts <n>', 'starts again without progress, after which it is given up (default: 8)')
    .option(
      '--memory <size>',
      'resident memory it may use, such as 2G (default: what its control group or the machine has)',
    )
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      `
The program is started again, after a wait that doubles up to a minute, until it exits with 0. It has made progress if it
lived for a minute. When memory runs short it gets SIGTERM, and is started afresh when it has ended, or is killed after
two minutes. Ctrl-C goes to the program, and a second one too; the third kills it.

A Node program can tell more, by import { heartbeat } from 'millrace/supervise': after heartbeat({ saved: n }), ten more
saved are progress; having told anything, it is stuck and killed if it tells nothing for five minutes; and it hears of
short memory by listenToSupervisor instead of SIGTERM. See docs/running-for-days.md.

Exit codes: 0 it exited with 0; 1 given up; 2 it cannot be started, or an option is wrong; 75 stopped.

Examples:
  millrace supervise -- node my-script.js
  millrace supervise --memory 4G --restarts 20 -- python3 train.py --epochs 10`,
    )
    .action(superviseAny)
}

async function superviseAny(program: string[], options: Options): Promise<void> {
  const restarts = Number(options.restarts ?? 8)
  if (!(Number.isInteger(restarts) && restarts >= 0)) {
    throw new ConfigError('FLAG_VALUE', {
      what: `--restarts ${options.restarts} is not possible`,
      why: 'it must be a whole number',
    })
  }
  let pid: number | undefined
  const stop = relaySignals(() => (pid === undefined ? [] : [pid]), true)
  const outcome = await supervise({
    command: program,
    restarts,
    group: true,
    ...(options.memory !== undefined && { memoryLimit: parseBytes(options.memory, '--memory') }),
    ...patience(),
    stop,
    observer: {
      started: (started) => {
        pid = -started
      },
      memory: (why) =>
        note(`millrace: memory is short: ${why}; the program is asked to end, to begin afresh`),
      died: (ending, { waitMs, running, limit }) => {
        if (waitMs === undefined) return
        const wait = waitMs >= 1000 ? ` in ${Math.round(waitMs / 1000)} s` : ''
        const count = running > 1 ? ` (${running} deaths without progress; the limit is ${limit})` : ''
        note(`millrace: ${program[0]} ${describeEnding(ending)}; starting it again${wait}${count}`)
      },
    },
  })
  const { deaths, code = null } = outcome
  if (options.json && !outcome.gaveUp) printJson({ type: 'done', deaths, code, stopped: outcome.stopped })
  if (outcome.gaveUp) {
    const { what, why } = describeGivingUp(outcome)
    const Kind = outcome.last.cause === 'start' ? InputError : MillraceError
    throw new Kind('GIVEN_UP', { what: `${program[0]}: ${what}`, why, mend: mendFor(outcome.last) })
  }
  process.exitCode = outcome.stopped && outcome.code !== 0 ? 75 : (outcome.code ?? 1)
}

function mendFor({ cause, rss }: Ending): string {
  if (cause === 'start') return 'check the name of the program, and PATH'
  if (cause === 'memory') return 'give it more by --memory, or let it use less'
  const memory = rss === undefined ? '' : `; it had ${formatBytes(rss)} of memory at the end`
  return `look at what the program itself has told${memory}`
}
