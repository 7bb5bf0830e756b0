import { instantiate } from '../runtime/wasm.ts'
import { fields, type SharedModel, sentenceBreak, type TrainKernel } from './model.ts'

/** Word numbers that are thinned out in one call. */
const shortPiece = 4096

/** One thread's view of a model: its buffers, and the kernel's calls on them. */
export class KernelThread {
  readonly kernel: TrainKernel
  readonly #model: SharedModel
  readonly #view: DataView
  readonly #thread: number

  constructor(model: SharedModel, kernel: TrainKernel, thread: number) {
    this.#model = model
    this.kernel = kernel
    this.#thread = thread
    this.#view = new DataView(model.memories[0]!.buffer)
  }

  static load(model: SharedModel, thread: number): KernelThread {
    return new KernelThread(model, instantiate<TrainKernel>(model.module, model.memories[0]!), thread)
  }

  get #places() {
    return this.#model.layout.threads[this.#thread]!
  }

  /** Where a block's bytes are read to. */
  get rawBuffer(): Uint8Array {
    const { raw, prepared } = this.#places
    return new Uint8Array(this.#model.memories[0]!.buffer, raw, prepared - raw)
  }

  /** Puts a prepared text where the kernel can read it. */
  copyIn(text: Uint8Array): Uint8Array {
    const target = new Uint8Array(this.#model.memories[0]!.buffer, this.#places.prepared, text.length + 16)
    target.set(text)
    target.fill(0, text.length)
    return target.subarray(0, text.length)
  }

  /** The tokenizer `words`; null at a character that only the slow form knows. */
  lowerWords(text: Uint8Array): Uint8Array | null {
    const { prepared } = this.#places
    const written = this.kernel.lowerWords(text.byteOffset, text.length, prepared)
    return written < 0 ? null : new Uint8Array(this.#model.memories[0]!.buffer, prepared, written)
  }

  /** Seeds the random numbers of a block and sets the sums to nothing. */
  seed(seed: bigint): void {
    const { params } = this.#places
    this.#view.setBigUint64(params + fields.random, seed, true)
    this.#view.setBigUint64(params + fields.seed, seed, true)
    this.#view.setUint32(params + fields.place, 0, true)
    for (const field of [fields.loss, fields.pairs, fields.read, fields.centres])
      this.#view.setFloat64(params + field, 0, true)
    this.#view.setFloat64(params + fields.product, 1, true)
  }

  audit(
    text: Uint8Array,
    offset: number,
    maxWords: number,
  ): { records: number; words: number; hash: bigint } {
    const { counts } = this.#places
    const hash = this.kernel.auditRecords(text.byteOffset, text.length, BigInt(offset), maxWords, counts)
    return {
      records: this.#view.getUint32(counts, true),
      words: this.#view.getUint32(counts + 4, true),
      hash: BigInt.asUintN(64, hash),
    }
  }

  /** The numbers of a text's words, with breaks; valid until the next call. */
  tokenise(text: Uint8Array, maxSentence: number): Uint32Array {
    const { table } = this.#model.layout
    const { ids, lookups } = this.#places
    const count = this.kernel.tokenise(table, text.byteOffset, text.length, ids, maxSentence, lookups)
    return new Uint32Array(this.#model.memories[0]!.buffer, ids, count)
  }

  /**
   * Thins a block's words out by subsampling, where they are, and draws its noise words, for threads that share its
   * lanes. Returns how many are left, breaks among them; they begin at `keptPlace`.
   */
  subsample(ids: Uint32Array): number {
    const { params } = this.#places
    const first = ids.byteOffset
    let end = first
    new Uint32Array(ids.buffer, first - 4, 1)[0] = sentenceBreak
    // In pieces: the engine optimises what is called often.
    for (let from = 0; from < ids.length; from += shortPiece) {
      const count = Math.min(shortPiece, ids.length - from)
      end = this.kernel.subsample(params, first + 4 * from, count, end)
    }
    const kept = (end - first) / 4
    if (this.#places.pool !== 0) {
      for (let from = 0; from < kept; from += shortPiece) {
        this.kernel.drawPool(params, first + 4 * from, Math.min(shortPiece, kept - from), from)
      }
    }
    return kept
  }

  /** Copies the rows that all threads need all the time: `train` works on the copies, and is not to be called before. */
  copyHotRows(): void {
    this.kernel.copyHotRows(this.#places.params)
  }

  /** Adds to them what was learned on the copies, or a share of it: one by the number of threads at work. */
  mergeHotRows(share: number): void {
    this.kernel.mergeHotRows(this.#places.params, share)
  }

  /** Trains on whole sentences, `pieceWords` numbers at most, that lie in this thread's buffer. */
  train(ids: Uint32Array, learningRate: number): void {
    const { params } = this.#places
    this.kernel.train(params, ids.byteOffset, ids.length, learningRate)
  }

  /** Sums since `seed`: the loss in nats, the pairs of words it is over, the words and those that subsampling left. */
  sums(): { loss: number; pairs: number; words: number; centres: number } {
    const { params } = this.#places
    // Probabilities not yet in the loss are kept as a product.
    const product = this.#view.getFloat64(params + fields.product, true)
    return {
      loss: this.#view.getFloat64(params + fields.loss, true) - Math.log(product),
      pairs: this.#view.getFloat64(params + fields.pairs, true),
      words: this.#view.getFloat64(params + fields.read, true),
      centres: this.#view.getFloat64(params + fields.centres, true),
    }
  }
}

/**
 * Cuts word numbers into pieces of whole sentences, of `pieceWords` at most where sentences allow (a sentence is
 * 1000 words and a break at most, so a piece of 2000 always holds one).
 */
export function* pieces(ids: Uint32Array, pieceWords: number): Generator<Uint32Array> {
  for (let from = 0; from < ids.length; ) {
    let to = ids.length
    if (to - from > pieceWords) to = ids.lastIndexOf(sentenceBreak, from + pieceWords - 1) + 1
    yield ids.subarray(from, to)
    from = to
  }
}
