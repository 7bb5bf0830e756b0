// Datasets that are written in ways that cannot get to a worker, and one full of what can.
import { fromModule, IterableDataset, MapDataset } from '../../src/loader/index.ts'

export class Secretive extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 3
  #secret = 1

  get(index: number): number {
    return index + this.#secret++
  }
}

export class BelowSecretive extends Secretive {
  static override module = import.meta.url
}

export class SecretMethod extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 3

  get(index: number): number {
    return this.#twice(index)
  }

  #twice(index: number): number {
    return 2 * index
  }
}

export class SecretAccessor extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 3

  get #half(): number {
    return 0.5
  }

  get(index: number): number {
    return index * this.#half
  }
}

export class OneWay extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 3

  get(index: number): number {
    return index
  }

  toWorker(): unknown {
    return {}
  }
}

class Unexported extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 3

  get(index: number): number {
    return index
  }
}

export function makeUnexported(): MapDataset<number> {
  return new Unexported()
}

export const twice = fromModule(import.meta.url, function twice(value: number): number {
  return 2 * value
})

export interface Held {
  map: Map<string, number[]>
  set: Set<number>
  date: Date
  pattern: RegExp
  floats: Float32Array
  shared: SharedArrayBuffer
  inner: MapDataset<unknown>
  twice: (value: number) => number
}

/** Gives one sample: what its fields hold. */
export class Holder extends IterableDataset<string> {
  static module = import.meta.url
  held: Held

  constructor(held: Held) {
    super()
    this.held = held
  }

  *[Symbol.iterator](): Generator<string> {
    const { map, set, date, pattern, floats, shared, inner, twice } = this.held
    const matched = 'axxb'.replace(pattern, '').length
    yield [
      ...map.get('a')!,
      ...set,
      date.getTime(),
      floats[0],
      new Int32Array(shared)[0],
      inner.get(3),
      twice(5 + matched),
    ].join()
  }
}
