import { pageBytes } from '../runtime/wasm.ts'
import type { ModelShape } from './layout.ts'

/** Of the largest memory that WASM has. */
export const memoryLimit = 65536 * 65536
/** Rows that go from one memory to another at a time. */
export const rowsAtOnce = 256
/** However small memories are to be in tests. */
const leastFarMemory = 2 ** 24

/** Where rows lie if the first memory has no room for them: row r is number ⌊r / `memories`⌋ of memory 1 + r mod `memories`. */
export interface FarLayout {
  memories: number
  /** Byte offsets, the same in each of them. */
  input: number
  output: number
  inputSquares: number
  outputSquares: number
  /** Of each thread, the same in each of these memories: a list of rows, and room for what stands in them. */
  lists: number[]
  staging: number[]
  /** The same in the first memory; and the slots that belong to the list. */
  hubLists: number[]
  hubSlots: number[]
  hubStaging: number[]
}

/** Deals rows to as many further memories as they need. */
export function layOutFar(
  { config, vocabulary, threads, memoryCap = memoryLimit }: ModelShape,
  rowBytes: number,
  parts: Record<string, number>,
) {
  const hasSquares = config.optimizer === 'adagrad'
  const wordBytes = (hasSquares ? 4 : 2) * rowBytes
  const buffers = threads * rowsAtOnce * (rowBytes + 4) + wordBytes + 2 * pageBytes
  const room = Math.max(Math.max(memoryCap, leastFarMemory) - buffers, 2 ** 20)
  const memories = Math.max(2, Math.ceil((vocabulary * wordBytes) / room))
  const each = new Regions(parts, memories)
  const matrix = (part: string) => each.add(part, Math.ceil(vocabulary / memories) * rowBytes)
  const perThread = (bytes: number) =>
    Array.from({ length: threads }, () => each.add('thread buffers', bytes))
  const layout = {
    memories,
    input: matrix('input vectors'),
    output: matrix('output vectors'),
    inputSquares: hasSquares ? matrix('optimizer state') : 0,
    outputSquares: hasSquares ? matrix('optimizer state') : 0,
    lists: perThread(rowsAtOnce * 4),
    staging: perThread(rowsAtOnce * rowBytes),
  }
  return { layout, end: each.end }
}

/** Regions of one memory, or of several that are alike, one behind the other; counted by what they are for. */
export class Regions {
  // Address 0 stays unused, so that a wrong pointer does no harm.
  end = 64
  readonly #parts: Record<string, number>
  readonly #memories: number

  constructor(parts: Record<string, number>, memories = 1) {
    this.#parts = parts
    this.#memories = memories
  }

  add(part: string, bytes: number): number {
    const begin = this.end
    this.end = Math.ceil((begin + bytes) / 64) * 64
    this.#parts[part] = (this.#parts[part] ?? 0) + this.#memories * (this.end - begin)
    return begin
  }
}
