import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Command } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import {
  type Expansion,
  expand,
  findVersion,
  prepareQuestions,
  prepareRuns,
  type Recipe,
  readRecipe,
  type Version,
} from '../experiment/index.ts'
import { millraceVersion } from '../runtime/version.ts'
import { dryRun } from './dry-run.ts'
import { chosenRuns, isWish } from './experiment-only.ts'
import { runVersion } from './experiment-runs.ts'
import { runTable } from './experiment-table.ts'
import { wholeNumber } from './load-vectors.ts'
import { note, print } from './output.ts'
import { LiveLine } from './progress.ts'
import { relaySignals } from './relay.ts'

export interface ExperimentOptions {
  scale?: string
  only?: string[]
  dryRun?: boolean
  parallel?: number
  threads?: number
  runs: string
  supervise: boolean
  json?: boolean
}

/** `millrace experiment`: runs what a recipe asks for and is not there yet. */
export function command(): Command {
  return new Command('experiment')
    .usage('[options] <recipe>')
    .argument('<recipe...>', 'a YAML file, such as experiments/paper1/table2.yaml')
    .option('--scale <name>', 'paper, wiki100 or tiny, as the recipe has them (default: tiny, or its first)')
    .option(
      '--only <key=value>',
      'only the runs with this value, or of this row or id: dim=300, row=cbow-300; of several, with commas between, all must hold',
      (wish: string, before: string[] = []) => [...before, wish],
    )
    .option(
      '--dry-run',
      'print the runs, their memory plans and the time they would take; texts that are here are cut and their phrases joined, and nothing is trained',
    )
    .option(
      '--parallel <n>',
      'runs at once (default: as many as cores and memory allow)',
      wholeNumber('--parallel', 'runs'),
    )
    .option(
      '--threads <n>',
      'threads of each run (default: the cores divided among the runs)',
      wholeNumber('--threads', 'threads'),
    )
    .option('--runs <folder>', 'where runs lie', 'runs')
    .option(
      '--no-supervise',
      'run in this process alone, one after the other, where something else starts it again: see docs/running-for-days.md',
    )
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      `
The runs lie in runs/<name>, or runs/<name>@2 and so on where the recipe or its text has changed. What is complete is
shown and not run again, what was cut off goes on, and one run that fails does not stop the others. Ctrl-C saves and
stops all; the same command goes on.

Exit codes: 0 all complete, 1 a run failed, 2 bad input, 75 stopped and resumable.

Examples:
  millrace experiment experiments/quick.yaml
  millrace experiment experiments/paper1/table2.yaml --scale wiki100 --dry-run
  millrace experiment experiments/paper1/table2.yaml --scale wiki100 --only dim=300,words=24M
  millrace report experiments/paper1/table2.yaml -o out/`,
    )
    .action(experiment)
}

async function experiment(given: string[], options: ExperimentOptions): Promise<void> {
  const { path, only } = sortOut(given, options.only)
  const recipe = readRecipe(path)
  const expansion = expand(recipe, options.scale)
  const ids = chosenIds(expansion, recipe, only)
  if (options.dryRun) return dryRun(recipe, expansion, ids, options)
  const running = new Set<number>()
  const stop = options.supervise ? relaySignals(() => [...running]) : undefined
  const version = await prepareVersion(recipe, expansion, ids, options.runs, stop)
  process.exitCode = await runVersion(version, [...ids], { ...options, path, running, stop })
  if (options.json) return
  if (version.record.runs.length > 1) print(runTable(version, ids))
  if (version.record.runs.length > 1 || recipe.tables.length + recipe.figures.length > 0) {
    const scale = expansion.scale === null ? '' : ` --scale ${expansion.scale}`
    print(
      `\nRuns    ${relative('.', version.path)}\nReport  npx millrace report ${path}${scale} -o ${recipe.name}/`,
    )
  }
}

/** The recipe, and what of the other arguments is more of `--only`. */
function sortOut(given: string[], only: string[] = []): { path: string; only: string[] } {
  const more = only.length > 0 ? given.filter(isWish) : []
  const paths = given.filter((text) => !more.includes(text))
  if (paths.length === 1) return { path: paths[0]!, only: [...only, ...more] }
  throw new ConfigError('EXPERIMENT_RECIPE', {
    what: paths.length === 0 ? 'no recipe was named' : `two recipes were named: ${paths.join(' and ')}`,
    mend: 'name one YAML file, and runs of it with --only KEY=VALUE',
  })
}

/** Gets texts and questions ready, and finds the folder that the runs lie in. */
export async function prepareVersion(
  recipe: Recipe,
  expansion: Expansion,
  ids: ReadonlySet<string>,
  runs: string,
  signal: AbortSignal | undefined,
): Promise<Version> {
  const line = new LiveLine()
  const options = {
    fetch: true,
    ids,
    signal,
    onProgress: (...step: Parameters<typeof stepText>) => line.show(stepText(...step)),
  }
  try {
    // The smaller things first: a slip of the pen is told before phrases are joined.
    const evaluate = await prepareQuestions(expansion.evaluate, options)
    const prepared = await prepareRuns(expansion.runs, options)
    const version = findVersion(runs, recipe, { ...expansion, evaluate }, prepared, millraceVersion)
    line.end()
    if (version.record.version > 1 && !existsSync(version.file))
      note(`${version.name} is new: the recipe, its scale or its text is none of those that were run before`)
    return version
  } finally {
    line.end()
  }
}

/** The ids of the runs that are asked for. */
function chosenIds({ runs }: Expansion, recipe: Recipe, only: string[]): Set<string> {
  const chosen = chosenRuns(runs, recipe.name, only)
  const skipped = chosen.filter((run) => run.skipped !== null)
  if (skipped.length === chosen.length) note(`nothing to run: ${skipped[0]!.skipped}`)
  return new Set(chosen.map(({ id }) => id))
}

/** Where the log of a run lies that has no terminal of its own. */
export function logOf(version: Version, id: string): string {
  return join(version.path, 'logs', `${id}.log`)
}

/** How far a step of preparation has come. */
export function stepText(step: string, done: number, total: number | null): string {
  return `${step}  ${total ? `${((100 * done) / total).toFixed(1)} %` : formatCount(done)}`
}
