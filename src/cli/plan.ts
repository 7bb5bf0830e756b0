import { join } from 'node:path'
import { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import { plainTexts, readRecipe } from '../experiment/index.ts'
import { RunFolder } from '../run/index.ts'
import { planRun, type RunPlan } from '../train/index.ts'
import { threadRuntimeBytes } from '../word2vec/index.ts'
import { print, printJson, table, tellError } from './output.ts'
import { addTrainOptions, defaultOut, trainConfigOf } from './train-options.ts'

interface Options extends Record<string, unknown> {
  out?: string
  config?: string
  json?: boolean
}

/** `millrace plan`: what `train` would take, before anything runs. */
export function command(): Command {
  const command = new Command('plan')
    .argument('<corpus...>', 'what train takes; or one recipe (.yaml, .yml, .json), or one run folder')
    .option('-o, --out <folder>', 'the run folder there would be (default: runs/ and the name of the corpus)')
    .option('--config <file>', 'YAML with the keys below, such as `minCount: 10`; flags go before it')
  return addTrainOptions(command)
    .option('--json', 'one line of JSON instead of tables')
    .addHelpText(
      'after',
      `
Nothing is written. A text of up to 64 MiB is counted whole, and the plan is then exactly that of train; of a longer
one a sample is, and the vocabulary estimated, unless the run folder has it. Time is estimated from some blocks that
are trained on, into memory only. Exit code 2 if the run would be refused, with settings that would fit.

Examples:
  millrace plan corpus.txt --dim 300
  millrace plan corpus.txt --dim 300 --memory 2G
  millrace plan experiments/quick.yaml
  millrace plan runs/mine --epochs 20`,
    )
    .action(plan)
}

async function plan(given: string[], options: Options): Promise<void> {
  const { corpus, out, config } = sourceOf(given)
  const wanted = { ...config, ...(await trainConfigOf(options, options.config)) }
  const found = await planRun({ corpus, out: options.out ?? out, config: wanted })
  if (options.json) printJson(jsonOf(found))
  else print(planText(found))
  for (const refusal of found.refusals) process.exitCode = tellError(refusal, false)
}

/** What is to be planned: a run there is, a recipe, or text. */
function sourceOf(given: string[]) {
  const [path] = given as [string]
  const isAlone = given.length === 1
  if (isAlone && new RunFolder(path).exists())
    return { corpus: new RunFolder(path).read().config.corpus as string[], out: path, config: {} }
  if (isAlone && /\.(ya?ml|json)$/.test(path)) {
    const { corpus, name, train } = readRecipe(path)
    return { corpus: plainTexts(corpus), out: join('runs', name), config: train }
  }
  return { corpus: given, out: defaultOut(given), config: {} }
}

function jsonOf({ refusals, ...plan }: RunPlan) {
  const told = refusals.map(({ code, parts: { what, why, mend } }) => ({ code, what, why, mend }))
  return { type: 'plan', fits: refusals.length === 0, ...plan, refusals: told }
}

/** The plan in tables. */
export function planText(plan: RunPlan): string {
  const { corpus, vocabulary, threads, warnings } = plan
  const about = vocabulary.source === 'sample' ? 'about ' : ''
  const { words, corpusWords, countedBytes, source } = vocabulary
  const basis = {
    run: 'as the run folder has them',
    corpus: 'counted',
    sample: `estimated from ${formatBytes(countedBytes)} of the text`,
  }[source]
  return [
    `corpus      ${formatBytes(corpus.bytes)} in ${count(corpus.files, 'file')}, ${count(corpus.blocks, 'block')}`,
    `vocabulary  ${about}${formatCount(words)} words, ${about}${formatCount(corpusWords)} times in the text: ${basis}`,
    '',
    ...countingLines(plan),
    `Memory to train ${plan.config.dim} dimensions with ${count(threads, 'thread')}`,
    rows(memoryRows(plan, about)),
    '',
    'Disk',
    rows(diskRows(plan)),
    '',
    'Time (an estimate, from what was measured here and now)',
    rows(timeRows(plan)),
    ...warnings.map((warning) => `\nwarning: ${warning}`),
  ].join('\n')
}

function countingLines({ counting, limit }: RunPlan): string[] {
  if (!counting) return []
  const { bytes, most, parts } = counting
  const spilled = bytes > limit.bytes ? 'more than the limit: what does not fit is spilled to the disk' : ''
  return [
    'Memory to count the words, given back before training',
    rows([...partsOf(parts), ['about', formatBytes(bytes), spilled || `${formatBytes(most)} at most`]]),
    '',
  ]
}

function memoryRows({ memory: { bytes, parts }, limit, threads }: RunPlan, about: string): string[][] {
  const each = formatBytes(parts['thread buffers']! / threads)
  const notes: Record<string, string> = {
    words: 'beside the model: for the export',
    evaluation: 'to be asked while it trains: a copy of the vectors, and the questions',
    'thread buffers': `${each} for each thread: blocks as they are read, and what is made of them`,
    'checkpoint copy': 'none: checkpoints are written from the model itself',
    runtime: `the engine, with ${formatBytes(threadRuntimeBytes)} for each thread`,
  }
  const verdict = bytes <= limit.bytes ? 'fits' : 'does not fit'
  return [
    ...partsOf(parts, notes),
    [`${about}in all`, formatBytes(bytes), `${verdict} in ${formatBytes(limit.bytes)} (${limit.of})`],
  ]
}

function diskRows({ disk: { bytes, parts, there, free } }: RunPlan): string[][] {
  const notes = {
    checkpoints: 'two that stay, and one that is written',
    'counting spills': 'at most, and gone before training',
  }
  const left = free === null ? 'what is free is unknown' : `${formatBytes(free)} are free`
  const present = there > 0 ? `, and ${formatBytes(there)} are there already` : ''
  return [...partsOf(parts, notes), ['at most', formatBytes(bytes), left + present]]
}

function timeRows({ time, counting, config, refusals }: RunPlan): string[][] {
  const { countSeconds, trainSeconds, wordsPerSecond } = time
  const doesNotFit = refusals.some(({ code }) => code === 'MEMORY_PLAN')
  const speed = wordsPerSecond === null ? '' : `${formatCount(wordsPerSecond)} words a second`
  const train =
    trainSeconds === null
      ? ['unknown', doesNotFit ? 'the model does not fit' : 'no block was trained on within ten seconds']
      : [formatSeconds(trainSeconds), `${count(config.epochs, 'epoch')} at ${speed}`]
  return [...(counting ? [['counting', formatSeconds(countSeconds), '']] : []), ['training', ...train]]
}

function partsOf(parts: Record<string, number>, notes: Record<string, string> = {}): string[][] {
  return Object.entries(parts)
    .filter(([name, bytes]) => bytes > 0 || notes[name])
    .map(([name, bytes]) => [name, formatBytes(bytes), notes[name] ?? ''])
}

/** Rows of what, how much and a note, under a heading. */
function rows(cells: string[][]): string {
  return table(
    cells.map(([first, ...rest]) => [`  ${first}`, ...rest]),
    [0, 2],
  )
}

function count(number: number, thing: string): string {
  return `${formatCount(number)} ${thing}${number === 1 ? '' : 's'}`
}
