// Moves the rows of a job by its gradients: the inputs by the old targets, the targets by the old inputs.
import {
  ADAGRAD,
  CBOW,
  CONTEXT_ROWS,
  DIVIDED,
  FROZEN_BIT,
  HAS_FROZEN,
  HOT_COUNT,
  HOT_FIRST,
  INPUT,
  INPUT_SQUARES,
  JOB_CONTEXTS,
  JOB_GROUPS,
  JOB_TARGETS,
  MODE,
  MOVED,
  OUTPUT,
  OUTPUT_SQUARES,
  POINTERS,
  SUM_INPUT,
  TARGET_ROWS,
} from './layout'
import { contextRow, groupBytesOf, hotCopies, hotInputs, madd, storePair, targetRow } from './product'
import { moveSixWide } from './wide'

/** Keeps Adagrad's divisor from zero. */
const TINY: f32 = 1e-6

/**
 * Rows are `bytes` wide; `hidden` is cbow's, as it was multiplied. The gradients hold the rate, but for Adagrad, whose rate
 * is given.
 */
@inline
export function moveJob(params: usize, bytes: usize, job: usize, hidden: usize, gradients: usize, rate: v128): void {
  const mode = load<u32>(params, MODE)
  const groups = load<u32>(job, JOB_GROUPS)
  const input = load<usize>(params, INPUT)
  const output = load<usize>(params, OUTPUT)
  const contexts = load<u32>(job, JOB_CONTEXTS)
  const contextRows = job + load<usize>(params, CONTEXT_ROWS)
  const targetRows = job + load<usize>(params, TARGET_ROWS)
  const hotFirst = load<u32>(params, HOT_FIRST)
  const hotCount = load<u32>(params, HOT_COUNT)
  const hot = hotCopies(params, hotFirst, bytes)
  const hotInput = hotInputs(params, input)
  const isCbow = (mode & CBOW) != 0
  const inputs: u32 = isCbow ? 1 : contexts
  const pointers = load<usize>(params, POINTERS)
  if (isCbow) store<usize>(pointers, hidden)
  else {
    for (let c: usize = 0; c < <usize>contexts << 2; c += 4) {
      store<usize>(pointers + c, contextRow(input, hotInput, hotCount, contextRows + c, bytes))
    }
  }
  if (groups == 0) return
  const moved = load<usize>(params, MOVED)
  if (!(mode & (CBOW | ADAGRAD | HAS_FROZEN))) {
    if (groups == 1) moveSix(targetRows, output, hot, hotFirst, hotCount, pointers, contexts, bytes, gradients, moved, true, true, false)
    else moveGroups(targetRows, output, hot, hotFirst, hotCount, pointers, contexts, bytes, gradients, moved, groups, load<u32>(job, JOB_TARGETS), true)
    return
  }
  if (mode & ADAGRAD) {
    const squares = load<usize>(params, OUTPUT_SQUARES)
    for (let c: usize = 0; c < <usize>inputs; c++) memory.fill(moved + c * bytes, 0, bytes)
    for (let g: usize = 0; g < <usize>groups; g++) {
      const by = gradients + g * groupBytesOf(inputs)
      adaptTargets(targetRows + g * 24, output, squares, pointers, inputs, bytes, by, moved, rate)
    }
  } else if (isCbow) {
    for (let g: usize = 0; g < <usize>groups; g++) {
      const by = gradients + g * groupBytesOf(1)
      const rows = targetRows + g * 24
      const only = load<usize>(pointers)
      if (g == 0) moveTargetsByOne(rows, output, hot, hotFirst, hotCount, only, bytes, by, moved, true)
      else moveTargetsByOne(rows, output, hot, hotFirst, hotCount, only, bytes, by, moved, false)
    }
  } else moveGroups(targetRows, output, hot, hotFirst, hotCount, pointers, inputs, bytes, gradients, moved, groups, load<u32>(job, JOB_TARGETS), false)
  let factor: f32 = 1
  if (isCbow && mode & DIVIDED && !(mode & SUM_INPUT)) factor = 1 / <f32>contexts
  if (isCbow && !(mode & (ADAGRAD | HAS_FROZEN))) {
    addToAll(input, hotInput, hotCount, contextRows, contexts, moved, bytes, factor)
    return
  }
  const inputSquares = mode & ADAGRAD ? load<usize>(params, INPUT_SQUARES) : 0
  let by = moved
  for (let c: u32 = 0; c < contexts; c++) {
    const row = load<u32>(contextRows + (<usize>c << 2))
    if (!(row & FROZEN_BIT)) {
      const offset = <usize>row * bytes
      if (mode & ADAGRAD) adapt(input + offset, inputSquares + offset, by, bytes, factor, rate)
      else addTo(input + offset, by, bytes, factor)
    }
    if (!isCbow) by += bytes
  }
}

