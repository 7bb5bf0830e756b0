import { statSync } from 'node:fs'
import { Command, Option } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import {
  type AnalogyMethod,
  analogyMethods,
  type Correlation,
  checkQuestions,
  evaluate,
  evaluateRun,
  type Questions,
  type Scores,
  scoresOf,
  type Tally,
} from '../evaluate/index.ts'
import { RunFolder } from '../run/index.ts'
import { type VectorFormat, vectorFormats } from '../vectors/index.ts'
import { loadVectors, wholeNumber } from './load-vectors.ts'
import { note, print, printJson, table } from './output.ts'
import { questionFiles } from './question-files.ts'

interface Options {
  analogies?: string[]
  pairs?: string[]
  odd?: string[]
  completion?: string[]
  answers?: string
  method: AnalogyMethod
  restrict: number
  from?: VectorFormat
  json?: boolean
}

/** `millrace eval`: scores vectors on sets of questions. */
export function command(): Command {
  return new Command('eval')
    .argument('<vectors>', 'a run folder, or a file of vectors')
    .option('--analogies <files...>', "analogies: Google's questions-words.txt, or four words a line")
    .option('--pairs <files...>', 'word pairs that people judged: two words and a number a line')
    .option('--odd <files...>', 'odd one out: words a line, the odd one last')
    .option('--completion <files...>', 'sentences with a word left out, CSV; needs a run')
    .option('--answers <file>', 'of completion (default: the file *answer* beside it)')
    .addOption(
      new Option('--method <method>', 'of analogies: 3CosAdd, 3CosMul, or averaged offset')
        .choices(analogyMethods)
        .default('add'),
    )
    .option(
      '--restrict <n>',
      'ask analogies among the n most frequent words',
      wholeNumber('--restrict'),
      30_000,
    )
    .addOption(
      new Option('--from <format>', 'format of the file (default: by its content)').choices(vectorFormats),
    )
    .option('--json', 'one line of JSON instead of tables')
    .addHelpText(
      'after',
      `
The scores of a run are also written to eval.json in its folder; what is there already is not scored again.

Examples:
  millrace eval runs/quick --analogies questions-words.txt
  millrace eval runs/quick --pairs wordsim353.tsv men.txt --odd groups.txt
  millrace eval runs/quick --analogies questions-words.txt --method mul
  millrace eval runs/novels --completion testing_data.csv --answers test_answer.csv
  millrace eval vectors.bin --analogies questions-words.txt --restrict 300000 --json`,
    )
    .action((path: string, options: Options, command: Command) => {
      requireUsed(options, command)
      return score(path, options)
    })
}

/** An option that would do nothing is a mistake. */
function requireUsed(given: Options, command: Command): void {
  for (const [option, kind] of [
    ['method', 'analogies'],
    ['restrict', 'analogies'],
    ['answers', 'completion'],
  ] as const)
    if (command.getOptionValueSource(option) === 'cli' && given[kind] === undefined)
      throw new ConfigError('OPTION_UNUSED', {
        what: `--${option} does nothing here`,
        why: `it is of --${kind}, and no such file was given`,
        mend: `leave it out, or give files by --${kind}`,
      })
}

async function score(path: string, { from, json, method, answers, ...given }: Options): Promise<void> {
  const questions: Questions = {
    ...given,
    analogies: questionFiles(given.analogies)?.map((file) => ({ file, method })),
    pairs: questionFiles(given.pairs),
    odd: questionFiles(given.odd),
    completion: questionFiles(given.completion)?.map((file) => ({ file, answers })),
  }
  checkQuestions(questions)
  const scores = isFolder(path)
    ? await scoreRun(new RunFolder(path), questions)
    : evaluate(loadVectors(path, from), questions)
  if (json) printJson({ type: 'eval', ...scores })
  else print(formatScores(scores))
}

async function scoreRun(folder: RunFolder, questions: Questions): Promise<Scores> {
  const scores = await evaluateRun(folder, questions)
  note(`scores written to ${folder.scores}`)
  return scoresOf(scores, questions)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Scores as tables, one for each kind of question. */
export function formatScores({ analogies, pairs, odd, completion }: Scores): string {
  const parts: string[] = []
  for (const { name, method, restrict, sections, semantic, syntactic, total } of analogies) {
    const rows = sections.length > 1 ? sections.map((section) => tallyRow(section.name, section)) : []
    if (semantic) rows.push(tallyRow('semantic', semantic))
    if (syntactic) rows.push(tallyRow('syntactic', syntactic))
    rows.push(tallyRow('total', total))
    parts.push(
      `Analogies: ${name}, ${methodNames[method]}, among the ${formatCount(restrict)} most frequent words`,
      table([['section', ...tallyHead], ...rows]),
      '',
    )
  }
  if (pairs.length > 0) {
    const rows = pairs.map((scores) => [
      scores.name,
      formatCount(scores.pairs),
      formatCount(scores.skipped),
      ...correlation(scores.spearman),
      ...correlation(scores.pearson),
    ])
    parts.push(
      'Similarity of word pairs: agreement with people',
      table([['name', 'pairs', 'skipped', 'Spearman', 'p', 'Pearson', 'p'], ...rows]),
      '',
    )
  }
  const lists: [string, (Tally & { name: string })[]][] = [
    ['Odd one out', odd],
    ['Sentence completion', completion],
  ]
  for (const [title, scores] of lists) {
    if (scores.length === 0) continue
    parts.push(
      title,
      table([['name', ...tallyHead], ...scores.map((score) => tallyRow(score.name, score))]),
      '',
    )
  }
  if (analogies.length + odd.length + completion.length > 0)
    parts.push('skipped: a word is not known; "of all" counts these as wrong')
  return parts.join('\n').trimEnd()
}

const methodNames: Record<AnalogyMethod, string> = {
  add: '3CosAdd',
  mul: '3CosMul',
  offset: 'averaged offset',
}

const tallyHead = ['questions', 'skipped', 'correct', 'accuracy', 'of all']

function tallyRow(name: string, { questions, skipped, correct, accuracy, accuracyOfAll }: Tally): string[] {
  return [
    name,
    formatCount(questions),
    formatCount(skipped),
    formatCount(correct),
    percent(accuracy),
    percent(accuracyOfAll),
  ]
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`
}

function correlation({ value, p }: Correlation): string[] {
  return [
    value === null ? '–' : value.toFixed(4),
    p === null ? '–' : p < 1e-4 ? p.toExponential(0) : p.toFixed(4),
  ]
}
