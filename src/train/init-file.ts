import { assert } from '../core/errors.ts'
import { SafetensorsFile } from '../core/safetensors.ts'
import { Vocabulary } from '../corpus/index.ts'
import { WordTable } from '../vectors/index.ts'
import {
  type MatrixName,
  matrixNames,
  type SharedModel,
  type TrainConfig,
  writeRows,
} from '../word2vec/index.ts'

// N words of the file · V words that are trained · D vector width

/** Rows that are read at a time. */
const batchRows = 4096

/**
 * `init.safetensors` of a run folder: what the run began with. A file of vectors (N×D) with, of a run, the matrices
 * of its last checkpoint beside its input vectors: of the words that it trained, which are the first.
 */
export class InitFile {
  readonly path: string
  readonly dim: number
  /** Its N words and how often each was seen; 0 if it does not say. */
  readonly vocabulary: Vocabulary
  /** Length of its longest vector. */
  readonly longest: number
  /** Of a run: the loss that its output vectors are for. */
  readonly loss: string | undefined

  /** Undefined if there is none, or it is damaged, or a copy of something else. */
  static open(path: string, fingerprint: string): InitFile | undefined {
    try {
      const file = new SafetensorsFile(path)
      try {
        return file.metadata.init === fingerprint ? new InitFile(file) : undefined
      } finally {
        file.close()
      }
    } catch {
      return undefined
    }
  }

  private constructor(file: SafetensorsFile) {
    const [words, dim] = file.tensors.get('vectors')!.shape as [number, number]
    this.path = file.path
    this.dim = dim
    this.longest = Number(file.metadata.longest)
    this.loss = file.metadata.loss
    this.vocabulary = readWords(file, words)
  }

  /** For each of its N words, its row among the words that are trained; -1 for those that are kept as they are. */
  rowsIn(trained: Vocabulary): Int32Array {
    const table = new WordTable(trained.length)
    for (let i = 0; i < trained.length; i++) table.add(trained.bytes(i))
    const { vocabulary } = this
    return Int32Array.from({ length: vocabulary.length }, (_, i) => table.indexOf(vocabulary.bytes(i)))
  }

  /**
   * Enters its vectors in a new model, and of a run whatever more fits. Rows of a tree fit the same tree only.
   *
   * Returns the matrices that were entered.
   */
  fill(model: SharedModel, rows: Int32Array, trained: Vocabulary, { loss }: TrainConfig): MatrixName[] {
    const file = new SafetensorsFile(this.path)
    try {
      const outputsFit = this.loss === loss && (loss !== 'hs' || this.#isSameTree(file, rows, trained))
      const fitting = matrixNames(model).filter(
        (name) => name === 'input' || (file.tensors.has(name) && (outputsFit || !name.startsWith('output'))),
      )
      for (const name of fitting) {
        for (const { index, row } of rowsOf(file, name === 'input' ? 'vectors' : name)) {
          if (rows[index]! >= 0) writeRows(model, name, rows[index]!, row)
        }
      }
      return fitting
    } finally {
      file.close()
    }
  }

  /** The vectors that are kept as they are, in the file's order; each is valid until the next. */
  *kept(rows: Int32Array): Generator<Float32Array> {
    const file = new SafetensorsFile(this.path)
    try {
      for (const { index, row } of rowsOf(file, 'vectors')) {
        if (rows[index]! < 0) yield row
      }
    } finally {
      file.close()
    }
  }

  /** A tree is made from counts: it is the same if the words that were trained and their counts are. */
  #isSameTree(file: SafetensorsFile, rows: Int32Array, trained: Vocabulary): boolean {
    if (file.tensors.get('output')?.shape[0] !== trained.length) return false
    const { counts } = this.vocabulary
    return trained.counts.every((count, i) => rows[i] === i && counts[i] === count)
  }
}

/** The words that are trained, and behind them those that are kept as they are: all that a run's result holds. */
export function withKept(trained: Vocabulary, { vocabulary }: InitFile, rows: Int32Array): Vocabulary {
  let kept = 0
  let bytes = 0
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! >= 0) continue
    kept++
    bytes += vocabulary.bytes(i).length
  }
  const counts = new Float64Array(trained.length + kept)
  const offsets = new Uint32Array(counts.length + 1)
  const arena = new Uint8Array(trained.arena.length + bytes)
  counts.set(trained.counts)
  offsets.set(trained.offsets)
  arena.set(trained.arena)
  let word = trained.length
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! >= 0) continue
    counts[word] = vocabulary.counts[i]!
    arena.set(vocabulary.bytes(i), offsets[word]!)
    offsets[word + 1] = offsets[word]! + vocabulary.bytes(i).length
    word++
  }
  return new Vocabulary(counts, arena, offsets)
}

/** Rows of a tensor one by one, each valid until the next. */
function* rowsOf(file: SafetensorsFile, name: string): Generator<{ index: number; row: Float32Array }> {
  const [rows, dim] = file.tensors.get(name)!.shape as [number, number]
  const batch = new Float32Array(Math.min(batchRows, rows) * dim)
  for (let first = 0; first < rows; first += batchRows) {
    const count = Math.min(batchRows, rows - first)
    file.readInto(name, new Uint8Array(batch.buffer, 0, count * dim * 4), first * dim * 4)
    for (let i = 0; i < count; i++) {
      yield { index: first + i, row: batch.subarray(i * dim, (i + 1) * dim) }
    }
  }
}

/** Words are joined by line ends in the file; see vectors/safetensors.ts. */
function readWords(file: SafetensorsFile, count: number): Vocabulary {
  const joined = file.read('words')
  const offsets = new Uint32Array(count + 1)
  const arena = new Uint8Array(joined.length)
  let at = 0
  for (let i = 0, from = 0; i < count; i++) {
    const stop = joined.indexOf(10, from)
    const end = stop < 0 ? joined.length : stop
    arena.set(joined.subarray(from, end), at)
    at += end - from
    offsets[i + 1] = at
    from = end + 1
  }
  assert(at + count - 1 === joined.length, `${file.path} holds other words than vectors`)
  const counts = file.tensors.has('counts')
    ? Float64Array.from(new BigUint64Array(file.read('counts').buffer), Number)
    : new Float64Array(count)
  return new Vocabulary(counts, arena.subarray(0, at), offsets)
}
