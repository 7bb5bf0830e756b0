import { ConfigError, InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import type { Vocabulary } from '../corpus/index.ts'
import { standardRate } from '../word2vec/config.ts'
import type { TrainConfig } from '../word2vec/index.ts'
import { keepChance } from '../word2vec/tables.ts'

/** How many words of an epoch subsampling keeps, on average. */
export function keptWords({ counts }: Vocabulary, { sample, sampleFormula }: TrainConfig): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count) => sum + count * keepChance(count / total, sample, sampleFormula), 0)
}

/**
 * Holds settings against the text that they are for, before any work.
 *
 * Returns what is odd and may be meant, in plain words.
 * throws  ConfigError if subsampling leaves no two words; InputError if there is but one word
 */
export function requireSense(config: TrainConfig, vocabulary: Vocabulary): string[] {
  const { lr, epochs, sample, model } = config
  const total = vocabulary.totalCount
  if (vocabulary.length === 1) {
    throw new InputError('ONE_WORD', {
      what: `the vocabulary has one word, ${vocabulary.word(0)}`,
      why: 'a word is learned from other words beside it',
      mend: 'use a lower --min-count, a longer text, or see whether --tokenizer words fits it',
    })
  }
  const kept = keptWords(vocabulary, config)
  if (kept < 2) throw nothingKept(config, total, kept)
  const told: string[] = []
  if (kept < total / 100) {
    told.push(
      `sample ${sample} keeps about ${formatCount(kept)} of ${formatCount(total)} words in an epoch; ` +
        'a higher --sample keeps more',
    )
  }
  const usual = standardRate[model]
  const times = `the usual ${usual} of ${model}`
  if (lr > 8 * usual) told.push(`lr ${lr} is far above ${times}: training may diverge`)
  if (lr < usual / 1000) told.push(`lr ${lr} is far below ${times}: the vectors will hardly move`)
  if (epochs > 1000) told.push(`epochs ${formatCount(epochs)}: 5 are usual, and some tens on a short text`)
  return told
}

function nothingKept({ sample, minCount }: TrainConfig, total: number, kept: number): ConfigError {
  const words = `of ${formatCount(total)} words in an epoch about ${Number(kept.toPrecision(2))} are kept`
  return new ConfigError('NOTHING_KEPT', {
    what: `nothing is left to train on with sample ${sample} and minCount ${minCount}`,
    why: words,
    mend: 'use --sample 1e-3, or --sample 0 to keep all words, or a longer text',
  })
}

/** For an epoch in which no word had another one beside it. */
export function nothingLearned(config: TrainConfig, vocabulary: Vocabulary): InputError {
  const { sample, minCount, tokenizer } = config
  const kept = keptWords(vocabulary, config)
  const thinned = kept < vocabulary.totalCount / 2
  return new InputError('NOTHING_LEARNED', {
    what: 'nothing can be learned from this text with these settings',
    why: 'in the whole first epoch no word had another word of the vocabulary beside it in its line',
    mend: [
      'put whole sentences on a line',
      minCount > 1 && `use a --min-count below ${minCount}`,
      thinned && `use a --sample above ${sample}`,
      tokenizer === 'whitespace' && 'see whether --tokenizer words fits the text',
    ]
      .filter(Boolean)
      .join(', or '),
  })
}
