// Datasets that worker threads find by this module: one for each way of being read and shared, and with troubles to
// meet at given samples.
import { fromModule, getWorkerInfo, IterableDataset, MapDataset } from '../../src/loader/index.ts'
import { type Cursor, end, from, type Stream } from '../../src/stream/index.ts'
import { meet, type Trouble } from './loader-troubles.ts'

/** What samples are: small and large, so that a ring wraps at every place. */
export const shapes = ['number', 'text', 'record', 'vector'] as const
export type Shape = (typeof shapes)[number]

/** Sample `id` of every dataset here. */
export function sampleOf(shape: Shape, id: number): unknown {
  if (shape === 'number') return id
  const text = `${id}:${'ä—x'.repeat((id * 7919) % 97)}`
  if (shape === 'text') return text
  return shape === 'record' ? { id, text } : Float32Array.of(id, -id, id / 2)
}

/** How often iterators were opened and closed, and elements pulled, in all threads together. */
export class Tally {
  readonly memory = new SharedArrayBuffer(12)

  get opened(): number {
    return new Int32Array(this.memory)[0]!
  }
  get closed(): number {
    return new Int32Array(this.memory)[1]!
  }
  get pulled(): number {
    return new Int32Array(this.memory)[2]!
  }
}

function count(tally: SharedArrayBuffer | undefined, what: 'opened' | 'closed' | 'pulled'): void {
  if (tally) Atomics.add(new Int32Array(tally), ['opened', 'closed', 'pulled'].indexOf(what), 1)
}

export interface Contents {
  shape: Shape
  count: number
  trouble?: Trouble | undefined
  /** A `Tally`'s memory. */
  tally?: SharedArrayBuffer | undefined
}

/** Each lane passes over all and keeps its own: nothing here knows of lanes. */
export class Plain extends IterableDataset<unknown> {
  static module = import.meta.url
  shape: Shape
  trouble: Trouble | undefined
  tally: SharedArrayBuffer | undefined
  from = 0
  to: number

  constructor({ shape, count, trouble, tally }: Contents) {
    super()
    this.shape = shape
    this.to = count
    this.trouble = trouble
    this.tally = tally
  }

  [Symbol.iterator](): Iterator<unknown> {
    meet(this.trouble, 'opening', 0)
    return this.samples(this.from, this.to)
  }

  *samples(from: number, to: number): Generator<unknown, void> {
    count(this.tally, 'opened')
    try {
      for (let id = from; id < to; id++) {
        meet(this.trouble, 'next', id)
        count(this.tally, 'pulled')
        yield sampleOf(this.shape, id)
      }
    } finally {
      count(this.tally, 'closed')
    }
  }
}

/** Waits for some of its samples. */
export class Slow extends IterableDataset<unknown> {
  static module = import.meta.url
  contents: Contents

  constructor(contents: Contents) {
    super()
    this.contents = contents
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    const { shape, count: total, trouble, tally } = this.contents
    meet(trouble, 'opening', 0)
    count(tally, 'opened')
    try {
      for (let id = 0; id < total; id++) {
        if (id % 5 === 0) await new Promise(setImmediate)
        meet(trouble, 'next', id)
        count(tally, 'pulled')
        yield sampleOf(shape, id)
      }
    } finally {
      count(tally, 'closed')
    }
  }
}

/** The range of a lane, where lanes have ranges. */
export function rangeOf(total: number, lane: number, lanes: number): [from: number, to: number] {
  return [Math.floor((total * lane) / lanes), Math.floor((total * (lane + 1)) / lanes)]
}

/** Gives each lane its range when asked for it. */
export class Sharded extends Plain {
  static override module = import.meta.url

  override shard(lane: number, lanes: number): Iterable<unknown> {
    const range = rangeOf(this.to, lane, lanes)
    return { [Symbol.iterator]: () => this.samples(...range) }
  }
}

/** Takes its range by asking who it works for, as in PyTorch's documentation. */
export class ByInfo extends Plain {
  static override module = import.meta.url

