import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { leaveSupervisor } from '../supervise/heartbeat.ts'
import { needsSupervisor } from './needs-supervisor.ts'
import { note, printJson, tellError } from './output.ts'
import { needsTrainerFlags, runWithTrainerFlags } from './trainer-flags.ts'

/** Each command's module is loaded only when it is called, so that `--help` answers at once. */
const commands: Record<string, { summary: string; load: () => Promise<{ command: () => Command }> }> = {
  train: { summary: 'text to vectors, in a run folder', load: () => import('./train.ts') },
  plan: { summary: 'the memory, disk and time that train would take', load: () => import('./plan.ts') },
  experiment: {
    summary: "runs what a recipe asks for: a paper's table, or one run",
    load: () => import('./experiment.ts'),
  },
  data: {
    summary: 'corpora and test sets by name: list, get, path, dir',
    load: () => import('./data.ts'),
  },
  phrases: {
    summary: 'joins words that belong together, such as new_york, before training',
    load: () => import('./phrases.ts'),
  },
  query: { summary: 'asks vectors: near, analogy, odd, similarity', load: () => import('./query.ts') },
  eval: {
    summary: 'scores vectors on analogies, word pairs and odd ones out',
    load: () => import('./eval.ts'),
  },
  classes: { summary: 'sorts words into classes by their vectors', load: () => import('./classes.ts') },
  convert: { summary: 'vectors from one format to another', load: () => import('./convert.ts') },
  runs: {
    summary: 'what runs there are: list, show, compare, path, prune',
    load: () => import('./runs.ts'),
  },
  report: {
    summary: 'a run as one page, tables of a recipe, or the whole write-up',
    load: () => import('./report.ts'),
  },
  supervise: {
    summary: 'runs any program again until it exits with 0',
    load: () => import('./supervise.ts'),
  },
}

/** Commands that others start, and nobody types. */
const hiddenCommands: typeof commands = {
  'experiment-run': { summary: 'one run of a recipe', load: () => import('./experiment-run.ts') },
}

/** Runs the command line. Sets the exit code: 0 done, 1 failed, 2 bad input, 75 stopped and resumable. */
export async function main(args: string[]): Promise<void> {
  // A reader that has seen enough, such as `head`, closes the pipe: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  // A lost terminal must not end a run: what is told there is not the result.
  process.stderr.on('error', () => {})
  if (needsSupervisor(args)) {
    const { superviseSelf } = await import('./supervised.ts')
    process.exitCode = await superviseSelf(args)
    return
  }
  try {
    if (needsTrainerFlags(args)) process.exitCode = (await runWithTrainerFlags()) ?? 1
    else await (await program(args)).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2
      const what = error.message.replace(/^error: /, '')
      if (process.exitCode === 2 && args.includes('--json'))
        printJson({ type: 'error', code: 'USAGE', what, exitCode: 2 })
    } else process.exitCode = tellError(error, args.includes('--json'))
  } finally {
    leaveSupervisor()
  }
}

async function program(args: string[]): Promise<Command> {
  const root = new Command('millrace')
    .description('Word2Vec from a stream of text, in a fixed amount of memory.')
    .version(version())
    // A command's own --version is not the program's.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad input, 75 stopped and resumable.')
  const wanted = args.find((arg) => arg in commands && (args[0] === arg || args[0] === 'help'))
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = name === wanted ? (await load()).command() : new Command(name)
    root.addCommand(command.description(summary))
  }
  const hidden = hiddenCommands[args[0] ?? '']
  if (hidden) root.addCommand((await hidden.load()).command(), { hidden: true })
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ writeErr: (text) => note(text.trimEnd()) })
  }
  return root
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
