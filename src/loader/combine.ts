// Datasets made of datasets, as torch.utils.data has them. They travel to workers with what they are made of.
import { ConfigError } from '../core/errors.ts'
import { from } from '../stream/from.ts'
import { type Streamable, sourceOf } from '../stream/source-of.ts'
import { Tensor, TextBatch } from './batch.ts'
import { datasetKind, type Indexed, IterableDataset, indexed, MapDataset } from './dataset.ts'
import { TorchRandom } from './torch-random.ts'

/** What can be asked for samples by their index. */
export type MapLike<T> = Indexed<T> | ArrayLike<T>

/**
 * Some samples of a map dataset, in the order of `indices`.
 *
 * throws  ConfigError if an index is not in the dataset
 */
export class Subset<T> extends MapDataset<T> {
  static module = import.meta.url
  readonly dataset: MapLike<T>
  readonly indices: ArrayLike<number>

  constructor(dataset: MapLike<T>, indices: ArrayLike<number>) {
    super()
    requireMap('Subset', dataset)
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!
      if (Number.isInteger(index) && index >= 0 && index < dataset.length) continue
      throw new ConfigError('DATASET_INDEX', {
        what: `Subset: index ${index} is not in the dataset, which has ${dataset.length} samples`,
        mend: `give whole numbers from 0 to ${dataset.length - 1}`,
      })
    }
    this.dataset = dataset
    this.indices = indices
  }

  get length(): number {
    return this.indices.length
  }

  get(index: number): T | Promise<T> {
    return indexed<T>(this.dataset).get(this.indices[index]!)
  }
}

/** Map datasets, one behind the other. */
export class ConcatDataset<T> extends MapDataset<T> {
  static module = import.meta.url
  readonly datasets: readonly MapLike<T>[]

  constructor(datasets: readonly MapLike<T>[]) {
    super()
    for (const dataset of datasets) requireMap('ConcatDataset', dataset)
    this.datasets = datasets
  }

  get length(): number {
    return this.datasets.reduce((sum, { length }) => sum + length, 0)
  }

  get(index: number): T | Promise<T> {
    let rest = index
    for (const dataset of this.datasets) {
      if (rest < dataset.length) return indexed<T>(dataset).get(rest)
      rest -= dataset.length
    }
    throw new RangeError(`index ${index} is not in the dataset, which has ${this.length} samples`)
  }
}

/** Iterable datasets, one after the other. */
export class ChainDataset<T> extends IterableDataset<T> {
  static module = import.meta.url
  readonly datasets: readonly Streamable<T>[]

  constructor(datasets: readonly Streamable<T>[]) {
    super()
    for (const dataset of datasets) sourceOf('ChainDataset', dataset)
    this.datasets = datasets
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (const dataset of this.datasets) yield* from(dataset)
  }
}

/**
 * Rows of several columns of one length, each a typed array, an array, a `TextBatch` or a `Tensor` (of which a row is
 * a part): sample i is `[columns[0] at i, columns[1] at i, …]`.
 */
export class TensorDataset<C extends readonly Column[]> extends MapDataset<Row<C>> {
  static module = import.meta.url
  readonly columns: C

  constructor(...columns: C) {
    super()
    const lengths = columns.map((column) => column.length)
    if (columns.length === 0 || lengths.some((length) => length !== lengths[0]))
      throw new ConfigError('DATASET_COLUMNS', {
        what: `TensorDataset was given columns of ${lengths.join(', ') || 'no'} rows`,
        why: 'a sample takes one row of each',
        mend: 'give columns of one length',
      })
    this.columns = columns
  }

  get length(): number {
    return this.columns[0]!.length
  }

  get(index: number): Row<C> {
    return this.columns.map((column) => column.at(index)) as Row<C>
  }

  toWorker(): unknown {
    return this.columns.map((column) => {
      if (column instanceof Tensor) return { kind: 'tensor', data: column.data, shape: column.shape }
      if (column instanceof TextBatch) return { kind: 'text', bytes: column.bytes, offsets: column.offsets }
      return { kind: 'list', list: column }
    })
  }

  static fromWorker(columns: any[]): TensorDataset<readonly Column[]> {
    return new TensorDataset(
      ...columns.map((column): Column => {
        if (column.kind === 'tensor') return new Tensor(column.data, column.shape)
        return column.kind === 'text' ? new TextBatch(column.bytes, column.offsets) : column.list
      }),
    )
  }
}

interface Column<T = any> {
  readonly length: number
  at(index: number): T
}
type Row<C extends readonly Column[]> = {
  -readonly [K in keyof C]: C[K] extends Column<infer T> ? Exclude<T, undefined> : never
}

/**
 * Parts of a map dataset, chosen at random: torch's `random_split` with a generator of that seed. `lengths` are numbers
 * of samples that add up to the dataset's, or fractions that add up to 1.
 *
 * throws  ConfigError if they add up to something else
 */
export function randomSplit<T>(
  dataset: MapLike<T>,
  lengths: readonly number[],
  { seed }: { seed: number | bigint },
): Subset<T>[] {
  requireMap('randomSplit', dataset)
  const counts = countsOf(dataset.length, lengths)
  const order = new TorchRandom(seed).permutation(dataset.length)
  let at = 0
  return counts.map((count) => new Subset(dataset, order.slice(at, (at += count))))
}

function countsOf(total: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0)
  const isFraction = Math.abs(sum - 1) < 1e-9 && lengths.every((length) => length >= 0 && length <= 1)
  if (isFraction && !(total === 1 && lengths.every(Number.isInteger))) {
    const counts = lengths.map((fraction) => Math.floor(total * fraction))
    const rest = total - counts.reduce((a, b) => a + b, 0)
    return counts.map((count, i) => count + (i < rest ? 1 : 0))
  }
  if (sum === total && lengths.every((length) => Number.isInteger(length) && length >= 0)) return [...lengths]
  throw new ConfigError('DATASET_SPLIT', {
    what: `randomSplit: lengths ${lengths.join(', ')} do not make up the dataset, which has ${total} samples`,
    mend: `give whole numbers that add up to ${total}, or fractions that add up to 1`,
  })
}

function requireMap(name: string, dataset: unknown): void {
  if (datasetKind(dataset) === 'map') return
  throw new ConfigError('DATASET_KIND', {
    what: `${name} was given an iterable dataset`,
    why: 'its samples cannot be asked for by their index',
    mend: 'give a MapDataset or an array; ChainDataset puts iterable ones one after the other',
  })
}