/**
 * Moves six targets, or the first three, by the inputs, and the inputs by the targets, all in registers. A job of more targets does so group by
 * group: how far its inputs move is added up in the rows at `moved`, and they move with the last group.
 */
@inline
function moveSix(
  targetRows: usize, output: usize, hot: usize, hotFirst: u32, hotCount: u32, pointers: usize, inputs: u32, bytes: usize,
  gradients: usize, moved: usize, isFirst: bool, isLast: bool, isHalf: bool,
): void {
  const r0 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows), bytes)
  const r1 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 4), bytes)
  const r2 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 8), bytes)
  const r3 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 12), bytes)
  const r4 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 16), bytes)
  const r5 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 20), bytes)
  const end = pointers + (<usize>inputs << 2)
  if (WIDE) {
    moveSixWide(r0, r1, r2, r3, r4, r5, pointers, end, bytes, gradients, moved, isFirst, isLast, isHalf)
    return
  }
  for (let d: usize = 0; d < bytes; d += 16) {
    const t0 = v128.load(r0 + d)
    const t1 = v128.load(r1 + d)
    const t2 = v128.load(r2 + d)
    const t3 = v128.load(r3 + d)
    const t4 = v128.load(r4 + d)
    const t5 = v128.load(r5 + d)
    let n0 = t0, n1 = t1, n2 = t2, n3 = t3, n4 = t4, n5 = t5
    let g = gradients
    let by = moved + d
    for (let place = pointers; place < end; place += 4) {
      const row = load<usize>(place) + d
      const x = v128.load(row)
      let w = v128.load32_splat(g)
      let sum = isFirst ? (isLast ? madd(w, t0, x) : f32x4.mul(w, t0)) : madd(w, t0, v128.load(by))
      n0 = madd(w, x, n0)
      w = v128.load32_splat(g, 4)
      sum = madd(w, t1, sum)
      n1 = madd(w, x, n1)
      w = v128.load32_splat(g, 8)
      sum = madd(w, t2, sum)
      n2 = madd(w, x, n2)
      if (!isHalf) {
        w = v128.load32_splat(g, 12)
        sum = madd(w, t3, sum)
        n3 = madd(w, x, n3)
        w = v128.load32_splat(g, 16)
        sum = madd(w, t4, sum)
        n4 = madd(w, x, n4)
        w = v128.load32_splat(g, 20)
        sum = madd(w, t5, sum)
        n5 = madd(w, x, n5)
      }
      if (!isLast) v128.store(by, sum)
      else v128.store(row, isFirst ? sum : f32x4.add(x, sum))
      if (!(isFirst && isLast)) by += bytes
      g += 24
    }
    v128.store(r0 + d, n0)
    v128.store(r1 + d, n1)
    v128.store(r2 + d, n2)
    if (!isHalf) {
      v128.store(r3 + d, n3)
      v128.store(r4 + d, n4)
      v128.store(r5 + d, n5)
    }
  }
}

