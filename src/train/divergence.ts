import { formatCount } from '../core/text.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { standardRate } from '../word2vec/config.ts'
import type { TrainConfig } from '../word2vec/index.ts'

/** Fewer different words than this meet each other again within a window or two. */
const fewWords = 1000

/**
 * Why training with these settings may have diverged, the likeliest cause first, and the flags that change it.
 *
 * A step moves vectors by the rate times a sum over the pairs of a window. It overshoots where the rate is high,
 * where the sum has many terms, or where the same word is in many of them.
 */
export function divergenceCauses(
  config: TrainConfig,
  vocabulary: Vocabulary,
  initLength: number,
): { causes: string[]; changes: string[] } {
  const { model, lr, window, negative, loss } = config
  const causes: string[] = []
  const changes: string[] = []
  const add = (cause: string, change?: string) => {
    causes.push(cause)
    if (change) changes.push(change)
  }
  if (initLength > 10)
    add(`init brings vectors of a length of up to ${trim(initLength)}`, 'an --init of shorter vectors')
  const usual = standardRate[model]
  if (lr > usual) add(`lr ${lr} is ${trim(lr / usual)} times the usual ${usual}`, `--lr ${usual}`)
  if (model === 'cbow' && config.cbowInput === 'sum') {
    add(
      `cbowInput sum adds up to ${2 * window} vectors, and each moves by the whole step`,
      '--cbow-input mean',
    )
  } else if (model === 'cbow' && config.cbowGradient === 'undivided' && window > 5) {
    const share = `up to ${2 * window} times its share of the mean`
    add(`cbowGradient undivided moves each word of a window by ${share}`, '--cbow-gradient divided')
  } else if (model === 'skipgram' && loss !== 'hs' && 2 * window * (negative + 1) > 2 * usualPairs) {
    const pairs = `up to ${formatCount(2 * window * (negative + 1))} pairs`
    add(
      `window ${window} with negative ${negative} moves its vectors by ${pairs} at once`,
      '--window 5 --negative 5',
    )
  } else if (window > 10) add(`window ${window} gives each word up to ${2 * window} neighbours`, '--window 5')
  if (vocabulary.length < fewWords) addRepetition(config, vocabulary, add)
  // Nothing stands out, or what does may not be all: a smaller step always helps.
  if (lr <= usual) {
    add(`lr ${lr} is too high for this text with these settings`)
    if (initLength > 10) changes.push(`--lr ${trim(lr / 2)}`)
    else changes.unshift(`--lr ${trim(lr / 2)}`)
  }
  return { causes, changes }
}

/** Contexts times targets of a window at the default settings. */
const usualPairs = 60

function addRepetition(
  { sample, threads, deterministic }: TrainConfig,
  vocabulary: Vocabulary,
  add: (cause: string, change?: string) => void,
): void {
  const words = `the text has only ${formatCount(vocabulary.length)} different words`
  const often = `${words}, so that the same vectors move in every window`
  if (sample === 0) add(`${often}, and sample 0 keeps all of them`, '--sample 1e-3')
  else add(often, `--sample ${trim(sample / 10)}`)
  if (deterministic) add('deterministic trains on several stretches of text at once', 'no --deterministic')
  else if (threads !== undefined && threads > 1) add(`${threads} threads move them at once`, '--threads 1')
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)))
}
