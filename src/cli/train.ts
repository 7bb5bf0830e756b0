import { relative } from 'node:path'
import { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { ConfigError, InputError } from '../core/errors.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import type { StoppedEarly, TrainResult } from '../run/index.ts'
import {
  chooseVersion,
  runTraining,
  scoreQuestions,
  type TrainOutcome,
  type TrainRequest,
} from '../train/index.ts'
import { wholeNumber } from './load-vectors.ts'
import { longRun } from './long-run.ts'
import { note, print, printJson } from './output.ts'
import { LiveLine, trainObserver } from './progress.ts'
import { questionFiles } from './question-files.ts'
import { addTrainOptions, defaultOut, trainConfigOf } from './train-options.ts'

interface Options extends Record<string, unknown> {
  out?: string
  name?: string
  config?: string
  json?: boolean
  analogies?: string[]
  pairs?: string[]
  odd?: string[]
  restrict: number
}

/** `millrace train`: from text to vectors in a run folder. */
export function command(): Command {
  const command = new Command('train')
    .argument('<corpus...>', 'text files (UTF-8), or folders, which mean their *.txt')
    .option('-o, --out <folder>', 'the run folder (default: runs/ and the name of the corpus)')
    .option(
      '--name <name>',
      'instead of --out: the version of runs/<name> that this config belongs to, or a new one',
    )
    .option('--config <file>', 'YAML with the keys below, such as `minCount: 10`; a flag overrides it')
  return addTrainOptions(command)
    .option(
      '--no-supervise',
      'run in this process alone, where something else starts it again: see docs/running-for-days.md',
    )
    .option('--analogies <files...>', "questions to score with as it trains: Google's, or four words a line")
    .option('--pairs <files...>', 'the same: word pairs that people judged')
    .option('--odd <files...>', 'the same: words a line, the odd one last')
    .option(
      '--restrict <n>',
      'ask analogies among the n most frequent words',
      wholeNumber('--restrict'),
      30_000,
    )
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      `
On a folder that holds a run, training goes on from its last checkpoint, and flags that are left out keep the
run's values; a complete run is shown again, or goes on if --epochs are more than it has. --init begins another run
with the vectors of a finished one, or of a file.

With --name, flags that are left out have their defaults: a config and corpus that runs/<name> or one of its versions has
goes on there, and any other becomes the next version, runs/<name>@2 and so on. See millrace runs.

With --analogies, --pairs or --odd the vectors are scored before training, --evaluate-every so often, and at the end; the scores
are kept with the run's events. --early-stop NAME ends training when one of them has not risen --patience times running.
Names: FILE.total, .semantic, .syntactic of analogies, FILE.spearman, .pearson of pairs, FILE of odd ones.

A small parent process starts the trainer again from its last checkpoint if it is killed, stuck or short of memory, until
the run is complete. Ctrl-C saves and stops, twice stops at once; the same command goes on.

Exit codes: 0 complete, 1 failed, 2 bad input, 75 stopped and resumable.

Examples:
  millrace train corpus.txt --out runs/mine
  millrace train books/ --tokenizer words --dim 200 --epochs 10
  millrace train corpus.txt --name mine --dim 300
  millrace train corpus.txt --analogies questions-words.txt --early-stop questions-words.total --epochs 50
  millrace train more.txt --init runs/mine --out runs/more
  millrace query runs/mine near king`,
    )
    .action(train)
}

