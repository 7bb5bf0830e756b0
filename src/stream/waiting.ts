import type { MaybePromise } from './contract.ts'

/** Whether a value of the user's has to be waited for. Between cursors `instanceof Promise` is enough. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return value instanceof Promise || typeof (value as { then?: unknown }).then === 'function'
}

/** A value of the user's as cursors pass it on: itself, or a true promise. */
export function settled<T>(value: T | PromiseLike<T>): MaybePromise<T> {
  return isThenable(value) && !(value instanceof Promise)
    ? Promise.resolve(value)
    : (value as MaybePromise<T>)
}

/** `next(value)`, at once where there is nothing to wait for. */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Repeats `step` until it gives false: at once while the steps are, and in constant memory where they are not. */
export function repeatWhile(step: () => MaybePromise<boolean>): MaybePromise<void> {
  for (;;) {
    const again = step()
    if (again instanceof Promise) return waitWhile(again, step)
    if (!again) return
  }
}

async function waitWhile(again: MaybePromise<boolean>, step: () => MaybePromise<boolean>): Promise<void> {
  while (await again) again = step()
}

export function ignore(): void {}

/** Tells of an error that came while a source was closed: nobody waits for it, and the other sources must be closed too. */
export function warnOfClose(error: unknown): void {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`a source failed while it was closed: ${reason}`, 'MillraceWarning')
}