/** A job of more than six targets, or whose inputs may stay. */
function moveGroups(
  targetRows: usize, output: usize, hot: usize, hotFirst: u32, hotCount: u32, pointers: usize, inputs: u32, bytes: usize,
  gradients: usize, moved: usize, groups: u32, targets: u32, inputsMove: bool,
): void {
  const groupBytes = groupBytesOf(inputs)
  for (let g: u32 = 0; g < groups; g++) {
    if (g == 0) moveSix(targetRows, output, hot, hotFirst, hotCount, pointers, inputs, bytes, gradients, moved, true, false, false)
    else if (inputsMove && g + 1 == groups) {
      if (targets <= 6 * g + 3) moveSix(targetRows, output, hot, hotFirst, hotCount, pointers, inputs, bytes, gradients, moved, false, true, true)
      else moveSix(targetRows, output, hot, hotFirst, hotCount, pointers, inputs, bytes, gradients, moved, false, true, false)
    } else moveSix(targetRows, output, hot, hotFirst, hotCount, pointers, inputs, bytes, gradients, moved, false, false, false)
    targetRows += 24
    gradients += groupBytes
  }
}

/** Moves six targets by one input, whose six gradients stay in registers: cbow. */
@inline
function moveTargetsByOne(
  targetRows: usize, output: usize, hot: usize, hotFirst: u32, hotCount: u32, x0: usize, bytes: usize, gradients: usize, moved: usize,
  isFirst: bool,
): void {
  const r0 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows), bytes)
  const r1 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 4), bytes)
  const r2 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 8), bytes)
  const r3 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 12), bytes)
  const r4 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 16), bytes)
  const r5 = targetRow(output, hot, hotFirst, hotCount, load<u32>(targetRows, 20), bytes)
  const g0 = v128.load32_splat(gradients)
  const g1 = v128.load32_splat(gradients, 4)
  const g2 = v128.load32_splat(gradients, 8)
  const g3 = v128.load32_splat(gradients, 12)
  const g4 = v128.load32_splat(gradients, 16)
  const g5 = v128.load32_splat(gradients, 20)
  for (let d: usize = 0; d < bytes; d += 32) {
    const x = v128.load(x0 + d)
    const z = v128.load(x0 + d, 16)
    let t = v128.load(r0 + d)
    let u = v128.load(r0 + d, 16)
    let s = isFirst ? f32x4.mul(g0, t) : madd(g0, t, v128.load(moved + d))
    let q = isFirst ? f32x4.mul(g0, u) : madd(g0, u, v128.load(moved + d, 16))
    storePair(r0 + d, madd(g0, x, t), madd(g0, z, u))
    t = v128.load(r1 + d)
    u = v128.load(r1 + d, 16)
    s = madd(g1, t, s)
    q = madd(g1, u, q)
    storePair(r1 + d, madd(g1, x, t), madd(g1, z, u))
    t = v128.load(r2 + d)
    u = v128.load(r2 + d, 16)
    s = madd(g2, t, s)
    q = madd(g2, u, q)
    storePair(r2 + d, madd(g2, x, t), madd(g2, z, u))
    t = v128.load(r3 + d)
    u = v128.load(r3 + d, 16)
    s = madd(g3, t, s)
    q = madd(g3, u, q)
    storePair(r3 + d, madd(g3, x, t), madd(g3, z, u))
    t = v128.load(r4 + d)
    u = v128.load(r4 + d, 16)
    s = madd(g4, t, s)
    q = madd(g4, u, q)
    storePair(r4 + d, madd(g4, x, t), madd(g4, z, u))
    t = v128.load(r5 + d)
    u = v128.load(r5 + d, 16)
    s = madd(g5, t, s)
    q = madd(g5, u, q)
    storePair(r5 + d, madd(g5, x, t), madd(g5, z, u))
    storePair(moved + d, s, q)
  }
}

