// The inputs of a job times its targets: their dot products.
// src/word2vec/reference.ts has the same mathematics in plain TypeScript.
//
// Written for speed, and measured:
// - 2 inputs × 6 targets are held in registers, and summed by a transposition; rows are whole pairs of vectors.
import {
  CBOW,
  CONTEXT_ROWS,
  FROZEN_BIT,
  HOT_COPIES,
  HOT_COUNT,
  HOT_INPUTS,
  HOT_FIRST,
  INPUT,
  JOB_CONTEXTS,
  JOB_GROUPS,
  JOB_TARGETS,
  MODE,
  OUTPUT,
  SCRATCH,
  SUM_INPUT,
  TARGET_ROWS,
  WORDS,
} from './layout'
import { dots2Wide } from './wide'

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/**
 * Stores two neighbouring vectors, the second first: of a pair of such stores, and of all that leads to them for both
 * alike, an engine that widens makes operations of 256 bits (see wide.ts).
 */
@inline
export function storePair(at: usize, a: v128, b: v128): void {
  v128.store(at, b, 16)
  v128.store(at, a)
}

/** Brings a row into this core's cache, to be written: see `fetchRows` in train.ts. */
@inline
export function fetch(row: usize, bytes: usize): void {
  for (let b: usize = 0; b < bytes; b += 64) store<u32>(row + b, load<u32>(row + b))
}

/** How many rows are multiplied with the targets: the contexts, or cbow's one. */
@inline
export function inputsOf(params: usize, job: usize): u32 {
  return load<u32>(params, MODE) & CBOW ? 1 : load<u32>(job, JOB_CONTEXTS)
}

/** Bytes of the dot products, and gradients, of one group of six targets: six for each input, and room for two more. */
@inline
export function groupBytesOf(inputs: u32): usize {
  return <usize>inputs * 24 + 8
}

/** Dot products, rows being `bytes` wide. `hidden` is the row that a window of cbow is made into; it is filled. */
export function dotsJob(params: usize, bytes: usize, job: usize, hidden: usize, out: usize): void {
  const input = load<usize>(params, INPUT)
  const output = load<usize>(params, OUTPUT)
  const contextRows = job + load<usize>(params, CONTEXT_ROWS)
  let targetRows = job + load<usize>(params, TARGET_ROWS)
  const hotFirst = load<u32>(params, HOT_FIRST)
  const hotCount = load<u32>(params, HOT_COUNT)
  const hot = hotCopies(params, hotFirst, bytes)
  const hotInput = hotInputs(params, input)
  const scratch = load<usize>(params, SCRATCH)
  const isCbow = (load<u32>(params, MODE) & CBOW) != 0
  const inputs: u32 = isCbow ? 1 : load<u32>(job, JOB_CONTEXTS)
  const groups = load<u32>(job, JOB_GROUPS)
  if (isCbow) gather(params, job, bytes, hidden)
  for (let g: u32 = 0; g < groups; g++) {
    // A last group of three at most takes half as long; the lanes of the others are zero.
    if (groups > 1 && g + 1 == groups && load<u32>(job, JOB_TARGETS) <= 6 * g + 3) {
      dotsThree(
        targetRows, output, hot, hotFirst, hotCount, input, hotInput, contextRows, hidden, isCbow, inputs, bytes, out, scratch,
      )
    } else {
      dotsGroup(
        targetRows, output, hot, hotFirst, hotCount, input, hotInput, contextRows, hidden, isCbow, inputs, bytes, out, scratch,
        false,
      )
    }
    out += groupBytesOf(inputs)
    targetRows += 24
  }
}

/** All inputs by six targets, or by the first three. `hidden` is cbow's row. */
@inline
function dotsGroup(
  targetRows: usize, output: usize, hot: usize, hotFirst: u32, hotCount: u32, input: usize, hotInput: usize,
  contextRows: usize, hidden: usize, isCbow: bool, inputs: u32, bytes: usize, out: usize, scratch: usize, isHalf: bool,
): void {
  const t0 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows), bytes)
  const t1 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 4), bytes)
  const t2 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 8), bytes)
  const t3 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 12), bytes)
  const t4 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 16), bytes)
  const t5 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 20), bytes)
  let c: u32 = 0
  for (; c + 2 <= inputs; c += 2) {
    const place = contextRows + (<usize>c << 2)
    const x0 = contextRow(input, hotInput, hotCount, place, bytes)
    const x1 = contextRow(input, hotInput, hotCount, place + 4, bytes)
    dots2(x0, x1, t0, t1, t2, t3, t4, t5, bytes, out, isHalf, scratch)
    out += 48
  }
  if (c < inputs) {
    const x0 = isCbow ? hidden : contextRow(input, hotInput, hotCount, contextRows + (<usize>c << 2), bytes)
    dots1(x0, t0, t1, t2, t3, t4, t5, bytes, out, isHalf, scratch)
  }
}

