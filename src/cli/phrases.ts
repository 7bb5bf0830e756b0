import { relative } from 'node:path'
import { styleText } from 'node:util'
import { Command, Option } from 'commander'
import { formatBytes, parseBytes } from '../core/bytes.ts'
import { ConfigError } from '../core/errors.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import {
  findPhrases,
  type PhrasePassDone,
  type PhrasesObserver,
  type PhrasesResult,
  type Tokenizer,
  tokenizers,
} from '../corpus/index.ts'
import { peakRssBytes } from '../runtime/memory.ts'
import { availableMemory } from '../word2vec/index.ts'
import { print, printJson } from './output.ts'
import { LiveLine } from './progress.ts'

interface Options {
  out: string
  list?: string
  passes?: number
  threshold?: string
  minCount: number
  tokenizer: Tokenizer
  memory?: string
  json?: boolean
}

/** `millrace phrases`: joins the words of a text that belong together, as word2phrase does. */
export function command(): Command {
  return new Command('phrases')
    .argument('<corpus...>', 'text files (UTF-8), or folders, which mean their *.txt')
    .requiredOption('-o, --out <file>', 'the text to write, line for line as the corpus')
    .option('--list <file>', 'write the phrases found as well: phrase, count, score, tab-separated')
    .option('--passes <n>', 'how often the text is gone over (default: 2)', wholeNumber('--passes'))
    .option(
      '--threshold <scores>',
      'join above this score, one for each pass, falling (default: 100 last, before each the double: 200,100)',
    )
    .option('--min-count <n>', 'discount for rare pairs, and the least count', wholeNumber('--min-count'), 5)
    .addOption(
      new Option('--tokenizer <name>', 'how text becomes words').choices(tokenizers).default('whitespace'),
    )
    .option(
      '--memory <size>',
      'memory for the counts of pairs, such as 2G; the rest goes to the disk (default: a quarter of the machine)',
    )
    .option('--json', 'end with one line of JSON')
    .addHelpText(
      'after',
      `
A phrase is written with _ between its words. Each pass joins two of what the pass before has left, so that n passes
make phrases of up to 2^n words. Train on the output with --tokenizer whitespace, the default.

Examples:
  millrace phrases corpus.txt -o phrases.txt
  millrace phrases books/ --tokenizer words -o books-phrases.txt --list phrases.tsv
  millrace phrases corpus.txt -o phrases.txt --threshold 400,200,100 --min-count 10`,
    )
    .action(phrases)
}

async function phrases(corpus: string[], options: Options): Promise<void> {
  const { out, list, minCount, tokenizer, memory, json } = options
  const thresholds = thresholdsOf(options.passes, options.threshold)
  const memoryBytes =
    memory === undefined ? Math.floor(availableMemory().bytes / 4) : parseBytes(memory, '--memory')
  const line = new LiveLine()
  const startMs = performance.now()
  try {
    const result = await findPhrases({
      corpus,
      out,
      list,
      thresholds,
      minCount,
      tokenizer,
      memoryBytes,
      observer: observerOf(line, thresholds.length),
      signal: abortSignal(),
    })
    line.end()
    const seconds = (performance.now() - startMs) / 1000
    if (json) printJson(jsonOf(result, seconds))
    else printResult(result, seconds)
  } finally {
    line.end()
  }
}

/**
 * A threshold for each pass.
 *
 * throws  ConfigError if they are no numbers, or not as many as there are passes
 */
export function thresholdsOf(passes: number | undefined, text: string | undefined): number[] {
  if (text === undefined) {
    const count = passes ?? 2
    return Array.from({ length: count }, (_, i) => 100 * 2 ** (count - 1 - i))
  }
  const thresholds = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (!thresholds.every(Number.isFinite)) {
    throw new ConfigError('PHRASES_THRESHOLD', {
      what: `--threshold ${text} is not a number, or several with commas between them`,
      mend: 'write it like --threshold 200,100',
    })
  }
  if (passes !== undefined && passes !== thresholds.length) {
    throw new ConfigError('PHRASES_PASSES', {
      what: `--threshold ${text} does not go with --passes ${passes}`,
      why: `there is one threshold for each pass, and here are ${thresholds.length}`,
      mend: `leave out --passes, or --threshold for ${thresholdsOf(passes, undefined).join(',')}`,
    })
  }
  return thresholds
}

function observerOf(line: LiveLine, passes: number): PhrasesObserver {
  return {
    progress: (pass, step, done) =>
      line.show(`pass ${pass}/${passes}  ${step}  ${(100 * done).toFixed(1)} %`),
    passDone: (pass, result) => line.end(passText(pass, passes, result)),
    warning: (message) =>
      line.end(`${styleText('yellow', 'warning', { stream: process.stderr })}: ${message}`),
  }
}

function passText(pass: number, passes: number, result: PhrasePassDone): string {
  const { phraseCount, threshold, joined, words, distinctPairs, spilledBytes, seconds } = result
  const spilled = spilledBytes > 0 ? `, ${formatBytes(spilledBytes)} of them on the disk for a time` : ''
  return (
    `pass ${pass}/${passes}  ${formatCount(phraseCount)} phrases above ${threshold}, joined ${formatCount(joined)} times ` +
    `in ${formatCount(words)} words (${formatCount(distinctPairs)} pairs${spilled}; ${formatSeconds(seconds)})`
  )
}

function printResult({ out, list, words, wordsLeft, bytes }: PhrasesResult, seconds: number): void {
  print(
    `${formatCount(words)} words became ${formatCount(wordsLeft)} in ${formatSeconds(seconds)}; ` +
      `peak memory ${formatBytes(peakRssBytes())}`,
  )
  print(`text     ${relative('.', out)} (${formatBytes(bytes)})`)
  if (list) print(`phrases  ${relative('.', list)}`)
  print(`train on it: npx millrace train ${relative('.', out)}`)
}

function jsonOf({ passes, ...result }: PhrasesResult, seconds: number): unknown {
  return {
    type: 'phrases',
    ...result,
    phrases: passes.reduce((sum, { phraseCount }) => sum + phraseCount, 0),
    passes: passes.map(
      ({ threshold, words, phraseCount, joined, distinctWords, distinctPairs, spilledBytes, seconds }) => ({
        threshold,
        words,
        distinctWords,
        distinctPairs,
        phrases: phraseCount,
        joined,
        spilledBytes,
        seconds,
      }),
    ),
    seconds,
    peakRssBytes: peakRssBytes(),
  }
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text)
    throw new ConfigError('OPTION_COUNT', {
      what: `${option} ${text} is not a whole number of 1 or more`,
      mend: `write it like ${option} 2`,
    })
  }
}

/** A signal that aborts on Ctrl-C, SIGTERM or a closed terminal: what was begun is removed. */
function abortSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort())
  return controller.signal
}
