import assert from 'node:assert/strict'
import { type Cursor, end, type MaybePromise, type Source } from '../../src/stream/contract.ts'

export interface Faults {
  /** The place in each source whose element fails. */
  fault: number
  error: Error
  /** Spare the sources that are replayed on resume: these would fail there again. */
  onlySeekable?: boolean
}

/** The kinds of sources that a probe can make. */
export const sourceKinds = ['cursor', 'slow cursor', 'iterable', 'generator', 'async generator'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** Makes sources that note how they are used, and that fail where they are told to. */
export class Probe {
  readonly #faults: Faults | undefined
  /** One for each pass over a source. */
  readonly #passes: { kind: string; closed: number; needed: boolean }[] = []

  constructor(faults?: Faults) {
    this.#faults = faults
  }

  /** What `from` takes, with these items. */
  source<T>(
    kind: SourceKind,
    items: readonly T[],
  ): Source<T> | Iterable<T> | (() => Iterable<T> | AsyncIterable<T>) {
    if (kind === 'generator') return () => this.#generator(items)
    if (kind === 'async generator') return () => this.#asyncGenerator(items)
    if (kind === 'iterable') return { [Symbol.iterator]: () => this.#iterator(items) }
    return { open: (state) => this.#cursor(kind === 'slow cursor', items, (state as number) ?? 0) }
  }

  /** Every pass over every source was closed once. */
  async audit(at: string): Promise<void> {
    // An asynchronous generator ends when what it waits for has settled.
    for (let turn = 0; turn < 20 && this.#passes.some((pass) => pass.needed && pass.closed === 0); turn++)
      await new Promise(setImmediate)
    for (const { kind, closed, needed } of this.#passes)
      assert.equal(closed, needed ? 1 : 0, `a ${kind} was closed ${closed} times: ${at}`)
  }

  #cursor<T>(isSlow: boolean, items: readonly T[], index: number): Cursor<T> {
    const pass = { kind: 'cursor', closed: 0, needed: true }
    this.#passes.push(pass)
    const give = () => {
      if (index >= items.length) return end
      this.#meetFault(index++, false)
      return items[index - 1]!
    }
    return {
      next: (): MaybePromise<T | typeof end> => (isSlow ? Promise.resolve().then(give) : give()),
      state: () => index,
      close: () => {
        pass.closed++
      },
    }
  }

  #iterator<T>(items: readonly T[]): Iterator<T> {
    const pass = { kind: 'iterator', closed: 0, needed: true }
    this.#passes.push(pass)
    let index = 0
    return {
      next: () => {
        pass.needed = index < items.length
        if (!pass.needed) return { done: true, value: undefined }
        this.#meetFault(index)
        return { done: false, value: items[index++]! }
      },
      return: () => {
        pass.closed++
        return { done: true, value: undefined }
      },
    }
  }

  *#generator<T>(items: readonly T[]): Iterable<T> {
    const pass = { kind: 'generator', closed: 0, needed: true }
    this.#passes.push(pass)
    try {
      for (const [index, item] of items.entries()) {
        this.#meetFault(index)
        yield item
      }
    } finally {
      pass.closed++
    }
  }

  async *#asyncGenerator<T>(items: readonly T[]): AsyncIterable<T> {
    const pass = { kind: 'async generator', closed: 0, needed: true }
    this.#passes.push(pass)
    try {
      for (const [index, item] of items.entries()) {
        await null
        this.#meetFault(index)
        yield item
      }
    } finally {
      pass.closed++
    }
  }

  #meetFault(index: number, isReplayed = true): void {
    if (this.#faults?.fault !== index || (isReplayed && this.#faults.onlySeekable)) return
    throw this.#faults.error
  }
}