/** A function of its own: in the one above it would make the other loops slower. */
function dotsThree(
  targetRows: usize, output: usize, hot: usize, hotFirst: u32, hotCount: u32, input: usize, hotInput: usize,
  contextRows: usize, hidden: usize, isCbow: bool, inputs: u32, bytes: usize, out: usize, scratch: usize,
): void {
  dotsGroup(
    targetRows, output, hot, hotFirst, hotCount, input, hotInput, contextRows, hidden, isCbow, inputs, bytes, out, scratch,
    true,
  )
}

/** A target's row: this thread's own copy, or the one that all share. */
@inline
export function targetRow(output: usize, hot: usize, hotFirst: u32, hotCount: u32, row: u32, bytes: usize): usize {
  return (row - hotFirst < hotCount ? hot : output) + <usize>row * bytes
}

/** Where row 0 would be, if all rows had copies. */
@inline
export function hotCopies(params: usize, hotFirst: u32, bytes: usize): usize {
  return load<usize>(params, HOT_COPIES) - <usize>hotFirst * bytes
}

/** Where copies of input rows are, or the rows if they have none. */
@inline
export function hotInputs(params: usize, input: usize): usize {
  const copies = load<usize>(params, HOT_INPUTS)
  return copies == 0 ? input : copies
}

/** The mean, or the sum, of the contexts: four of them at a time, the last with the division. */
function gather(params: usize, job: usize, bytes: usize, to: usize): void {
  const contexts = load<u32>(job, JOB_CONTEXTS)
  const input = load<usize>(params, INPUT)
  const hot = hotInputs(params, input)
  const hotCount = load<u32>(params, HOT_COUNT)
  let place = job + load<usize>(params, CONTEXT_ROWS)
  const one = f32x4.splat(1)
  const share = load<u32>(params, MODE) & SUM_INPUT ? one : f32x4.splat(1 / <f32>contexts)
  let sum = input + <usize>load<u32>(params, WORDS) * bytes // the zero row, then what there is
  let left = contexts
  for (; left >= 4; left -= 4) {
    const x0 = contextRow(input, hot, hotCount, place, bytes)
    const x1 = contextRow(input, hot, hotCount, place + 4, bytes)
    const x2 = contextRow(input, hot, hotCount, place + 8, bytes)
    const x3 = contextRow(input, hot, hotCount, place + 12, bytes)
    const factor = left == 4 ? share : one
    for (let d: usize = 0; d < bytes; d += 32) {
      const a = f32x4.add(v128.load(x0 + d), v128.load(x1 + d))
      const b = f32x4.add(v128.load(x0 + d, 16), v128.load(x1 + d, 16))
      const allA = f32x4.add(f32x4.add(v128.load(sum + d), a), f32x4.add(v128.load(x2 + d), v128.load(x3 + d)))
      const allB = f32x4.add(f32x4.add(v128.load(sum + d, 16), b), f32x4.add(v128.load(x2 + d, 16), v128.load(x3 + d, 16)))
      storePair(to + d, f32x4.mul(allA, factor), f32x4.mul(allB, factor))
    }
    sum = to
    place += 16
  }
  if (left >= 2) {
    const x0 = contextRow(input, hot, hotCount, place, bytes)
    const x1 = contextRow(input, hot, hotCount, place + 4, bytes)
    const factor = left == 2 ? share : one
    for (let d: usize = 0; d < bytes; d += 32) {
      const a = f32x4.add(v128.load(sum + d), f32x4.add(v128.load(x0 + d), v128.load(x1 + d)))
      const b = f32x4.add(v128.load(sum + d, 16), f32x4.add(v128.load(x0 + d, 16), v128.load(x1 + d, 16)))
      storePair(to + d, f32x4.mul(a, factor), f32x4.mul(b, factor))
    }
    sum = to
    place += 8
  }
  if (left & 1) {
    const x = contextRow(input, hot, hotCount, place, bytes)
    for (let d: usize = 0; d < bytes; d += 32) {
      const a = f32x4.add(v128.load(sum + d), v128.load(x + d))
      const b = f32x4.add(v128.load(sum + d, 16), v128.load(x + d, 16))
      storePair(to + d, f32x4.mul(a, share), f32x4.mul(b, share))
    }
  }
}

