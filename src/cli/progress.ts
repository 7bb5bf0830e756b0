import { stripVTControlCharacters, styleText } from 'node:util'
import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import type { Progress } from '../run/index.ts'
import type { TrainObserver } from '../train/index.ts'
import type { FittingPlan } from '../word2vec/index.ts'

/** A line on standard error that is written over. Where that is no terminal, a line every ten seconds. */
export class LiveLine {
  #shown = false
  #lastMs = performance.now()

  show(text: string): void {
    const { stderr } = process
    if (stderr.isTTY) {
      const width = stderr.columns || 80
      const cut =
        stripVTControlCharacters(text).length < width
          ? text
          : `${stripVTControlCharacters(text).slice(0, width - 2)}…`
      stderr.write(`\r\x1b[2K${cut}`)
      this.#shown = true
    } else if (performance.now() - this.#lastMs > 10_000) {
      stderr.write(`${stripVTControlCharacters(text)}\n`)
      this.#lastMs = performance.now()
    }
  }

  /** Leaves the line for good, with a text in its place if one is given. */
  end(text?: string): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K')
    if (text !== undefined) process.stderr.write(`${text}\n`)
    this.#shown = false
  }
}

/** Tells on standard error how a run goes. */
export function trainObserver(line: LiveLine): TrainObserver {
  let epochs = 0
  let score: ScoreShown | undefined
  let watched: string | undefined
  const losses: number[] = []
  return {
    countingPlanned: ({ bytes, most }) =>
      line.end(`counting words in about ${formatBytes(bytes)}, ${formatBytes(most)} at most`),
    counting: (done) => line.show(`counting words  ${percent(done)}`),
    counted: ({ vocabulary, audits, distinctWords }, seconds) => {
      const words = audits.words.reduce((sum, count) => sum + count, 0)
      line.end(
        `${formatCount(words)} words, ${formatCount(distinctWords)} distinct, ` +
          `${formatCount(vocabulary.length)} in the vocabulary (${seconds.toFixed(1)} s)`,
      )
    },
    scored: ({ scores }) => {
      const [first] = Object.keys(scores)
      const name = watched !== undefined && watched in scores ? watched : first
      score = name === undefined ? undefined : { name, value: scores[name]! }
    },
    planned: (plan, config, threads) => {
      epochs = config.epochs
      watched = config.earlyStop
      line.end(planText(plan))
      line.end(`training ${config.dim} dimensions with ${threads} ${threads === 1 ? 'thread' : 'threads'}`)
    },
    resumed: (checkpoint, { epoch }) => line.end(`going on in epoch ${epoch} from ${checkpoint}`),
    warmStart: ({ path, words, inText, kept }) =>
      line.end(
        `beginning with ${formatCount(words)} vectors of ${path}: ${formatCount(inText)} of words in the text, ` +
          `${formatCount(kept)} kept as they are`,
      ),
    progress: (progress) => {
      if (progress.loss !== null) losses.push(progress.loss)
      line.show(progressText(progress, epochs, losses, { score }))
    },
    warning: (message) =>
      line.end(`${styleText('yellow', 'warning', { stream: process.stderr })}: ${message}`),
  }
}

/** A memory plan in one line: the total, the limit, and the largest parts. */
export function planText({ bytes, parts, limit }: FittingPlan): string {
  const largest = Object.entries(parts)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, size]) => `${name} ${formatBytes(size)}`)
  return `memory plan ${formatBytes(bytes)} of ${formatBytes(limit.bytes)} (${limit.of}): ${largest.join(', ')}, …`
}

/**
 * Epoch, percent, words per second, learning rate, loss, memory against plan, time left: in 80 columns. A wide
 * terminal shows the course of the loss too, from the first of `losses` to the last. Of a run that is scored, the last
 * score stands in the place of the learning rate; its name where there is room.
 */
export function progressText(
  progress: Progress,
  epochs: number,
  losses: readonly number[] = [],
  {
    score,
    columns = process.stderr.columns || 80,
  }: { score?: ScoreShown | undefined; columns?: number } = {},
): string {
  const { epoch, fraction, wordsPerSecond, learningRate, loss, rssBytes, planBytes, secondsLeft } = progress
  const curve = columns >= 120 && losses.length > 1 ? ` ${sparkline(losses, 16)}` : ''
  return [
    `epoch ${epoch}/${epochs}`,
    percent(fraction),
    `${formatCount(wordsPerSecond / 1000)}k words/s`,
    score ? scoreText(score, columns) : `rate ${learningRate.toFixed(4)}`,
    `loss ${loss === null ? '–' : loss.toFixed(3)}${curve}`,
    `${mebibytes(rssBytes)} of ${mebibytes(planBytes)} MiB`,
    `${secondsLeft === null ? '–' : formatSeconds(secondsLeft)} left`,
  ].join(columns >= 100 ? '  ' : ' ')
}

/** The last value of a score. */
export interface ScoreShown {
  name: string
  value: number | null
}

function scoreText({ name, value }: ScoreShown, columns: number): string {
  const number = value === null ? '–' : value.toFixed(3)
  return columns >= 100 ? `${name.length > 24 ? 'score' : name} ${number}` : `score ${number}`
}

const bars = '▁▂▃▄▅▆▇█'

/** Values as bars, from the least to the greatest of them; of more than `width`, the means of neighbours. */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(width, values.length)
  const means = Array.from({ length: count }, (_, i) => {
    const part = values.slice(
      Math.floor((i * values.length) / count),
      Math.floor(((i + 1) * values.length) / count),
    )
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const [low, high] = [Math.min(...means), Math.max(...means)]
  const scale = high > low ? (bars.length - 1) / (high - low) : 0
  return means.map((mean) => bars[Math.round((mean - low) * scale)]).join('')
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
