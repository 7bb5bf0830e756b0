import { type Cursor, type End, end, type MaybePromise, type Source, type StreamState } from './contract.ts'

/** What a stage answers when it gives nothing for an item, and wants the next. */
export const more: unique symbol = Symbol('millrace.more')

export type Step<T> = MaybePromise<T | End | typeof more>

/**
 * The loop that all stages share: pulls from `current`, hands the item to `react`, and goes on until that gives an
 * element. It is synchronous as long as everything is, and returns a promise where something has to be waited for.
 *
 * A stage may set `current` to another of its sources in `react` or `finish`. What a stage changes in `react`, it
 * changes so that it holds should `react` throw: the item at fault is passed.
 */
export abstract class Stage<In, Out> implements Cursor<Out> {
  protected current: Cursor<In>
  protected closed = false

  constructor(current: Cursor<In>) {
    this.current = current
  }

  /** What becomes of an item. */
  protected abstract react(item: In): Step<Out>

  /** What becomes of the end of `current`. */
  protected finish(): Step<Out> {
    return end
  }

  state(): StreamState {
    return this.current.state()
  }

  next(): MaybePromise<Out | End> {
    while (!this.closed) {
      const item = this.current.next()
      if (item instanceof Promise) return this.#waitForItem(item)
      const out = item === end ? this.finish() : this.react(item)
      if (out instanceof Promise) return this.#waitForOutput(out)
      if (out === more) continue
      if (out === end) this.close()
      return out
    }
    return end
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.closeSources()
  }

  protected closeSources(): void {
    this.current.close()
  }

  async #waitForItem(pending: Promise<In | End>): Promise<Out | End> {
    for (let item: In | End = await pending; !this.closed; ) {
      let out = item === end ? this.finish() : this.react(item)
      if (out instanceof Promise) out = await out
      if (out === end) break
      if (out !== more) return out
      const next = this.current.next()
      item = next instanceof Promise ? ((await next) as In | End) : next
    }
    this.close()
    return end
  }

  async #waitForOutput(pending: Promise<Out | End | typeof more>): Promise<Out | End> {
    const out = await pending
    if (out === end) this.close()
    return out === more ? this.next() : out
  }
}

/** Passes one element, without making it where the cursor can do that; false at the end. */
export function passOne(cursor: Cursor<unknown>): MaybePromise<boolean> {
  if (cursor.skip) return cursor.skip()
  const item = cursor.next()
  return item instanceof Promise ? item.then(isElement) : item !== end
}

/** A pass over no element. */
export const nothing: Cursor<never> = { next: () => end, state: () => null, close() {} }

/** Opens every source; should one refuse, those before it are closed again. */
export function openAll<T, C extends Cursor<unknown> | null>(
  sources: readonly Source<T>[],
  open: (source: Source<T>, index: number) => C,
): C[] {
  const cursors: C[] = []
  try {
    for (const [index, source] of sources.entries()) cursors.push(open(source, index))
  } catch (error) {
    for (const cursor of cursors) cursor?.close()
    throw error
  }
  return cursors
}

function isElement(item: unknown): boolean {
  return item !== end
}
