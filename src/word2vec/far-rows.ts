import { instantiate } from '../runtime/wasm.ts'
import { type FarLayout, rowsAtOnce } from './far-layout.ts'
import { paramsBytes } from './layout.ts'
import { fields, type SharedModel, type TrainKernel } from './model.ts'

/** What the kernel lists: see kernels/lanes.ts. */
const lists = { all: 0, own: 1, shared: 2 }

/** One of the two matrices, as a lane knows it, and what stands beside each of its rows. */
interface Side {
  field: number
  /** Values, and with Adagrad their sums of squares: where they are in the memories behind the first, and in the first. */
  matrices: { far: number; hub: number }[]
}

/**
 * One thread's way to rows that the first memory has no room for. A lane works on copies of all rows it uses; they are
 * fetched by lists, and what was merged is stored by lists.
 */
export class FarRows {
  readonly #model: SharedModel
  readonly #far: FarLayout
  readonly #hub: TrainKernel
  readonly #kernels: TrainKernel[]
  readonly #thread: number
  readonly #view: DataView
  readonly #rows: Uint32Array
  readonly #slots: Uint32Array
  /** Slots in the order in which rows come: memory after memory. */
  readonly #order = new Uint32Array(rowsAtOnce)
  readonly #counts: number[]
  readonly #lists: Uint32Array[]
  readonly #staging: Uint8Array[]
  readonly #hubStaging: Uint8Array
  readonly #sides: Side[]

  constructor(model: SharedModel, far: FarLayout, hub: TrainKernel, thread: number) {
    const { memories, layout } = model
    const { buffer } = memories[0]!
    const away = memories.slice(1)
    const stagingBytes = rowsAtOnce * layout.rowBytes
    this.#model = model
    this.#far = far
    this.#hub = hub
    this.#thread = thread
    this.#kernels = away.map((memory) => instantiate<TrainKernel>(model.module, memory))
    this.#view = new DataView(buffer)
    this.#rows = new Uint32Array(buffer, far.hubLists[thread]!, rowsAtOnce)
    this.#slots = new Uint32Array(buffer, far.hubSlots[thread]!, rowsAtOnce)
    this.#counts = away.map(() => 0)
    this.#lists = away.map(({ buffer }) => new Uint32Array(buffer, far.lists[thread]!, rowsAtOnce))
    this.#staging = away.map(({ buffer }) => new Uint8Array(buffer, far.staging[thread]!, stagingBytes))
    this.#hubStaging = new Uint8Array(buffer, far.hubStaging[thread]!, stagingBytes)
    const side = (field: number, name: 'input' | 'output'): Side => {
      const squares = `${name}Squares` as const
      const matrices = [{ far: far[name], hub: layout[name] }]
      if (model.hasSquares) matrices.push({ far: far[squares], hub: layout[squares] })
      return { field, matrices }
    }
    this.#sides = [side(fields.inputSide, 'input'), side(fields.outputSide, 'output')]
  }

  /** Fetches the rows of a lane that was opened into its slots. */
  fetchLane(lane: number): void {
    const { rowBytes, lanes } = this.#model.layout
    for (const { field, matrices } of this.#sides) {
      const first = lanes[lane]![field === fields.inputSide ? 'inputs' : 'outputs'].first
      const used = this.#used(lane, field)
      for (let from = 0; from < used; from += rowsAtOnce) {
        const count = this.#list(lane, field, from, Math.min(from + rowsAtOnce, used), lists.all)
        for (const { far, hub } of matrices) {
          this.#fetch(far)
          this.#slots.set(this.#order.subarray(0, count))
          const slots = this.#far.hubSlots[this.#thread]!
          this.#hub.scatterRows(hub + first * rowBytes, rowBytes, slots, count, this.#hubStaging.byteOffset)
        }
      }
    }
  }

  /** Merges the rows that fall to a lane. */
  mergeLane(lane: number): void {
    for (const side of this.#sides) {
      const used = this.#used(lane, side.field)
      for (let from = 0; from < used; from += rowsAtOnce) {
        for (const which of [lists.own, lists.shared])
          this.#mergeSlots(lane, side, from, Math.min(from + rowsAtOnce, used), which)
      }
    }
  }

  #mergeSlots(lane: number, { field, matrices }: Side, from: number, to: number, which: number): void {
    const { rowBytes, lanes, copyPointers } = this.#model.layout
    const sides = lanes[0]!.params + field
    const pointers = copyPointers[this.#thread]!
    const count = this.#list(lane, field, from, to, which)
    if (count === 0) return
    for (const [i, { far }] of matrices.entries()) {
      // What only this lane had is as it left it.
      if (which === lists.shared) this.#fetch(far)
      for (let k = 0; k < count; k++) {
        const at = this.#hubStaging.byteOffset + k * rowBytes
        this.#hub.mergeFar(sides, paramsBytes, lane, this.#order[k]!, rowBytes, at, i > 0, pointers)
      }
      this.#store(far)
    }
  }

  /** Lists rows of a lane by the memories that they are in. Returns how many there are. */
  #list(lane: number, field: number, from: number, to: number, which: number): number {
    const { lanes } = this.#model.layout
    const sides = lanes[0]!.params + field
    const { byteOffset: rows } = this.#rows
    const { byteOffset: slots } = this.#slots
    const count = this.#hub.listSlots(sides, paramsBytes, lane, from, to, which, rows, slots)
    const { memories } = this.#far
    let placed = 0
    for (let memory = 0; memory < memories; memory++) {
      const list = this.#lists[memory]!
      let here = 0
      for (let k = 0; k < count; k++) {
        const row = this.#rows[k]!
        if (row % memories !== memory) continue
        list[here++] = (row - memory) / memories
        this.#order[placed++] = this.#slots[k]!
      }
      this.#counts[memory] = here
    }
    return count
  }

  /** Brings what stands in the listed rows of a matrix here, memory after memory. */
  #fetch(matrix: number): void {
    const { rowBytes } = this.#model.layout
    let at = 0
    for (const [memory, kernel] of this.#kernels.entries()) {
      const count = this.#counts[memory]!
      const staging = this.#staging[memory]!
      const list = this.#lists[memory]!.byteOffset
      kernel.gatherRows(matrix, rowBytes, list, count, staging.byteOffset)
      this.#hubStaging.set(staging.subarray(0, count * rowBytes), at)
      at += count * rowBytes
    }
  }

  /** Puts it back. */
  #store(matrix: number): void {
    const { rowBytes } = this.#model.layout
    let at = 0
    for (const [memory, kernel] of this.#kernels.entries()) {
      const count = this.#counts[memory]!
      const staging = this.#staging[memory]!
      const list = this.#lists[memory]!.byteOffset
      staging.set(this.#hubStaging.subarray(at, at + count * rowBytes))
      kernel.scatterRows(matrix, rowBytes, list, count, staging.byteOffset)
      at += count * rowBytes
    }
  }

  #used(lane: number, field: number): number {
    return this.#view.getUint32(this.#model.layout.lanes[lane]!.params + field + fields.used, true)
  }
}
