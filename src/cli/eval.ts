import { existsSync, statSync } from 'node:fs'
import { Command, Option } from 'commander'
import { writeFileAtomically } from '../core/disk.ts'
import { formatCount } from '../core/text.ts'
import {
  type Correlation,
  checkQuestions,
  evaluate,
  type Questions,
  type Scores,
  type Tally,
} from '../evaluate/index.ts'
import { RunFolder } from '../run/index.ts'
import { type VectorFormat, vectorFormats } from '../vectors/index.ts'
import { loadVectors, wholeNumber } from './load-vectors.ts'
import { note, print, printJson, table } from './output.ts'

interface Options {
  analogies?: string[]
  pairs?: string[]
  odd?: string[]
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
The scores of a run are also written to eval.json in its folder.

Examples:
  millrace eval runs/quick --analogies questions-words.txt
  millrace eval runs/quick --pairs wordsim353.tsv men.txt --odd groups.txt
  millrace eval vectors.bin --analogies questions-words.txt --restrict 300000 --json`,
    )
    .action(score)
}

function score(path: string, { restrict, from, json, ...files }: Options): void {
  const questions: Questions = { ...files, restrict }
  checkQuestions(questions)
  const vectors = loadVectors(path, from)
  const scores = evaluate(vectors, questions)
  if (existsSync(path) && statSync(path).isDirectory()) {
    const file = new RunFolder(path).scores
    writeFileAtomically(file, (write) => write(Buffer.from(`${JSON.stringify(scores, null, 2)}\n`)))
    note(`scores written to ${file}`)
  }
  if (json) printJson({ type: 'eval', ...scores })
  else print(formatScores(scores))
}

/** Scores as tables, one for each kind of question. */
export function formatScores({ analogies, pairs, odd, restrict }: Scores): string {
  const parts: string[] = []
  for (const { file, sections, semantic, syntactic, total } of analogies) {
    const rows = sections.length > 1 ? sections.map((section) => tallyRow(section.name, section)) : []
    if (semantic) rows.push(tallyRow('semantic', semantic))
    if (syntactic) rows.push(tallyRow('syntactic', syntactic))
    rows.push(tallyRow('total', total))
    parts.push(
      `Analogies: ${file}, among the ${formatCount(restrict)} most frequent words`,
      table([['section', ...tallyHead], ...rows]),
      '',
    )
  }
  if (pairs.length > 0) {
    const rows = pairs.map((scores) => [
      scores.file,
      formatCount(scores.pairs),
      formatCount(scores.skipped),
      ...correlation(scores.spearman),
      ...correlation(scores.pearson),
    ])
    parts.push(
      'Similarity of word pairs: agreement with people',
      table([['file', 'pairs', 'skipped', 'Spearman', 'p', 'Pearson', 'p'], ...rows]),
      '',
    )
  }
  if (odd.length > 0)
    parts.push(
      'Odd one out',
      table([['file', ...tallyHead], ...odd.map((scores) => tallyRow(scores.file, scores))]),
      '',
    )
  if (analogies.length + odd.length > 0)
    parts.push('skipped: a word is not known; "of all" counts these as wrong')
  return parts.join('\n').trimEnd()
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