async function train(corpus: string[], options: Options): Promise<void> {
  const config = await trainConfigOf(options, options.config)
  const { restrict } = options
  const [analogies, pairs, odd] = [options.analogies, options.pairs, options.odd].map(questionFiles)
  const evaluation = (analogies ?? pairs ?? odd) && scoreQuestions({ analogies, pairs, odd, restrict })
  const line = new LiveLine()
  const run = longRun(trainObserver(line))
  try {
    const request = { corpus, config, ...(evaluation && { evaluation }), ...run.request }
    const { folder, result, losses, wasComplete } =
      options.name === undefined
        ? await runTraining({ ...request, out: options.out ?? defaultOut(corpus) })
        : await trainVersion(options.name, options.out, request)
    line.end()
    if (options.json) return printJson(result)
    if (wasComplete) note(`${relative('.', folder.path)} is complete; nothing was trained`)
    const { words, seconds, wordsPerSecond, vocabulary, peakRssBytes, checkpoints } = result
    print(
      `trained on ${formatCount(words)} words in ${formatSeconds(seconds)}, ${formatCount(wordsPerSecond)} a second; ` +
        `${formatCount(vocabulary)} vectors; peak memory ${formatBytes(peakRssBytes)}`,
    )
    if (checkpoints) print(checkpointLine(checkpoints, seconds))
    for (const text of lossLines(losses)) print(text)
    if (result.stoppedEarly) print(earlyLine(result.stoppedEarly))
    print(`vectors  ${relative('.', result.vectors)}`)
    print(`ask them: npx millrace query ${relative('.', folder.path)} near WORD`)
  } catch (error) {
    line.end()
    throw run.ended(error)
  } finally {
    line.end()
  }
}

/**
 * Trains in the version of a name that the config and the corpus belong to, and tells which it is.
 *
 * throws  ConfigError if there is an --out as well; else as `runTraining`
 */
async function trainVersion(
  name: string,
  out: string | undefined,
  request: Omit<TrainRequest, 'out'>,
): Promise<TrainOutcome> {
  if (out !== undefined)
    throw new ConfigError('NAME_AND_OUT', {
      what: '--name and --out were both given',
      why: 'each of them says where the run lies',
      mend: 'leave one out: --name for a version by its config, --out for a folder',
    })
  const except: number[] = []
  for (;;) {
    const chosen = chooseVersion({ ...request, name, except })
    const which = chosen.version === 1 ? name : `${name}@${chosen.version}`
    const because = chosen.because === null ? '' : `; ${chosen.because}`
    note(`${which} in ${chosen.out}${chosen.isNew ? ` is new${because}` : ' has this config'}`)
    try {
      return await runTraining({ ...request, out: chosen.out })
    } catch (error) {
      // A text of the same length that is another one after all is told when it is counted.
      if (!(error instanceof InputError && error.code === 'RUN_CORPUS') || chosen.isNew) throw error
      except.push(chosen.version)
    }
  }
}

/** How a score ended it. Also told of a run that is complete and is shown again. */
function earlyLine({ epoch, score, best, at }: StoppedEarly): string {
  return `stopped  after ${epochsText(epoch)}: ${score} was best, ${best.toFixed(4)}, after ${epochsText(at)}`
}

function epochsText(count: number): string {
  const text = Number(count.toFixed(2)).toString()
  return `${text} ${text === '1' ? 'epoch' : 'epochs'}`
}

/** Results of older versions say nothing of checkpoints. */
function checkpointLine({ count, stallSeconds }: TrainResult['checkpoints'], seconds: number): string {
  const share = ((100 * stallSeconds) / seconds).toFixed(2)
  const times = `${formatCount(count)} ${count === 1 ? 'checkpoint' : 'checkpoints'}`
  return `saved    ${times}; training waited ${stallSeconds.toFixed(3)} s for them, ${share} % of its time`
}

/** The loss of each epoch, ten to a line. */
export function lossLines(losses: readonly (number | null)[]): string[] {
  const lines: string[] = []
  for (let first = 0; first < losses.length; first += 10) {
    const part = losses.slice(first, first + 10).map((loss) => (loss === null ? '–' : loss.toFixed(4)))
    const last = first + part.length
    const epochs = part.length === 1 ? `epoch ${last}` : `epochs ${first + 1} to ${last}`
    lines.push(`loss     ${part.join(' ')}  (${epochs}, nats per pair)`)
  }
  return lines
}
