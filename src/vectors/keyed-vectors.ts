import { existsSync, statSync } from 'node:fs'
import { ConfigError, InputError } from '../core/errors.ts'
import { formatCount, nearestName } from '../core/text.ts'
import { RunFolder, type RunStatus } from '../run/index.ts'
import { readVectors, type VectorFormat, writeVectors } from './format.ts'
import { Search } from './search.ts'
import { rowOf, type VectorSet } from './set.ts'
import { VectorTable } from './table.ts'
import type { Words } from './words.ts'

// V words · D vector width

/** A word and its cosine with what was asked. */
export interface Neighbour {
  word: string
  score: number
}

export interface NearOptions {
  /** How many to find; 10. */
  count?: number
  /** Look only among the first so many words, which are the most frequent. */
  restrict?: number | undefined
}

/**
 * Words with a vector each, to be asked.
 *
 * memory  V×D float32 and some 20 bytes a word, all allocated when it is made
 */
export class KeyedVectors {
  /** In the order of the file: the most frequent first, if it is a trainer's. */
  readonly words: Words
  /** How often each word was seen; null if unknown. */
  readonly counts: Float64Array | null
  readonly dim: number
  /** V rows, `stride` floats apart. */
  readonly matrix: Float32Array
  readonly stride: number
  /** How many later vectors of a word that was there already were passed over in reading. */
  readonly duplicates: number
  /** For queries of other kinds. */
  readonly search: Search
  readonly #table: VectorTable

  /** throws  InputError if a vector holds a value that is not a finite number */
  constructor(table: VectorTable) {
    this.#table = table
    this.words = table.words
    this.counts = table.counts
    this.dim = table.dim
    this.matrix = table.matrix
    this.stride = table.stride
    this.duplicates = table.duplicates
    this.search = new Search(table)
  }

  /**
   * Reads vectors: a file in any of the formats, or a run folder.
   *
   * throws  InputError if there are none, or the file is damaged or holds a value that is not finite
   */
  static load(path: string, format?: VectorFormat): KeyedVectors {
    const file = existsSync(path) && statSync(path).isDirectory() ? vectorsOfRun(path) : path
    return new KeyedVectors(readVectors(file, format))
  }

  /** Copies vectors that are in memory; of a word that is there twice, the first. */
  static from(set: VectorSet): KeyedVectors {
    const table = new VectorTable(set.words.length, set.dim)
    for (let i = 0; i < set.words.length; i++) table.add(set.words.bytes(i))?.set(rowOf(set, i))
    if (set.counts) table.counts = Float64Array.from(set.counts)
    return new KeyedVectors(table)
  }

  get length(): number {
    return this.words.length
  }

  word(index: number): string {
    return this.words.word(index)
  }

  /** The word's row, or -1. */
  indexOf(word: string): number {
    return this.#table.words.indexOf(word)
  }

  has(word: string): boolean {
    return this.indexOf(word) >= 0
  }

  /**
   * A copy of the word's vector, as it was trained.
   *
   * throws  InputError if the word is not there
   */
  vector(word: string): Float32Array {
    return this.#table.row(this.#rowOf(word)).slice()
  }

