import { relative } from 'node:path'
import { Command } from 'commander'
import { readRecipe, runRecipe } from '../experiment/index.ts'
import { summary, writeReport } from '../report/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { longRun } from './long-run.ts'
import { note, print, printJson } from './output.ts'
import { LiveLine, trainObserver } from './progress.ts'

/** `millrace experiment`: trains, scores and reports what a recipe says. */
export function command(): Command {
  return new Command('experiment')
    .argument('<recipe>', 'a YAML file, such as experiments/quick.yaml')
    .option(
      '--no-supervise',
      'run in this process alone, where something else starts it again: see docs/running-for-days.md',
    )
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      `
The run lies in runs/<name>. What is complete is shown and not run again; what was cut off goes on.

Example:
  millrace experiment experiments/quick.yaml`,
    )
    .action(experiment)
}

async function experiment(path: string, { json }: { json?: boolean }): Promise<void> {
  const recipe = readRecipe(path)
  const line = new LiveLine()
  const run = longRun(trainObserver(line))
  try {
    const { folder, result, scores, wasComplete } = await runRecipe(recipe, {
      ...run.request,
    })
    line.end()
    if (wasComplete) note(`${relative('.', folder.path)} is complete; nothing was trained`)
    const { words, groups } = recipe.report
    const report = writeReport(folder, { ...(words && { words }), ...(groups && { groups }) })
    if (json) return printJson({ ...result, scores, report })
    print(summary(folder, KeyedVectors.load(folder.path), scores, words ? { words } : {}))
  } catch (error) {
    line.end()
    throw run.ended(error)
  } finally {
    line.end()
  }
}
