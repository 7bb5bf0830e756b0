// Moves the rows of a job by its gradients: the inputs by the old targets, the targets by the old inputs.
import {
  ADAGRAD,
  CBOW,
  COLUMN,
  CONTEXT_ROWS,
  DIVIDED,
  FROZEN_BIT,
  HAS_FROZEN,
  INPUT,
  INPUT_SQUARES,
  JOB_CONTEXTS,
  JOB_GROUPS,
  MODE,
  MOVED,
  OUTPUT,
  OUTPUT_SQUARES,
  POINTERS,
  ROW_BYTES,
  STRIDE,
  SUM_INPUT,
  TARGET_ROWS,
} from './layout'
import { groupBytesOf, madd } from './product'

/** Keeps Adagrad's divisor from zero. */
const TINY: f32 = 1e-6

/**
 * Over `bytes` of the columns of a segment, from `from` on. `hidden` is cbow's row, as it was multiplied. The gradients
 * hold the rate, but for Adagrad, whose rate is given.
 */
@inline
export function moveJob(
  params: usize, segment: usize, from: usize, bytes: usize, job: usize, hidden: usize, gradients: usize, rate: v128,
): void {
  const mode = load<u32>(params, MODE)
  const groups = load<u32>(job, JOB_GROUPS)
  const stride = load<usize>(segment, STRIDE)
  const input = load<usize>(segment, INPUT) + from
  const output = load<usize>(segment, OUTPUT) + from
  const contexts = load<u32>(job, JOB_CONTEXTS)
  const contextRows = job + load<usize>(params, CONTEXT_ROWS)
  const targetRows = job + load<usize>(params, TARGET_ROWS)
  const isCbow = (mode & CBOW) != 0
  const inputs: u32 = isCbow ? 1 : contexts
  const pointers = load<usize>(params, POINTERS)
  if (isCbow) store<usize>(pointers, hidden + load<usize>(segment, COLUMN) + from)
  else {
    for (let c: usize = 0; c < <usize>contexts << 2; c += 4) {
      store<usize>(pointers + c, input + <usize>(load<u32>(contextRows + c) & ~FROZEN_BIT) * stride)
    }
  }
  if (groups == 1 && !(mode & (CBOW | ADAGRAD | HAS_FROZEN))) {
    moveSix(targetRows, output, pointers, contexts, stride, bytes, gradients)
    return
  }
  const squares = mode & ADAGRAD ? load<usize>(segment, OUTPUT_SQUARES) + from : 0
  const moved = load<usize>(params, MOVED)
  const rowBytes = load<usize>(params, ROW_BYTES)
  for (let g: u32 = 0; g < groups; g++) {
    moveTargets(
      targetRows + <usize>g * 24, output, squares, pointers, inputs, stride, bytes,
      gradients + <usize>g * groupBytesOf(inputs), moved, rowBytes, g == 0, rate,
    )
  }
  if (groups == 0) return
  let factor: f32 = 1
  if (isCbow && mode & DIVIDED && !(mode & SUM_INPUT)) factor = 1 / <f32>contexts
  const inputSquares = mode & ADAGRAD ? load<usize>(segment, INPUT_SQUARES) + from : 0
  let by = moved
  for (let c: u32 = 0; c < contexts; c++) {
    const row = load<u32>(contextRows + (<usize>c << 2))
    if (!(row & FROZEN_BIT)) {
      const offset = <usize>row * stride
      if (mode & ADAGRAD) adapt(input + offset, inputSquares + offset, by, bytes, factor, rate)
      else addTo(input + offset, by, bytes, factor)
    }
    if (!isCbow) by += rowBytes
  }
}

/** Six targets and their inputs at once, in registers: plain skip-gram. */
@inline
function moveSix(
  targetRows: usize, output: usize, pointers: usize, contexts: u32, stride: usize, bytes: usize, gradients: usize,
): void {
  const r0 = output + <usize>load<u32>(targetRows) * stride
  const r1 = output + <usize>load<u32>(targetRows, 4) * stride
  const r2 = output + <usize>load<u32>(targetRows, 8) * stride
  const r3 = output + <usize>load<u32>(targetRows, 12) * stride
  const r4 = output + <usize>load<u32>(targetRows, 16) * stride
  const r5 = output + <usize>load<u32>(targetRows, 20) * stride
  const end = pointers + (<usize>contexts << 2)
  for (let d: usize = 0; d < bytes; d += 16) {
    const t0 = v128.load(r0 + d)
    const t1 = v128.load(r1 + d)
    const t2 = v128.load(r2 + d)
    const t3 = v128.load(r3 + d)
    const t4 = v128.load(r4 + d)
    const t5 = v128.load(r5 + d)
    let n0 = t0, n1 = t1, n2 = t2, n3 = t3, n4 = t4, n5 = t5
    let g = gradients
    for (let place = pointers; place < end; place += 4) {
      const row = load<usize>(place) + d
      const x = v128.load(row)
      let w = v128.load32_splat(g)
      let sum = madd(w, t0, x)
      n0 = madd(w, x, n0)
      w = v128.load32_splat(g, 4)
      sum = madd(w, t1, sum)
      n1 = madd(w, x, n1)
      w = v128.load32_splat(g, 8)
      sum = madd(w, t2, sum)
      n2 = madd(w, x, n2)
      w = v128.load32_splat(g, 12)
      sum = madd(w, t3, sum)
      n3 = madd(w, x, n3)
      w = v128.load32_splat(g, 16)
      sum = madd(w, t4, sum)
      n4 = madd(w, x, n4)
      w = v128.load32_splat(g, 20)
      sum = madd(w, t5, sum)
      n5 = madd(w, x, n5)
      v128.store(row, sum)
      g += 24
    }
    v128.store(r0 + d, n0)
    v128.store(r1 + d, n1)
    v128.store(r2 + d, n2)
    v128.store(r3 + d, n3)
    v128.store(r4 + d, n4)
    v128.store(r5 + d, n5)
  }
}

