import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/**
 * Collects this thread's garbage, all of it; takes some ten milliseconds. Left to itself, the engine lets it grow for
 * hours by some kilobytes a second where little is allocated: a run's memory would not be flat.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
