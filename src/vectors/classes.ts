import type { Write } from '../core/disk.ts'
import { ConfigError, InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import type { KeyedVectors } from './keyed-vectors.ts'
import { Search } from './search.ts'
import { gather } from './set.ts'
import { VectorTable } from './table.ts'

// V words · D vector width · k classes

export interface ClassOptions {
  /** How many to make; 500. */
  classes?: number
  /** 10. */
  rounds?: number
  /** Told often: the share that is done, 0 to 1. */
  onProgress?(done: number): void
}

/** Words from one report of progress to the next. */
const stepWords = 4096

/**
 * Sorts words into classes by their vectors: k-means with the dot product, as word2vec.c's `-classes`.
 *
 * Word i begins in class i mod k. In each round a class's centroid becomes the direction of the sum of its words'
 * vectors, and each word goes to the centroid with which its dot product is highest; of equal ones the first. A
 * class that has lost all its words stays empty. A vector of zeros goes to the first class that is not empty.
 * (word2vec.c puts a word whose dot products are all below -10 into class 0; here it goes where the highest is.)
 *
 * out     V numbers from 0 to k - 1, in the order of the words; the same each time
 * memory  k×D float64 and k×D float32; a round is 2·V·k·D operations
 * throws  ConfigError if there are fewer words than classes; InputError if all vectors are zero
 */
export function wordClasses(vectors: KeyedVectors, options: ClassOptions = {}): Int32Array {
  const { classes = 500, rounds = 10, onProgress } = options
  requireWhole('classes', classes)
  requireWhole('rounds', rounds)
  if (classes > vectors.length) throw tooMany(classes, vectors.length)
  requireDirection(vectors)
  const centroids = new VectorTable(classes, vectors.dim)
  for (let i = 0; i < classes; i++) centroids.add(Buffer.from(`${i}`))
  const classOf = Int32Array.from({ length: vectors.length }, (_, i) => i % classes)
  for (let round = 0; round < rounds; round++) {
    const search = setCentroids(centroids, vectors, classOf)
    const first = firstWithDirection(search, classes)
    assign(vectors, search, classOf, first, (done) => onProgress?.((round + done) / rounds))
  }
  return classOf
}

/** Writes `word class` lines; what stands behind the last blank is the class. `order` lists words by number. */
export function writeClasses(
  write: Write,
  { words }: Pick<KeyedVectors, 'words'>,
  classOf: Int32Array,
  order: Iterable<number> = classOf.keys(),
): void {
  const { put, flush } = gather(write)
  for (const i of order) {
    put(words.bytes(i))
    put(Buffer.from(` ${classOf[i]}\n`, 'latin1'))
  }
  flush()
}

/** Words by class; within a class in their own order. */
export function orderByClass(classOf: Int32Array): Uint32Array {
  return Uint32Array.from(classOf.keys()).sort((a, b) => classOf[a]! - classOf[b]! || a - b)
}

/** Makes each row of the table its class's direction, zeros where it has none, and a search over them. */
function setCentroids(table: VectorTable, vectors: KeyedVectors, classOf: Int32Array): Search {
  const { dim, stride, matrix } = vectors
  const sums = new Float64Array(table.length * dim)
  for (let i = 0; i < classOf.length; i++) {
    const to = classOf[i]! * dim
    const from = i * stride
    for (let d = 0; d < dim; d++) sums[to + d]! += matrix[from + d]!
  }
  for (let k = 0; k < table.length; k++) {
    const sum = sums.subarray(k * dim, (k + 1) * dim)
    const length = Math.hypot(...sum)
    table.row(k).set(sum.map((value) => (length > 0 ? value / length : 0)))
  }
  return new Search(table)
}

function assign(
  { length, dim, stride, matrix }: KeyedVectors,
  search: Search,
  classOf: Int32Array,
  first: number,
  onProgress: (done: number) => void,
): void {
  for (let begin = 0; begin < length; begin += stepWords) {
    const end = Math.min(begin + stepWords, length)
    // The search makes each vector a length of 1, which changes no dot product's place among the others.
    const best = search.bestRows(end - begin, (i, query) => {
      const from = (begin + i) * stride
      query.set(matrix.subarray(from, from + dim))
      return nothing
    })
    // A vector of zeros finds none.
    for (let i = begin; i < end; i++) classOf[i] = best[i - begin]! < 0 ? first : best[i - begin]!
    onProgress(end / length)
  }
}

const nothing: number[] = []

/** The first class with a direction; 0 if none has one. */
function firstWithDirection(search: Search, classes: number): number {
  for (let k = 0; k < classes; k++) if (search.inverseLength(k) > 0) return k
  return 0
}

function requireWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return
  throw new ConfigError('CLASSES_OPTION', {
    what: `${name} is ${value}`,
    why: 'it must be a whole number of 1 or more',
  })
}

function tooMany(classes: number, words: number): ConfigError {
  return new ConfigError('CLASSES_COUNT', {
    what: `${formatCount(classes)} classes were asked for, of ${formatCount(words)} words`,
    why: 'some would be empty from the start',
    mend: `ask for ${formatCount(words)} or fewer`,
  })
}

function requireDirection({ matrix, length, stride }: KeyedVectors): void {
  for (let i = 0; i < length * stride; i++) if (matrix[i] !== 0) return
  throw new InputError('VECTORS_ZERO', {
    what: 'all vectors are zero',
    why: 'classes are told apart by the directions of their vectors',
    mend: 'give the vectors of a training that has begun',
  })
}