  override *[Symbol.iterator](): Generator<unknown, void> {
    const info = getWorkerInfo()
    yield* this.samples(...rangeOf(this.to, info?.id ?? 0, info?.numWorkers ?? 1))
  }
}

/** For `workerInit`: gives the lane's copy of a `Plain` its range. */
export function takeRange(lane: number): void {
  const { dataset, numWorkers } = getWorkerInfo<Plain>()!
  meet(dataset.trouble, 'workerInit', lane)
  const [from, to] = rangeOf(dataset.to, lane, numWorkers)
  dataset.from = from
  dataset.to = to
}

/** Goes to any place by itself. */
export class Seekable extends IterableDataset<unknown> {
  static module = import.meta.url
  contents: Contents

  constructor(contents: Contents) {
    super()
    this.contents = contents
  }

  override open(state?: unknown): Cursor<unknown> {
    const { shape, count: total, trouble, tally } = this.contents
    let id = (state as { id: number } | undefined)?.id ?? 0
    count(tally, 'opened')
    return {
      next() {
        if (id >= total) return end
        const at = id++ // One that fails has been passed.
        meet(trouble, 'next', at)
        count(tally, 'pulled')
        return sampleOf(shape, at)
      },
      skip: () => id++ < total,
      state: () => ({ id }),
      close: () => count(tally, 'closed'),
    }
  }
}

/** Asked by index; `isAsync` makes it wait for every other sample. */
export class Indexed extends MapDataset<unknown> {
  static module = import.meta.url
  readonly length: number
  shape: Shape
  trouble: Trouble | undefined
  isAsync: boolean

  constructor({ shape, count, trouble }: Contents, isAsync = false) {
    super()
    this.length = count
    this.shape = shape
    this.trouble = trouble
    this.isAsync = isAsync
  }

  get(index: number): unknown {
    if (this.isAsync && index % 2 === 1) return this.#later(index)
    meet(this.trouble, 'get', index)
    return sampleOf(this.shape, index)
  }

  toWorker(): unknown {
    return { ...this }
  }

  static fromWorker(fields: object): Indexed {
    return Object.assign(new Indexed({ shape: 'number', count: 0 }), fields)
  }

  async #later(index: number): Promise<unknown> {
    await new Promise(setImmediate)
    meet(this.trouble, 'get', index)
    return sampleOf(this.shape, index)
  }
}

/** 1 … 97, shuffled in windows, in another order each pass. */
export const shuffledStream = fromModule(import.meta.url, function shuffledStream(): Stream<number> {
  return from(Array.from({ length: 97 }, (_, id) => id))
    .shuffle({ window: 16, seed: 5 })
    .map((id) => id + 1)
})

/** A generator function, which each lane calls for itself. */
export const generated = fromModule(import.meta.url, function* generated(): Generator<number> {
  for (let id = 0; id < 41; id++) yield id
})

/** Meets the dataset's troubles in `collate`, at the first sample of a batch. */
export function troubledCollate(samples: unknown[]): unknown {
  const dataset = getWorkerInfo()!.dataset as Contents & { contents?: Contents }
  meet((dataset.contents ?? dataset).trouble, 'collate', samples[0] as number)
  return Float64Array.from(samples as number[])
}

/** Takes a while to say what each lane reads. */
export class LateOpening extends Plain {
  static override module = import.meta.url

  override shard(): any {
    return new Promise((resolve) => {
      const shard = { [Symbol.iterator]: () => this.samples(this.from, this.to) }
      setTimeout(() => resolve(shard), 300)
    })
  }
}

/** Its first sample is waited for for ever. */
export class NeverThere extends IterableDataset<number> {
  static module = import.meta.url;

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return { next: () => new Promise(() => {}) }
  }
}

/** There is no sample 1, and sample 3 ends its thread. */
export class ThrowsThenDies extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 10

  get(index: number): number {
    if (index === 1) throw new Error('no sample 1')
    if (index === 3) process.exit(9)
    return index
  }
}

/** Asked for all together, sample 6 ends its thread before any other has come. */
export class DiesFirst extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 12

  async get(index: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, index === 6 ? 1 : 20))
    if (index === 6) process.exit(9)
    return index
  }
}
