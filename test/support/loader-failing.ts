// Datasets and functions that fail by throwing, each in its own way.
import { fromModule, getWorkerInfo, IterableDataset, MapDataset } from '../../src/loader/index.ts'
import { from, type Stream } from '../../src/stream/index.ts'

/** Sample i is i, but for some there are errors. */
export class Gaps extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 20
  gaps: number[]
  isAsync: boolean
  error: string

  constructor(gaps: number[], { isAsync = false, error = 'Error' } = {}) {
    super()
    this.gaps = gaps
    this.isAsync = isAsync
    this.error = error
  }

  get(index: number): number | Promise<number> {
    return this.isAsync ? this.later(index) : readSample(this, index)
  }

  async later(index: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, (index * 7) % 4))
    return readSample(this, index)
  }
}

function readSample({ gaps, error }: Gaps, index: number): number {
  if (!gaps.includes(index)) return index
  switch (error) {
    case 'TypeError':
      throw new TypeError(`no sample ${index}`)
    case 'string':
      throw 'just a string'
    case 'undefined':
      throw undefined
    case 'object':
      throw { index, why: 'an object' }
    case 'circular': {
      const circle: { self?: unknown } = {}
      circle.self = circle
      throw circle
    }
    case 'with cause':
      throw new Error(`no sample ${index}`, { cause: new RangeError('the disk said no') })
    case 'coded':
      throw Object.assign(new Error(`no sample ${index}`), { code: 'ENOENT' })
    case 'hostile':
      throw Object.defineProperty(new Error(`no sample ${index}`), 'cause', {
        get() {
          throw new Error('not even this')
        },
      })
    case 'long':
      throw new Error(`no sample ${index}${'…'.repeat(50_000)}`)
    default:
      throw new Error(`no sample ${index}`)
  }
}

/** An iterator, no generator, that fails at some samples and goes on behind them. */
export class Stumbling extends IterableDataset<number> {
  static module = import.meta.url
  gaps: number[]
  asks: boolean

  constructor(gaps: number[], asks = false) {
    super()
    this.gaps = gaps
    this.asks = asks
  }

  [Symbol.iterator](): Iterator<number> {
    const lane = this.asks ? getWorkerInfo()!.id : 0
    const { gaps } = this
    let id = 0
    return {
      next() {
        const at = id++
        if (gaps.includes(at)) throw new Error(`no sample ${at} of ${lane}`)
        return at < 12 ? { done: false, value: 100 * lane + at } : { done: true, value: undefined }
      },
    }
  }
}

/** A generator that fails at a sample, and is over. */
export class Breaking extends IterableDataset<number> {
  static module = import.meta.url
  at: number

  constructor(at: number) {
    super()
    this.at = at
  }

  *[Symbol.iterator](): Generator<number> {
    for (let id = 0; id < 12; id++) {
      if (id === this.at) throw new Error(`no sample ${id}`)
      yield id
    }
  }
}

const always = new Error('the same error')

export const sameError = fromModule(import.meta.url, function sameError(): Stream<number> {
  return from(Array.from({ length: 12 }, (_, id) => id)).map((id) => {
    if (id % 3 === 0) throw always
    return id
  })
})

export const sameString = fromModule(import.meta.url, function sameString(): Stream<number> {
  return from(Array.from({ length: 12 }, (_, id) => id)).map((id) => {
    if (id % 3 === 0) throw 'the same string'
    return id
  })
})

export const failsToBegin = fromModule(import.meta.url, function failsToBegin(): Iterable<number> {
  throw new Error('nothing to begin with')
})

export const failsToBeginLater = fromModule(import.meta.url, (): any =>
  Promise.reject(new Error('nothing, later')),
)

export const noIterable = fromModule(import.meta.url, function noIterable(): any {
  return 7
})

export function failInit(lane: number): void {
  if (lane === 1) throw new Error('lane 1 cannot begin')
}

export async function failInitLater(lane: number): Promise<void> {
  await null
  failInit(lane)
}

export function failCollate(samples: number[]): number[] {
  if (samples.includes(6)) throw new Error('will not collate 6')
  return samples
}

export async function failCollateLater(samples: number[]): Promise<number[]> {
  await null
  return failCollate(samples)
}

export function collateToFunction(): unknown {
  return { ids: [1, 2], then_: () => 1 }
}

export class Handle {
  fd = 7
  read(): number {
    return this.fd
  }
}

export function collateToInstance(): unknown {
  return new Handle()
}

export function collateToSymbol(): unknown {
  return Symbol('batch')
}

export function collateToCircle(): unknown {
  const circle: unknown[] = []
  circle.push(circle)
  return circle
}

export function collateToNothing(): unknown {
  return undefined
}

/** A record of so many bytes at sample 5. */
export class Large extends MapDataset<string> {
  static module = import.meta.url
  readonly length = 8
  bytes: number

  constructor(bytes: number) {
    super()
    this.bytes = bytes
  }

  get(index: number): string {
    return index === 5 ? 'x'.repeat(this.bytes) : `${index}`
  }
}

/** Its cursor's state is large. */
export class LargeState extends IterableDataset<number> {
  static module = import.meta.url
  bytes: number

  constructor(bytes: number) {
    super()
    this.bytes = bytes
  }

  override open(): any {
    const { bytes } = this
    let id = 0
    return {
      next: () => (id < 10 ? id++ : Symbol.for('millrace.end')),
      state: () => ({ id, padding: 'x'.repeat(bytes) }),
      close: () => {},
    }
  }
}
