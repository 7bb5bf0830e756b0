import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a thread's time went, in seconds: WASM by the function that called it, and all else together. */
export interface ThreadTime {
  kernels: Record<string, number>
  /** JavaScript, the engine and the system; without waiting. */
  other: number
}

/** A `.cpuprofile`, as V8 writes it. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[]
  samples: number[]
  /** Microseconds before each sample. */
  timeDeltas: number[]
}

/** Of the profiles in a folder, one a thread, that of the thread that was most in WASM; null without profiles. */
export function busiestThread(folder: string): ThreadTime | null {
  const threads = globSync('*.cpuprofile', { cwd: folder }).map((name) =>
    threadTime(JSON.parse(readFileSync(join(folder, name), 'utf8'))),
  )
  const total = ({ kernels }: ThreadTime) => Object.values(kernels).reduce((sum, value) => sum + value, 0)
  return threads.sort((a, b) => total(b) - total(a))[0] ?? null
}

export function threadTime({ nodes, samples, timeDeltas }: Profile): ThreadTime {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const isWasm = (id: number) => byId.get(id)!.callFrame.url.startsWith('wasm:')
  const callerOf = (id: number): string => {
    // Between WASM and who called it may stand the engine's own `js-to-wasm`, which has no address.
    let at: number | undefined = id
    while (at !== undefined && (isWasm(at) || byId.get(at)!.callFrame.url === '')) at = parents.get(at)
    return at === undefined ? '(unknown)' : byId.get(at)!.callFrame.functionName
  }
  const time: ThreadTime = { kernels: {}, other: 0 }
  for (const [i, id] of samples.entries()) {
    const seconds = timeDeltas[i]! / 1e6
    if (isWasm(id)) {
      const caller = callerOf(id)
      time.kernels[caller] = (time.kernels[caller] ?? 0) + seconds
    } else if (byId.get(id)!.callFrame.functionName !== '(idle)') time.other += seconds
  }
  return time
}
