import { Random } from '../../src/core/random.ts'
import { pageBytes } from '../../src/runtime/wasm.ts'
import type { CompiledKernel, RoofKernel } from './compile.ts'
import { bestRate } from './peak.ts'

const listRows = 1 << 18
const callRows = 256

/**
 * How many rows of a model one core can read, change and write a second, if it does nothing else: rows drawn as
 * negative samples are, by count to the power of 0.75.
 *
 * counts  of the words, each a row of `dim` numbers
 */
export function rowRate(
  { module }: CompiledKernel,
  counts: readonly number[],
  dim: number,
  seconds = 0.9,
): number {
  const rowBytes = Math.ceil(dim / 16) * 64
  const list = counts.length * rowBytes
  const term = list + listRows * 4
  const memory = new WebAssembly.Memory({ initial: Math.ceil((term + 16) / pageBytes) })
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RoofKernel
  new Uint32Array(memory.buffer, list, listRows).set(drawWords(counts).map((word) => word * rowBytes))
  new Float32Array(memory.buffer, term, 4).fill(1e-3)
  let from = 0
  const call = () => {
    kernel.changeRows(list + from * 4, callRows, rowBytes, term)
    from = (from + callRows) % listRows
  }
  return bestRate(call, callRows, seconds)
}

function drawWords(counts: readonly number[]): Uint32Array {
  const random = new Random(1n)
  const below = new Float64Array(counts.length)
  let total = 0
  for (const [i, count] of counts.entries()) below[i] = total += count ** 0.75
  return Uint32Array.from({ length: listRows }, () => {
    const drawn = (random.below(2 ** 30) / 2 ** 30) * total
    // The first word whose sum is above what was drawn.
    let [low, high] = [0, counts.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (below[middle]! > drawn) high = middle
      else low = middle + 1
    }
    return low
  })
}