/** The input row of a context in a job: this thread's own copy, or the one that all share. */
@inline
export function contextRow(input: usize, hot: usize, hotCount: u32, place: usize, bytes: usize): usize {
  const row = load<u32>(place) & ~FROZEN_BIT
  return (row < hotCount ? hot : input) + <usize>row * bytes
}

/** The sums over the four lanes of each of four vectors. */
@inline
export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}

/**
 * Two inputs by six targets, or by the first three. Every second vector of a row is added up apart, and the two sums are
 * added last: so wide.ts, which has both at once, gives the same bits.
 */
@inline
function dots2(
  x0: usize, x1: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize,
  bytes: usize, out: usize, isHalf: bool, scratch: usize,
): void {
  if (WIDE) {
    dots2Wide(x0, x1, t0, t1, t2, t3, t4, t5, bytes, out, isHalf, scratch)
    return
  }
  let y0 = f32x4.splat(0)
  let y1 = y0, y2 = y0
  for (let from: usize = 0; from < 32; from += 16) {
    let a0 = f32x4.splat(0)
    let a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0
    let b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0
    for (let d = from; d < bytes; d += 32) {
      const a = v128.load(x0 + d)
      const b = v128.load(x1 + d)
      let t = v128.load(t0 + d)
      a0 = madd(a, t, a0)
      b0 = madd(b, t, b0)
      t = v128.load(t1 + d)
      a1 = madd(a, t, a1)
      b1 = madd(b, t, b1)
      t = v128.load(t2 + d)
      a2 = madd(a, t, a2)
      b2 = madd(b, t, b2)
      if (isHalf) continue
      t = v128.load(t3 + d)
      a3 = madd(a, t, a3)
      b3 = madd(b, t, b3)
      t = v128.load(t4 + d)
      a4 = madd(a, t, a4)
      b4 = madd(b, t, b4)
      t = v128.load(t5 + d)
      a5 = madd(a, t, a5)
      b5 = madd(b, t, b5)
    }
    const z0 = sums4(a0, a1, a2, a3)
    const z1 = sums4(a4, a5, b0, b1)
    const z2 = sums4(b2, b3, b4, b5)
    y0 = from == 0 ? z0 : f32x4.add(y0, z0)
    y1 = from == 0 ? z1 : f32x4.add(y1, z1)
    y2 = from == 0 ? z2 : f32x4.add(y2, z2)
  }
  putDots(out, y0, y1, y2)
}

/** Writes twelve dot products. */
@inline
export function putDots(out: usize, y0: v128, y1: v128, y2: v128): void {
  v128.store(out, y0)
  v128.store(out, y1, 16)
  v128.store(out, y2, 32)
}

/** One input by six targets, or by the first three; two zeros stand behind them. */
@inline
function dots1(
  x0: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize,
  bytes: usize, out: usize, isHalf: bool, scratch: usize,
): void {
  const zeroA = v128.load(scratch, 96)
  const zeroB = v128.load(scratch, 112)
  let a0 = zeroA, a1 = zeroA, a2 = zeroA, a3 = zeroA, a4 = zeroA, a5 = zeroA
  let b0 = zeroB, b1 = zeroB, b2 = zeroB, b3 = zeroB, b4 = zeroB, b5 = zeroB
  for (let d: usize = 0; d < bytes; d += 32) {
    const a = v128.load(x0 + d)
    const b = v128.load(x0 + d, 16)
    a0 = madd(a, v128.load(t0 + d), a0)
    b0 = madd(b, v128.load(t0 + d, 16), b0)
    a1 = madd(a, v128.load(t1 + d), a1)
    b1 = madd(b, v128.load(t1 + d, 16), b1)
    a2 = madd(a, v128.load(t2 + d), a2)
    b2 = madd(b, v128.load(t2 + d, 16), b2)
    if (isHalf) continue
    a3 = madd(a, v128.load(t3 + d), a3)
    b3 = madd(b, v128.load(t3 + d, 16), b3)
    a4 = madd(a, v128.load(t4 + d), a4)
    b4 = madd(b, v128.load(t4 + d, 16), b4)
    a5 = madd(a, v128.load(t5 + d), a5)
    b5 = madd(b, v128.load(t5 + d, 16), b5)
  }
  storePair(scratch, sums4(a0, a1, a2, a3), sums4(b0, b1, b2, b3))
  storePair(scratch + 32, sums4(a4, a5, zeroA, zeroA), sums4(b4, b5, zeroB, zeroB))
  v128.store(out, f32x4.add(v128.load(scratch), v128.load(scratch, 16)))
  v128.store(out, f32x4.add(v128.load(scratch, 32), v128.load(scratch, 48)), 16)
}