/** The same by Adagrad: gradients of a row are added up first. One target at a time, for this is rare. */
function adaptTargets(
  targetRows: usize, output: usize, squares: usize, pointers: usize, inputs: u32, bytes: usize,
  gradients: usize, moved: usize, rate: v128,
): void {
  for (let t: usize = 0; t < 6; t++) {
    const offset = <usize>load<u32>(targetRows + (t << 2)) * bytes
    for (let d: usize = 0; d < bytes; d += 16) {
      const old = v128.load(output + offset + d)
      let sum = f32x4.splat(0)
      for (let c: usize = 0; c < <usize>inputs; c++) {
        const g = v128.load32_splat(gradients + c * 24 + (t << 2))
        const by = moved + c * bytes + d
        v128.store(by, madd(g, old, v128.load(by)))
        sum = madd(g, v128.load(load<usize>(pointers + (c << 2)) + d), sum)
      }
      v128.store(output + offset + d, adagrad(old, sum, squares + offset + d, rate))
    }
  }
}

/** A value moved by a gradient over the root of its squares so far, to which it is added. Source: Duchi et al. 2011. */
@inline
function adagrad(value: v128, gradient: v128, squares: usize, rate: v128): v128 {
  const sum = f32x4.add(v128.load(squares), f32x4.mul(gradient, gradient))
  v128.store(squares, sum)
  const step = f32x4.div(f32x4.mul(rate, gradient), f32x4.add(f32x4.sqrt(sum), f32x4.splat(TINY)))
  return f32x4.add(value, step)
}

/** Adds one row to all contexts, four of them at a time: one after the other where a word is there twice. */
@inline
function addToAll(
  input: usize, hot: usize, hotCount: u32, contextRows: usize, contexts: u32, by: usize, bytes: usize, factor: f32,
): void {
  const f = f32x4.splat(factor)
  let place = contextRows
  let left = contexts
  for (; left >= 4; left -= 4) {
    const x0 = contextRow(input, hot, hotCount, place, bytes)
    const x1 = contextRow(input, hot, hotCount, place + 4, bytes)
    const x2 = contextRow(input, hot, hotCount, place + 8, bytes)
    const x3 = contextRow(input, hot, hotCount, place + 12, bytes)
    for (let d: usize = 0; d < bytes; d += 32) {
      const a = f32x4.mul(f, v128.load(by + d))
      const b = f32x4.mul(f, v128.load(by + d, 16))
      storePair(x0 + d, f32x4.add(v128.load(x0 + d), a), f32x4.add(v128.load(x0 + d, 16), b))
      storePair(x1 + d, f32x4.add(v128.load(x1 + d), a), f32x4.add(v128.load(x1 + d, 16), b))
      storePair(x2 + d, f32x4.add(v128.load(x2 + d), a), f32x4.add(v128.load(x2 + d, 16), b))
      storePair(x3 + d, f32x4.add(v128.load(x3 + d), a), f32x4.add(v128.load(x3 + d, 16), b))
    }
    place += 16
  }
  if (left >= 2) {
    const x0 = contextRow(input, hot, hotCount, place, bytes)
    const x1 = contextRow(input, hot, hotCount, place + 4, bytes)
    for (let d: usize = 0; d < bytes; d += 32) {
      const a = f32x4.mul(f, v128.load(by + d))
      const b = f32x4.mul(f, v128.load(by + d, 16))
      storePair(x0 + d, f32x4.add(v128.load(x0 + d), a), f32x4.add(v128.load(x0 + d, 16), b))
      storePair(x1 + d, f32x4.add(v128.load(x1 + d), a), f32x4.add(v128.load(x1 + d, 16), b))
    }
    place += 8
  }
  if (left & 1) addTo(contextRow(input, hot, hotCount, place, bytes), by, bytes, factor)
}

@inline
function addTo(row: usize, by: usize, bytes: usize, factor: f32): void {
  const f = f32x4.splat(factor)
  for (let d: usize = 0; d < bytes; d += 32) {
    storePair(row + d, madd(f, v128.load(by + d), v128.load(row + d)), madd(f, v128.load(by + d, 16), v128.load(row + d, 16)))
  }
}

function adapt(row: usize, squares: usize, by: usize, bytes: usize, factor: f32, rate: v128): void {
  const f = f32x4.splat(factor)
  for (let d: usize = 0; d < bytes; d += 16) {
    v128.store(row + d, adagrad(v128.load(row + d), f32x4.mul(f, v128.load(by + d)), squares + d, rate))
  }
}
