import { InputError } from '../core/errors.ts'
import { loadKernel } from '../runtime/wasm.ts'
import { AnalogySearch, ratioEpsilon } from './analogy-search.ts'
import { scratch, type VectorTable } from './table.ts'

/** kernels/search.ts */
interface SearchKernel {
  inverseLengths(matrix: number, rows: number, stride: number, out: number): void
  cosines(matrix: number, inverse: number, rows: number, stride: number, query: number, out: number): void
  bestRows(
    matrix: number,
    inverse: number,
    from: number,
    to: number,
    stride: number,
    queries: number,
    queryCount: number,
    excluded: number,
    best: number,
  ): void
}

/** A row and its cosine with the query. */
export interface Match {
  row: number
  score: number
}

/** Rows of one call of `bestRows`: a multiple of its 6, few enough to stay in the cache for all queries. */
const blockRows = 384

/** Cosine queries over a table of vectors. The table no longer changes. */
export class Search {
  readonly #table: VectorTable
  readonly #kernel: SearchKernel
  readonly #inverse: Float32Array
  readonly #queries: Float32Array
  readonly #excluded: Int32Array
  readonly #best: DataView
  readonly #scores: Float32Array
  #analogies: AnalogySearch | undefined

  /** throws  InputError if a vector holds a value that is not a finite number */
  constructor(table: VectorTable) {
    const { memory, offsets, stride, length } = table
    this.#table = table
    this.#kernel = loadKernel<SearchKernel>('search', memory)
    this.#inverse = new Float32Array(memory.buffer, offsets.inverse, length)
    this.#queries = new Float32Array(memory.buffer, offsets.queries, scratch.queries * stride)
    this.#excluded = new Int32Array(memory.buffer, offsets.excluded, scratch.queries * 4)
    this.#best = new DataView(memory.buffer, offsets.best, scratch.queries * 8)
    this.#scores = new Float32Array(memory.buffer, offsets.scores, scratch.rows)
    for (let row = 0; row < length; row += scratch.rows) {
      const rows = Math.min(scratch.rows, length - row)
      this.#kernel.inverseLengths(row * stride * 4, rows, stride, offsets.inverse + row * 4)
    }
    for (let row = 0; row < length; row++)
      if (!(this.#inverse[row]! > 0 && this.#inverse[row]! < Infinity))
        this.#inverse[row] = exactInverse(table, row)
  }

  /** 1 / length of a row; NaN for a row of zeros. */
  inverseLength(row: number): number {
    return this.#inverse[row]!
  }

  /**
   * The rows with the highest cosine with a query, best first; of equal ones the first row first.
   *
   * query     D numbers of any length
   * restrict  only the first so many rows
   */
  nearest(
    query: Float32Array | Float64Array,
    { count, restrict = this.#table.length, excluded = [] }: NearestOptions,
  ): Match[] {
    this.#setQuery(0, query)
    const { stride, offsets } = this.#table
    const found: Match[] = []
    let worst = -Infinity
    for (let begin = 0; begin < Math.min(restrict, this.#table.length); begin += scratch.rows) {
      const rows = Math.min(scratch.rows, restrict - begin, this.#table.length - begin)
      this.#kernel.cosines(
        begin * stride * 4,
        offsets.inverse + begin * 4,
        rows,
        stride,
        offsets.queries,
        offsets.scores,
      )
      for (let i = 0; i < rows; i++) {
        const score = this.#scores[i]!
        if (!(score > worst) || excluded.includes(begin + i)) continue
        insert(found, { row: begin + i, score }, count)
        if (found.length === count) worst = found[count - 1]!.score
      }
    }
    return found
  }

  /**
   * The best row of each of many queries: many at a time, each row read once for all of a batch.
   *
   * fill      writes query i, D numbers of any length, and returns up to 3 rows it must not find
   * restrict  only the first so many rows
   * out       rows, -1 where there is none
   */
  bestRows(
    count: number,
    fill: (query: number, target: Float64Array<ArrayBuffer>) => readonly number[],
    restrict = this.#table.length,
  ): Int32Array {
    const { stride, offsets } = this.#table
    const rows = Math.min(restrict, this.#table.length)
    const query = new Float64Array(this.#table.dim)
    const result = new Int32Array(count)
    for (let begin = 0; begin < count; begin += scratch.queries) {
      const batch = Math.min(scratch.queries, count - begin)
      for (let i = 0; i < batch; i++) {
        const excluded = fill(begin + i, query)
        this.#setQuery(i, query)
        for (let j = 0; j < 3; j++) this.#excluded[i * 4 + j] = excluded[j] ?? -1
      }
      // Of an odd batch the last pair's second query is what lies there, and its answer is not read.
      for (let i = 0; i < batch + (batch % 2); i++) {
        this.#best.setFloat32(i * 8, -Infinity, true)
        this.#best.setInt32(i * 8 + 4, -1, true)
      }
      for (let row = 0; row < rows; row += blockRows)
        this.#kernel.bestRows(
          0,
          offsets.inverse,
          row,
          Math.min(row + blockRows, rows),
          stride,
          offsets.queries,
          batch + (batch % 2),
          offsets.excluded,
          offsets.best,
        )
      for (let i = 0; i < batch; i++) result[begin + i] = this.#best.getInt32(i * 8 + 4, true)
    }
    return result
  }

  /** The best row of each of many analogies; see `AnalogySearch`. */
  get analogies(): AnalogySearch {
    this.#analogies ??= new AnalogySearch(this.#table, this.#inverse)
    return this.#analogies
  }

  /** The cosines of a row with the first so many rows, float32; NaN with a row of zeros. */
  cosinesOf(row: number, restrict = this.#table.length): Float32Array {
    const { stride, offsets } = this.#table
    const cosines = new Float32Array(Math.min(restrict, this.#table.length))
    this.#setQuery(0, this.#table.row(row))
    for (let begin = 0; begin < cosines.length; begin += scratch.rows) {
      const rows = Math.min(scratch.rows, cosines.length - begin)
      const inverse = offsets.inverse + begin * 4
      this.#kernel.cosines(begin * stride * 4, inverse, rows, stride, offsets.queries, offsets.scores)
      cosines.set(this.#scores.subarray(0, rows), begin)
    }
    return cosines
  }

  /**
   * As `nearest`, by 3CosMul: cos b · cos c / (cos a + epsilon), cosines brought to 0 … 1, in float32 as gensim's
   * `most_similar_cosmul`.
   *
   * rows  of a, b and c
   */
  nearestByRatio(
    [a, b, c]: readonly [number, number, number, ...number[]],
    { count, restrict, excluded = [] }: NearestOptions,
  ): Match[] {
    const [x, y, z] = [b, c, a].map((row) => this.cosinesOf(row, restrict)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    const shifted = (cosine: number) => Math.fround(1 + cosine) / 2
    const found: Match[] = []
    for (let row = 0; row < x.length; row++) {
      const above = Math.fround(shifted(x[row]!) * shifted(y[row]!))
      const score = Math.fround(above / Math.fround(shifted(z[row]!) + Math.fround(ratioEpsilon)))
      if (!(score > (found[count - 1]?.score ?? -Infinity)) || excluded.includes(row)) continue
      insert(found, { row, score }, count)
    }
    return found
  }

  #setQuery(place: number, query: Float32Array | Float64Array): void {
    const scale = 1 / Math.hypot(...query)
    const offset = place * this.#table.stride
    for (let i = 0; i < query.length; i++) this.#queries[offset + i] = query[i]! * scale
  }
}

export interface NearestOptions {
  count: number
  restrict?: number | undefined
  excluded?: readonly number[]
}

/** Puts a match in its place; keeps `count` of them. */
function insert(found: Match[], match: Match, count: number): void {
  let place = found.length
  while (place > 0 && found[place - 1]!.score < match.score) place--
  found.splice(place, 0, match)
  if (found.length > count) found.pop()
}

/** In float64, for rows whose squares leave the range of float32; NaN for a row of zeros. */
function exactInverse(table: VectorTable, row: number): number {
  const values = table.row(row)
  const bad = values.find((value) => !Number.isFinite(value))
  if (bad !== undefined) {
    throw new InputError('VECTORS_NOT_FINITE', {
      what: `the vector of ${JSON.stringify(table.words.word(row))} (row ${row + 1}) holds ${bad}`,
      why: 'no similarity can be computed with it; the training that made it has diverged',
      mend: 'train again with a lower learning rate',
    })
  }
  const length = Math.hypot(...values)
  return length > 0 ? 1 / length : Number.NaN
}
