import { Command, Option } from 'commander'
import { collect } from './runs-options.ts'

/** `millrace runs`: what lies in a folder of runs. Each command's module is loaded when it is called. */
export function command(): Command {
  const runs = new Command('runs').addHelpText(
    'after',
    `
NAME is a run (quick), a recipe's version (table2@2; table2 is the newest) or a run in one (table2@2/dim=50), in runs/ or
the folder that --runs names; or the path of a folder. Each command takes --json.

Examples:
  millrace runs list --where dim=300 --sort=-questions-words.total
  millrace runs show quick
  millrace runs compare table2@1 table2@2
  millrace runs path table2@2/dim=50 --file vectors
  millrace runs prune`,
  )
  runs.addCommand(
    common(new Command('list').description('a table of runs'))
      .option(
        '--where <condition>',
        'only runs for which it holds: dim=300, status!=complete, …',
        collect,
        [],
      )
      .option('--sort <fields>', 'one or more, with commas; - before one puts the highest first')
      .option('--columns <fields>', 'what to show beside the name (default: what tells the runs apart)')
      .option('--limit <n>', 'so many at most')
      .option('--all', 'runs of older versions too')
      .option('--versions', 'a row for each version instead, of all versions')
      .addHelpText(
        'after',
        `
A field is a key of the config (dim), a score (questions-words.total, .semantic, .syntactic or a section; wordsim353, or
.pearson; with .ofAll what was skipped counts as wrong), or one of name family version status corpus corpusWords words
seconds wordsPerSecond vocabulary peakRssBytes finalLoss fraction attempt restarts created changed bytes
checkpointBytes millrace error. Conditions have = != < <= > >= or ~ (has it in it), and numbers may be 16M or 30%.

Examples:
  millrace runs list --where status=complete --where 'questions-words.total>0.3'
  millrace runs list --where corpus~wiki --sort=-questions-words.total,words --columns dim,words,questions-words.total`,
      )
      .action(async (options) => (await import('./runs-list.ts')).list(options)),
  )
  runs.addCommand(
    common(new Command('show').description('all about a run, or a recipe’s version'))
      .argument('<name>', 'a run or version')
      .action(async (name, options) => (await import('./runs-show.ts')).show(name, options)),
  )
  runs.addCommand(
    common(new Command('compare').description('what differs in config, corpus and scores'))
      .argument('<names...>', 'two or more runs, or two or more versions of a recipe')
      .option('--full', 'what is the same as well')
      .action(async (names, options) => (await import('./runs-compare.ts')).compare(names, options)),
  )
  runs.addCommand(
    common(new Command('path').description('prints where a result lies'))
      .argument('<name>', 'a run or version')
      .addOption(
        new Option('--file <file>', 'a file of the run instead of its folder').choices([
          'vectors',
          'report',
          'eval',
          'events',
          'checkpoints',
        ]),
      )
      .action(async (name, options) => (await import('./runs-path.ts')).path(name, options)),
  )
  runs.addCommand(
    common(new Command('prune').description('what can go; with --yes, it goes'))
      .argument('[names...]', 'only in these runs or versions (default: all)')
      .addOption(
        new Option(
          '--checkpoints <which>',
          'of complete runs: old keeps the last, which more epochs, --init and sentence completion need',
        )
          .choices(['old', 'all', 'none'])
          .default('old'),
      )
      .option('--older-than <days>', 'failed and dead runs that were not touched for so many days', '30')
      .option('--old-versions', 'versions that are not the newest of their scale, and that nothing refers to')
      .option('--yes', 'remove it')
      .action(async (names, options) => (await import('./runs-prune.ts')).prune(names, options)),
  )
  return runs
}

function common(command: Command): Command {
  return command
    .option('--runs <folder>', 'the folder of runs', 'runs')
    .option('--json', 'one line of JSON instead')
}
