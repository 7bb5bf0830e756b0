/** How many questions were asked, how many could be, and how many were answered right. */
export interface Tally {
  questions: number
  /** Questions with a word that is not in the vocabulary, or too rare. */
  skipped: number
  correct: number
  /** correct / (questions − skipped), 0 to 1; null if all were skipped. gensim's figure. */
  accuracy: number | null
  /** correct / questions: skipped ones count as wrong. The figure of the word2vec papers. */
  accuracyOfAll: number | null
}

export function tallyOf(questions: number, skipped: number, correct: number): Tally {
  const asked = questions - skipped
  return {
    questions,
    skipped,
    correct,
    accuracy: asked > 0 ? correct / asked : null,
    accuracyOfAll: questions > 0 ? correct / questions : null,
  }
}
