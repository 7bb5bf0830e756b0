import { splitWords } from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'
import { readSentences } from './completion-file.ts'
import { openModel } from './open-model.ts'
import { sha256Of } from './sha256.ts'
import { type Tally, tallyOf } from './tally.ts'

export interface CompletionScores extends Tally {
  /** SHA-256 of the file of answers, hexadecimal. */
  answers: string
  /** The model and loss of the run, which say how a word's fit was had; see `Predictor`. */
  predicted: `${'skipgram' | 'cbow'}-${'hs' | 'ns' | 'nce'}`
}

/**
 * How often the word left out of a sentence is told: of the options, the one that predicts the sentence's other words
 * best. Mikolov et al. 2013a, section 5.4: the option is the input, the probabilities of all words around it are
 * taken together. As logarithms, so that their sum is that of the paper's product; see `Predictor`.
 *
 * Sentences become words as the run's text did. An option that is unknown loses; one of several words has the mean of
 * theirs. Unknown words around are passed over. A sentence is skipped if no option is known, or no word around.
 *
 * throws  InputError if a file is missing or malformed, or the run has no sound checkpoint
 */
export async function scoreCompletion(
  folder: RunFolder,
  path: string,
  answersPath: string,
): Promise<CompletionScores> {
  const sentences = readSentences(path, answersPath)
  const { model, loss, tokenizer, numbersOf, predictor, close } = await openModel(folder, (split) => {
    return sentences.flatMap(({ before, after, options }) => [before, after, ...options].flatMap(split))
  })
  try {
    const knownOf = (text: string) => numbersOf(splitWords(text, tokenizer)).filter((word) => word >= 0)
    let [skipped, correct] = [0, 0]
    for (const { before, after, options, answer } of sentences) {
      const neighbours = [...knownOf(before), ...knownOf(after)]
      const fits = options.map((option) => {
        const words = numbersOf(splitWords(option, tokenizer))
        if (words.length === 0 || words.includes(-1)) return -Infinity
        return words.reduce((sum, word) => sum + predictor.fit(word, neighbours), 0) / words.length
      })
      const best = Math.max(...fits)
      if (neighbours.length === 0 || best === -Infinity) skipped++
      else if (fits.indexOf(best) === answer) correct++
    }
    return {
      ...tallyOf(sentences.length, skipped, correct),
      answers: sha256Of(answersPath),
      predicted: `${model}-${loss}`,
    }
  } finally {
    close()
  }
}
