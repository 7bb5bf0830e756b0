import { sentenceBreak } from './model.ts'
import {
  add,
  gradients,
  move,
  type NoisePool,
  noiseDraw,
  noiseWord,
  pathTargets,
  type ReferenceModel,
  type ReferenceSums,
  type Step,
  windowSteps,
} from './reference.ts'

// What kernels/lanes.ts does, in plain TypeScript.

/** How the kept words of a block are shared out. */
export interface LaneSharing {
  lanes: number
  /** Words of a lane at most. */
  words: number
  /** Noise words that the windows of a lane share, the last before its end. */
  pool: number
}

/**
 * Trains on a block in rounds: in each, every lane has as many of its words, and goes through their windows as if it were
 * alone, from the values that the last round left. Then each row becomes what the lanes that used it make of it.
 *
 * kept  of the block, as `keptWords` gives it
 */
export function trainLanes(
  model: ReferenceModel,
  kept: Uint32Array,
  rate: number,
  seed: bigint,
  { lanes, words, pool: size }: LaneSharing,
): Omit<ReferenceSums, 'centres'> {
  const sums = { loss: 0, pairs: 0 }
  const rounds = Math.ceil(kept.length / (lanes * words))
  const stretch = Math.ceil(kept.length / (lanes * rounds))
  for (let round = 0; round < rounds; round++) {
    const done = Array.from({ length: lanes }, (_, lane) => {
      const from = Math.min((round * lanes + lane) * stretch, kept.length)
      const to = Math.min(from + stretch, kept.length)
      const pool = { newest: to - 1, size }
      const copy = copyOf(model)
      const steps = Array.from({ length: to - from }, (_, i) => windowSteps(copy, kept, from + i, seed, pool))
      for (const step of steps.flat()) {
        const found = gradients(copy, step)
        add(sums, found)
        move(copy, step, found, rate)
      }
      return { copy, uses: usesOf(model, kept, from, to, steps.flat(), seed, pool) }
    })
    mergeMatrix(model, 'input', done)
    mergeMatrix(model, 'output', done)
  }
  return sums
}

/** What a lane made of the model, and how many times it used each row. */
interface LaneDone {
  copy: ReferenceModel
  uses: { input: Map<number, number>; output: Map<number, number> }
}

function copyOf(model: ReferenceModel): ReferenceModel {
  const { input, output, inputSquares, outputSquares } = model
  return {
    ...model,
    input: input.slice(),
    output: output.slice(),
    inputSquares: inputSquares?.slice(),
    outputSquares: outputSquares?.slice(),
  }
}

/** A lane uses its words and their neighbours, its words' targets, and all noise words that it may draw. */
function usesOf(
  model: ReferenceModel,
  kept: Uint32Array,
  from: number,
  to: number,
  steps: Step[],
  seed: bigint,
  pool: NoisePool,
): LaneDone['uses'] {
  const uses = { input: new Map<number, number>(), output: new Map<number, number>() }
  const use = (rows: Map<number, number>, row: number) => rows.set(row, (rows.get(row) ?? 0) + 1)
  if (from === to) return uses
  for (const word of kept.subarray(Math.max(0, from - model.window), to + model.window))
    if (word !== sentenceBreak) use(uses.input, word)
  const own = kept.subarray(from, to).filter((word) => word !== sentenceBreak)
  if (model.loss === 'hs') {
    for (const word of own) for (const { row } of pathTargets(model, word)) use(uses.output, row)
  } else if (model.model === 'skipgram' && model.negatives === 'per-pair') {
    for (const { row } of steps.flatMap(({ targets }) => targets)) use(uses.output, row)
  } else {
    for (const word of own) use(uses.output, word)
    for (let i = 0; i < pool.size; i++) use(uses.output, noiseWord(model, noiseDraw(seed, pool.newest - i)))
  }
  return uses
}

/**
 * A row that one lane used is what that one made of it. To one that several used is added what each learned; but of a row
 * that was used often each has learned nearly all there was, and all of it together would be too much: with n uses by L
 * lanes, each adds (1 + n/50L) / (1 + n/50) of it. Squares are sums, and simply add up.
 */
function mergeMatrix(model: ReferenceModel, name: 'input' | 'output', lanes: LaneDone[]): void {
  const rows = new Set(lanes.flatMap(({ uses }) => [...uses[name].keys()]))
  for (const row of rows) {
    const users = lanes.filter(({ uses }) => uses[name].has(row))
    const n = users.reduce((sum, { uses }) => sum + uses[name].get(row)!, 0)
    const share = (1 + n / 50 / users.length) / (1 + n / 50)
    mergeRow(model, name, row, users, users.length === 1 ? 1 : share)
    if (model.optimizer === 'adagrad') mergeRow(model, `${name}Squares`, row, users, 1)
  }
}

function mergeRow(
  model: ReferenceModel,
  name: 'input' | 'output' | 'inputSquares' | 'outputSquares',
  row: number,
  users: LaneDone[],
  share: number,
): void {
  const matrix = model[name]!
  for (let i = row * model.dim; i < (row + 1) * model.dim; i++) {
    const old = matrix[i]!
    const learned = users.reduce((sum, { copy }) => sum + copy[name]![i]! - old, 0)
    matrix[i] = old + share * learned
  }
}