  /**
   * The words nearest by cosine to a word, to the mean of several words' unit vectors, or to a vector of D
   * numbers. Words that were given are not among them.
   *
   * throws  InputError if a word is not there, ConfigError if a vector has another width
   */
  near(asked: string | readonly string[] | Float32Array, options: NearOptions = {}): Neighbour[] {
    if (asked instanceof Float32Array) {
      if (asked.length !== this.dim)
        throw new ConfigError('VECTOR_WIDTH', {
          what: `a vector of ${asked.length} numbers was given`,
          why: `these vectors have ${this.dim}`,
        })
      return this.#nearest(asked, [], options)
    }
    const rows = (typeof asked === 'string' ? [asked] : asked).map((word) => this.#rowOf(word))
    return this.#nearest(this.sumOfUnits(rows), rows, options)
  }

  /**
   * "a is to b as c is to …": the words nearest to b − a + c, on unit vectors, without these three.
   * As gensim's `most_similar(positive=[b, c], negative=[a])`; 3CosAdd of Mikolov et al. 2013c. With `mul` those with
   * the most of cos b · cos c / cos a, cosines brought to 0 … 1: 3CosMul of Levy and Goldberg 2014, as gensim's
   * `most_similar_cosmul`; their score is no cosine.
   *
   * throws  InputError if a word is not there
   */
  analogy(
    a: string,
    b: string,
    c: string,
    { method = 'add', ...options }: NearOptions & { method?: 'add' | 'mul' } = {},
  ): Neighbour[] {
    const rows = [b, c, a].map((word) => this.#rowOf(word)) as [number, number, number]
    if (method === 'mul') {
      const { count = 10, restrict } = options
      const matches = this.search.nearestByRatio([rows[2], rows[0], rows[1]], {
        count,
        restrict,
        excluded: rows,
      })
      return matches.map(({ row, score }) => ({ word: this.word(row), score }))
    }
    return this.#nearest(this.sumOfUnits(rows, [1, 1, -1]), rows, options)
  }

  /**
   * The word that fits the others least: the lowest cosine with the mean of all their unit vectors.
   * As gensim's `doesnt_match`.
   *
   * throws  InputError if a word is not there, or there are fewer than 3
   */
  odd(words: readonly string[]): string {
    if (words.length < 3)
      throw new InputError('TOO_FEW_WORDS', {
        what: `${words.length} words were given`,
        why: 'the odd one out is found among 3 at least',
      })
    return words[this.oddRow(words.map((word) => this.#rowOf(word)))]!
  }

  /** The place in `rows` of the row that fits the others least. */
  oddRow(rows: readonly number[]): number {
    const mean = this.sumOfUnits(rows)
    const scores = rows.map((row) => cosine(this.#table.row(row), mean))
    return scores.indexOf(Math.min(...scores))
  }

  /** The cosine of two words' vectors. throws  InputError if one is not there */
  similarity(a: string, b: string): number {
    return this.similarityOfRows(this.#rowOf(a), this.#rowOf(b))
  }

  /** The cosine of two rows; 0 with a row of zeros. */
  similarityOfRows(a: number, b: number): number {
    return a === b ? 1 : cosine(this.#table.row(a), this.#table.row(b))
  }

  /** The sum of rows brought to length 1, each times its weight; added to `target`, D numbers. */
  sumOfUnits(rows: readonly number[], weights?: readonly number[], target = new Float64Array(this.dim)) {
    rows.forEach((row, i) => {
      const scale = (weights?.[i] ?? 1) * this.search.inverseLength(row)
      const begin = row * this.stride
      // A row of zeros has no direction to add.
      if (!Number.isNaN(scale))
        for (let d = 0; d < this.dim; d++) target[d]! += scale * this.matrix[begin + d]!
    })
    return target
  }

  /** Writes the vectors to a file. */
  save(path: string, format: VectorFormat): void {
    writeVectors(path, format, this)
  }

  #nearest(
    query: Float32Array | Float64Array,
    excluded: readonly number[],
    options: NearOptions,
  ): Neighbour[] {
    const { count = 10, restrict } = options
    const matches = this.search.nearest(query, { count, restrict, excluded })
    return matches.map(({ row, score }) => ({ word: this.word(row), score }))
  }

  #rowOf(word: string): number {
    const row = this.indexOf(word)
    if (row >= 0) return row
    const alike = this.#namesLike(word)
    throw new InputError('WORD_UNKNOWN', {
      what: `the word ${JSON.stringify(word)} is not among the ${formatCount(this.length)} words`,
      why: 'it was not in the training text, or too rare there',
      mend: alike.length > 0 ? `one of the words like it: ${alike.join(', ')}` : 'another word',
    })
  }

  /** Up to three words spelled like it, among the most frequent ones: to look at all would take a minute. */
  #namesLike(word: string): string[] {
    const candidates = new Set<string>()
    const slack = Math.max(2, Math.floor(word.length / 3))
    for (let i = 0; i < Math.min(this.length, 50_000); i++) {
      const name = this.word(i)
      if (Math.abs(name.length - word.length) <= slack) candidates.add(name)
    }
    const found: string[] = []
    for (
      let name = nearestName(word, candidates);
      name && found.length < 3;
      name = nearestName(word, candidates)
    ) {
      found.push(name)
      candidates.delete(name)
    }
    return found
  }
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let d = 0; d < a.length; d++) {
    ab += a[d]! * b[d]!
    aa += a[d]! * a[d]!
    bb += b[d]! * b[d]!
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0
}

function vectorsOfRun(path: string): string {
  const folder = new RunFolder(path)
  const run = folder.read()
  if (existsSync(folder.vectors)) return folder.vectors
  const states: Record<RunStatus, { why: string; mend: string }> = {
    running: {
      why: 'its training has not ended',
      mend: `wait for it; if it was killed, give its \`millrace train\` command with --out ${path} again: it resumes`,
    },
    stopped: {
      why: 'its training was stopped before the end',
      mend: `give its \`millrace train\` command with --out ${path} again: it resumes`,
    },
    failed: {
      why: `its training failed: ${run.error ?? 'no reason is recorded'}`,
      mend: `give its \`millrace train\` command with --out ${path} again: it resumes`,
    },
    complete: {
      why: `it is complete, but ${folder.vectors} was removed`,
      mend: 'bring that file back, or train again in another folder',
    },
  }
  throw new InputError('RUN_NO_VECTORS', {
    what: `the run ${path} has no vectors yet`,
    ...states[run.status],
  })
}
