import { loadKernel } from '../runtime/wasm.ts'
import { scratch, type VectorTable } from './table.ts'

/** kernels/analogy.ts */
interface AnalogyKernel {
  cosineBlock(
    matrix: number,
    inverse: number,
    from: number,
    rows: number,
    stride: number,
    units: number,
    slotCount: number,
    cosines: number,
    span: number,
  ): void
  bestSums(
    cosines: number,
    span: number,
    from: number,
    rows: number,
    questionCount: number,
    ends: number,
    terms: number,
    excluded: number,
    best: number,
  ): void
  bestRatios(
    cosines: number,
    span: number,
    from: number,
    rows: number,
    questionCount: number,
    terms: number,
    excluded: number,
    best: number,
    half: number,
    epsilon: number,
  ): void
}

/** Which row is best by its cosines with some rows, each brought to length 1. */
export interface Analogy {
  rows: readonly number[]
  /** Of each row's cosine in the sum. Of a ratio there are none: rows are b, c and a. */
  weights: readonly number[]
  /** Up to 3 rows that are not to be found. */
  excluded: readonly number[]
}

/** What is added below the fraction line of 3CosMul. Source: Levy and Goldberg 2014, footnote 7; gensim's value. */
export const ratioEpsilon = 1e-6

/**
 * Many analogies at once. They are about few words: those of Google's 19,544 questions are 905. So the cosines of all
 * rows with these words are computed once, in blocks of rows that stay in the cache, and each question is made of them.
 */
export class AnalogySearch {
  readonly #table: VectorTable
  readonly #inverse: Float32Array
  readonly #kernel: AnalogyKernel

  /** `inverse`: 1 / length of each row, NaN for a row of zeros. */
  constructor(table: VectorTable, inverse: Float32Array) {
    this.#table = table
    this.#inverse = inverse
    this.#kernel = loadKernel<AnalogyKernel>('analogy', table.memory)
  }

  /**
   * The best row of each question; of equal ones the first; -1 where there is none.
   *
   * by        sum: Σ weight · cos; ratio: cos b · cos c / (cos a + epsilon), cosines brought to 0 … 1
   * restrict  only the first so many rows
   */
  best(questions: readonly Analogy[], by: 'sum' | 'ratio', restrict = this.#table.length): Int32Array {
    const result = new Int32Array(questions.length)
    for (let begin = 0; begin < questions.length; ) {
      const batch = this.#fill(questions, begin)
      const rows = this.#answer(batch, by, Math.min(restrict, this.#table.length))
      result.set(rows, begin)
      begin += batch.questions
    }
    return result
  }

  /** Writes as many questions as there is room for, from one on. */
  #fill(questions: readonly Analogy[], first: number): { questions: number; slots: number } {
    const { memory, offsets } = this.#table
    const ends = new Int32Array(memory.buffer, offsets.ends, scratch.questions)
    const slotsOfTerms = new Int32Array(memory.buffer, offsets.terms, scratch.terms * 2)
    const weights = new Float32Array(memory.buffer, offsets.terms, scratch.terms * 2)
    const excluded = new Int32Array(memory.buffer, offsets.analogyExcluded, scratch.questions * 4)
    const slots = new Map<number, number>()
    let terms = 0
    let count = 0
    for (; first + count < questions.length && count < scratch.questions; count++) {
      const question = questions[first + count]!
      const fresh = question.rows.filter((row) => !slots.has(row)).length
      if (slots.size + fresh > scratch.slots || terms + question.rows.length > scratch.terms) break
      for (const [i, row] of question.rows.entries()) {
        let slot = slots.get(row)
        if (slot === undefined) {
          slot = slots.size
          slots.set(row, slot)
          this.#setUnit(slot, row)
        }
        slotsOfTerms[terms * 2] = slot
        weights[terms * 2 + 1] = question.weights[i] ?? 0
        terms++
      }
      ends[count] = terms
      for (let j = 0; j < 3; j++) excluded[count * 4 + j] = question.excluded[j] ?? -1
    }
    return { questions: count, slots: slots.size }
  }

  #answer({ questions, slots }: { questions: number; slots: number }, by: 'sum' | 'ratio', rows: number) {
    const { memory, offsets, stride } = this.#table
    const { span } = scratch
    const best = new DataView(memory.buffer, offsets.analogyBest, questions * 8)
    for (let i = 0; i < questions; i++) {
      best.setFloat32(i * 8, -Infinity, true)
      best.setInt32(i * 8 + 4, -1, true)
    }
    // Of an odd number, the last slot's second is what lies there, and no question asks for it.
    const even = slots + (slots % 2)
    const { inverse, units, cosines, ends, terms, analogyExcluded, analogyBest } = offsets
    for (let from = 0; from < rows; from += span) {
      const count = Math.min(span, rows - from)
      this.#kernel.cosineBlock(0, inverse, from, count, stride, units, even, cosines, span)
      if (by === 'sum')
        this.#kernel.bestSums(
          cosines,
          span,
          from,
          count,
          questions,
          ends,
          terms,
          analogyExcluded,
          analogyBest,
        )
      else
        this.#kernel.bestRatios(
          cosines,
          span,
          from,
          count,
          questions,
          terms,
          analogyExcluded,
          analogyBest,
          0.5,
          ratioEpsilon,
        )
    }
    return Int32Array.from({ length: questions }, (_, i) => best.getInt32(i * 8 + 4, true))
  }

  /** A row of zeros has no direction: its cosine is 0 with all. */
  #setUnit(slot: number, row: number): void {
    const { memory, offsets, stride, dim } = this.#table
    const unit = new Float32Array(memory.buffer, offsets.units + slot * stride * 4, dim)
    const scale = this.#inverse[row]!
    const values = this.#table.row(row)
    for (let d = 0; d < dim; d++) unit[d] = Number.isNaN(scale) ? 0 : values[d]! * scale
  }
}