/** Moves six targets of any job; how far they move each input is added up in the rows at `moved`. */
function moveTargets(
  targetRows: usize, output: usize, squares: usize, pointers: usize, inputs: u32, stride: usize, bytes: usize, gradients: usize, moved: usize, rowBytes: usize, isFirst: bool, rate: v128,
): void {
  const o0 = <usize>load<u32>(targetRows) * stride
  const o1 = <usize>load<u32>(targetRows, 4) * stride
  const o2 = <usize>load<u32>(targetRows, 8) * stride
  const o3 = <usize>load<u32>(targetRows, 12) * stride
  const o4 = <usize>load<u32>(targetRows, 16) * stride
  const o5 = <usize>load<u32>(targetRows, 20) * stride
  const end = pointers + (<usize>inputs << 2)
  const zero = f32x4.splat(0)
  for (let d: usize = 0; d < bytes; d += 16) {
    const out = output + d
    const t0 = v128.load(out + o0)
    const t1 = v128.load(out + o1)
    const t2 = v128.load(out + o2)
    const t3 = v128.load(out + o3)
    const t4 = v128.load(out + o4)
    const t5 = v128.load(out + o5)
    let n0 = t0, n1 = t1, n2 = t2, n3 = t3, n4 = t4, n5 = t5
    if (squares) n0 = n1 = n2 = n3 = n4 = n5 = zero
    let g = gradients
    let by = moved + d
    for (let place = pointers; place < end; place += 4) {
      const x = v128.load(load<usize>(place) + d)
      let sum = isFirst ? zero : v128.load(by)
      let w = v128.load32_splat(g)
      sum = madd(w, t0, sum)
      n0 = madd(w, x, n0)
      w = v128.load32_splat(g, 4)
      sum = madd(w, t1, sum)
      n1 = madd(w, x, n1)
      w = v128.load32_splat(g, 8)
      sum = madd(w, t2, sum)
      n2 = madd(w, x, n2)
      w = v128.load32_splat(g, 12)
      sum = madd(w, t3, sum)
      n3 = madd(w, x, n3)
      w = v128.load32_splat(g, 16)
      sum = madd(w, t4, sum)
      n4 = madd(w, x, n4)
      w = v128.load32_splat(g, 20)
      sum = madd(w, t5, sum)
      n5 = madd(w, x, n5)
      v128.store(by, sum)
      by += rowBytes
      g += 24
    }
    if (squares) {
      const at = squares + d
      n0 = adagrad(t0, n0, at + o0, rate)
      n1 = adagrad(t1, n1, at + o1, rate)
      n2 = adagrad(t2, n2, at + o2, rate)
      n3 = adagrad(t3, n3, at + o3, rate)
      n4 = adagrad(t4, n4, at + o4, rate)
      n5 = adagrad(t5, n5, at + o5, rate)
    }
    v128.store(out + o0, n0)
    v128.store(out + o1, n1)
    v128.store(out + o2, n2)
    v128.store(out + o3, n3)
    v128.store(out + o4, n4)
    v128.store(out + o5, n5)
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

@inline
function addTo(row: usize, by: usize, bytes: usize, factor: f32): void {
  const f = f32x4.splat(factor)
  for (let d: usize = 0; d < bytes; d += 16) v128.store(row + d, madd(f, v128.load(by + d), v128.load(row + d)))
}

function adapt(row: usize, squares: usize, by: usize, bytes: usize, factor: f32, rate: v128): void {
  const f = f32x4.splat(factor)
  for (let d: usize = 0; d < bytes; d += 16) {
    v128.store(row + d, adagrad(v128.load(row + d), f32x4.mul(f, v128.load(by + d)), squares + d, rate))
  }
}
