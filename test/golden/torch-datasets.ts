// The datasets of scripts/golden-torch.py, in a module of their own so that worker threads find them.
import { getWorkerInfo, IterableDataset, MapDataset } from '../../src/loader/index.ts'

/** Worker w yields stride × w + i for i < lengths[w]. */
export class Lengths extends IterableDataset<number> {
  static module = import.meta.url
  lengths: number[]
  stride: number

  constructor(lengths: number[], stride: number) {
    super()
    this.lengths = lengths
    this.stride = stride
  }

  *[Symbol.iterator]() {
    const worker = getWorkerInfo()?.id ?? 0
    for (let i = 0; i < this.lengths[worker]!; i++) yield this.stride * worker + i
  }
}

/** 0 … length-1, unless a workerInit changed its data. */
export class Numbers extends IterableDataset<number> {
  static module = import.meta.url
  data: number[]

  constructor(length: number) {
    super()
    this.data = [...Array(length).keys()]
  }

  *[Symbol.iterator]() {
    yield* this.data
  }
}

/** Counts its passes on itself: 1000 × pass + 100 × worker + i. */
export class Passes extends IterableDataset<number> {
  static module = import.meta.url
  count: number
  passes = 0

  constructor(count: number) {
    super()
    this.count = count
  }

  *[Symbol.iterator]() {
    this.passes++
    const worker = getWorkerInfo()?.id ?? 0
    for (let i = 0; i < this.count; i++) yield 1000 * this.passes + 100 * worker + i
  }
}

/** Worker w yields 100 × w + i for i < lengths[w], but fails where i is failAt[w]. */
export class Failing extends IterableDataset<number> {
  static module = import.meta.url
  lengths: number[]
  failAt: (number | null)[]

  constructor(lengths: number[], failAt: (number | null)[]) {
    super()
    this.lengths = lengths
    this.failAt = failAt
  }

  *[Symbol.iterator]() {
    const worker = getWorkerInfo()?.id ?? 0
    for (let i = 0; i < this.lengths[worker]!; i++) {
      if (i === this.failAt[worker]) throw new Error(`no sample ${100 * worker + i}`)
      yield 100 * worker + i
    }
  }
}

/** Each worker's seed, once. */
export class Seeds extends IterableDataset<string> {
  static module = import.meta.url;

  *[Symbol.iterator]() {
    yield String(getWorkerInfo()!.seed)
  }
}

/** Sample i is 10 × i. */
export class Tens extends MapDataset<number> {
  static module = import.meta.url
  readonly length: number

  constructor(length: number) {
    super()
    this.length = length
  }

  get(index: number) {
    return 10 * index
  }
}

/** Sample i is 10 × i, but there is no sample failAt. */
export class FailingTens extends Tens {
  static override module = import.meta.url
  failAt: number

  constructor(length: number, failAt: number) {
    super(length)
    this.failAt = failAt
  }

  override get(index: number) {
    if (index === this.failAt) throw new Error(`no sample ${10 * index}`)
    return super.get(index)
  }
}

/** Sample i is the seed of the worker that made it. */
export class MapSeeds extends MapDataset<string> {
  static module = import.meta.url
  readonly length: number

  constructor(length: number) {
    super()
    this.length = length
  }

  get() {
    return String(getWorkerInfo()!.seed)
  }
}

/** The worker's part of the data, as in the documentation of torch's IterableDataset. */
export function splitData(worker: number) {
  const { dataset, numWorkers } = getWorkerInfo<Numbers>()!
  const share = Math.ceil(dataset.data.length / numWorkers)
  dataset.data = dataset.data.slice(worker * share, (worker + 1) * share)
}

export function failInWorker1(worker: number) {
  if (worker === 1) throw new Error('worker 1 cannot begin')
}
