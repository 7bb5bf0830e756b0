// One window of skip-gram with negative sampling: its contexts times its targets as a small matrix product.
// src/word2vec/reference.ts has the same mathematics in plain TypeScript.
//
// Written for speed, and measured:
// - 2 contexts × 6 targets are held in registers, and summed by a transposition;
// - constants are loaded, because the engine rebuilds a constant operand at each use;
// - pmin and pmax are one instruction each, min and max about nine.
import {
  CONSTANTS,
  GRADIENTS,
  JOB_CONTEXTS,
  JOB_ROWS,
  JOB_TARGETS,
  LOSS,
  MOVED,
  PAIRS,
  PRODUCT,
  ROW_BYTES,
} from './layout'

// Constants, 16 bytes each, see src/word2vec/model.ts.
const MINUS_LOG2_E: usize = 0
const MAGIC: usize = 16 // 1.5 × 2^23: adding it rounds to a whole number, in the low bits
const C6: usize = 32
const C5: usize = 48
const C4: usize = 64
const C3: usize = 80
const C2: usize = 96
const C1: usize = 112
const ONE: usize = 128
const LIMIT: usize = 144 // 16: the sigmoid is taken within ± this
const MINUS_LIMIT: usize = 160
const SIGNS_FIRST: usize = 176 // 12 signs of two contexts: + for the word, − for negative samples
const SIGNS_OTHER: usize = 224
const LANE_NUMBERS: usize = 272 // target number of each of 12 lanes, u32

const LIFT: f64 = 4.149515568880993e180 // 2^600
const LOG_LIFT: f64 = 415.88830833596717 // 600 log 2

/**
 * One window: all dot products of its contexts and targets, then the moves. Adds to the loss and the pairs.
 */
export function runJob(params: usize, job: usize, padded: u32, rate: v128): void {
  const contexts = load<u32>(job, JOB_CONTEXTS)
  const targets = load<u32>(job, JOB_TARGETS)
  const rowBytes = load<usize>(params, ROW_BYTES)
  const constants = load<usize>(params, CONSTANTS)
  const gradients = load<usize>(params, GRADIENTS)
  const contextRows = job + JOB_ROWS + (<usize>padded << 2)
  // Six gradients for each context of the first group, then of the second, …
  const groupBytes = <usize>contexts * 24 + 24
  for (let group: u32 = 0; group < padded; group += 6) {
    const targetRows = job + JOB_ROWS + (<usize>group << 2)
    const signs = constants + (group == 0 ? SIGNS_FIRST : SIGNS_OTHER)
    const counting = targets > group ? targets - group : 0
    const out = gradients + <usize>(group / 6) * groupBytes
    let c: u32 = 0
    for (; c + 2 <= contexts; c += 2) {
      const row = contextRows + (<usize>c << 2)
      dots2(params, load<usize>(row), load<usize>(row, 4), targetRows, rowBytes, out + <usize>c * 24, constants, signs, counting, rate)
    }
    if (c < contexts) {
      dots1(params, load<usize>(contextRows + (<usize>c << 2)), targetRows, rowBytes, out + <usize>c * 24, constants, signs, counting, rate)
    }
  }
  store<f64>(params, load<f64>(params, PAIRS) + <f64>(contexts * targets), PAIRS)
  if (padded == 6) update6(job + JOB_ROWS, contextRows, contexts, rowBytes, gradients)
  else updateMany(params, job + JOB_ROWS, padded, contextRows, contexts, rowBytes, gradients, groupBytes)
}

@inline
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** The sums over the four lanes of each of four vectors. */
@inline
function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}

/** 1 / (1 + exp(-y)) within ± 16, to about 2 units in the last place. Polynomial: Cephes' exp2f. */
@inline
function sigmoid(y: v128, k: usize): v128 {
  const within = f32x4.pmax(f32x4.pmin(y, v128.load(k, LIMIT)), v128.load(k, MINUS_LIMIT))
  const scaled = f32x4.mul(within, v128.load(k, MINUS_LOG2_E))
  const rounded = f32x4.add(scaled, v128.load(k, MAGIC))
  const r = f32x4.sub(scaled, f32x4.sub(rounded, v128.load(k, MAGIC)))
  let e = madd(r, v128.load(k, C6), v128.load(k, C5))
  e = madd(r, e, v128.load(k, C4))
  e = madd(r, e, v128.load(k, C3))
  e = madd(r, e, v128.load(k, C2))
  e = madd(r, e, v128.load(k, C1))
  e = madd(r, e, v128.load(k, ONE))
  e = i32x4.add(e, i32x4.shl(rounded, 23)) // times 2^n
  return f32x4.div(v128.load(k, ONE), f32x4.add(v128.load(k, ONE), e))
}

/** Loss beyond the sigmoid's limit, which is linear there: added up, for it is rare. */
@inline
function addExcess(params: usize, y: v128, k: usize): void {
  const beyond = f32x4.lt(y, v128.load(k, MINUS_LIMIT))
  if (v128.any_true(beyond)) {
    const excess = v128.and(beyond, f32x4.sub(v128.load(k, MINUS_LIMIT), y))
    const sum = f32x4.extract_lane(excess, 0) + f32x4.extract_lane(excess, 1) + f32x4.extract_lane(excess, 2) + f32x4.extract_lane(excess, 3)
    store<f64>(params, load<f64>(params, LOSS) + <f64>sum, LOSS)
  }
}

/** Multiplies probabilities (each at least 1e-7, three to a lane at most) into the running product. */
@inline
function addLoss(params: usize, p: v128): void {
  const both = f64x2.mul(f64x2.promote_low_f32x4(p), f64x2.promote_low_f32x4(v128.shuffle<f32>(p, p, 2, 3, 2, 3)))
  const product = load<f64>(params, PRODUCT) * f64x2.extract_lane(both, 0) * f64x2.extract_lane(both, 1)
  store<f64>(params, product, PRODUCT)
  // Far below 1 it is lifted by a power of two, whose logarithm goes into the loss: no logarithm is taken here.
  if (product < 1e-180) {
    store<f64>(params, product * LIFT, PRODUCT)
    store<f64>(params, load<f64>(params, LOSS) + LOG_LIFT, LOSS)
  }
}

/** Lanes whose target counts. */
@inline
function mask(constants: usize, vector: usize, counting: u32): v128 {
  return i32x4.lt_s(v128.load(constants + LANE_NUMBERS + (vector << 4)), i32x4.splat(counting))
}

/** Gradients of two contexts by six targets, and their loss. */
@inline
function dots2(
  params: usize, x0: usize, x1: usize, targetRows: usize, rowBytes: usize, out: usize,
  k: usize, signs: usize, counting: u32, rate: v128,
): void {
  const t0 = load<usize>(targetRows)
  const t1 = load<usize>(targetRows, 4)
  const t2 = load<usize>(targetRows, 8)
  const t3 = load<usize>(targetRows, 12)
  const t4 = load<usize>(targetRows, 16)
  const t5 = load<usize>(targetRows, 20)
  let a0 = f32x4.splat(0)
  let a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0
  for (let d: usize = 0; d < rowBytes; d += 16) {
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
  const s0 = v128.load(signs)
  const s1 = v128.load(signs, 16)
  const s2 = v128.load(signs, 32)
  const y0 = f32x4.mul(sums4(a0, a1, a2, a3), s0)
  const y1 = f32x4.mul(sums4(a4, a5, b0, b1), s1)
  const y2 = f32x4.mul(sums4(b2, b3, b4, b5), s2)
  let p0 = sigmoid(y0, k)
  let p1 = sigmoid(y1, k)
  let p2 = sigmoid(y2, k)
  if (counting < 6) {
    const one = v128.load(k, ONE)
    p0 = v128.bitselect(p0, one, mask(k, 0, counting))
    p1 = v128.bitselect(p1, one, mask(k, 1, counting))
    p2 = v128.bitselect(p2, one, mask(k, 2, counting))
  }
  const one = v128.load(k, ONE)
  v128.store(out, f32x4.mul(f32x4.mul(f32x4.sub(one, p0), s0), rate))
  v128.store(out, f32x4.mul(f32x4.mul(f32x4.sub(one, p1), s1), rate), 16)
  v128.store(out, f32x4.mul(f32x4.mul(f32x4.sub(one, p2), s2), rate), 32)
  addLoss(params, f32x4.mul(f32x4.mul(p0, p1), p2))
  addExcess(params, f32x4.pmin(f32x4.pmin(y0, y1), y2), k)
}

/** The same for one context. */
@inline
function dots1(
  params: usize, x0: usize, targetRows: usize, rowBytes: usize, out: usize,
  k: usize, signs: usize, counting: u32, rate: v128,
): void {
  const t0 = load<usize>(targetRows)
  const t1 = load<usize>(targetRows, 4)
  const t2 = load<usize>(targetRows, 8)
  const t3 = load<usize>(targetRows, 12)
  const t4 = load<usize>(targetRows, 16)
  const t5 = load<usize>(targetRows, 20)
  let a0 = f32x4.splat(0)
  let a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0
  for (let d: usize = 0; d < rowBytes; d += 16) {
    const a = v128.load(x0 + d)
    a0 = madd(a, v128.load(t0 + d), a0)
    a1 = madd(a, v128.load(t1 + d), a1)
    a2 = madd(a, v128.load(t2 + d), a2)
    a3 = madd(a, v128.load(t3 + d), a3)
    a4 = madd(a, v128.load(t4 + d), a4)
    a5 = madd(a, v128.load(t5 + d), a5)
  }
  const zero = f32x4.splat(0)
  const s0 = v128.load(signs)
  const s1 = v128.load(signs, 16)
  const one = v128.load(k, ONE)
  const y0 = f32x4.mul(sums4(a0, a1, a2, a3), s0)
  const y1 = f32x4.mul(sums4(a4, a5, zero, zero), s1)
  const p0 = v128.bitselect(sigmoid(y0, k), one, mask(k, 0, counting))
  // The upper half belongs to a second context, which is not there.
  const p1 = v128.shuffle<f32>(v128.bitselect(sigmoid(y1, k), one, mask(k, 1, counting)), one, 0, 1, 4, 5)
  v128.store(out, f32x4.mul(f32x4.mul(f32x4.sub(one, p0), s0), rate))
  v128.store64_lane(out + 16, f32x4.mul(f32x4.mul(f32x4.sub(one, p1), s1), rate), 0)
  addLoss(params, f32x4.mul(p0, p1))
  addExcess(params, f32x4.pmin(y0, y1), k)
}

/** Moves the contexts by the old targets, and six targets by the contexts. */
@inline
function update6(targetRows: usize, contextRows: usize, contexts: u32, rowBytes: usize, gradients: usize): void {
  const r0 = load<usize>(targetRows)
  const r1 = load<usize>(targetRows, 4)
  const r2 = load<usize>(targetRows, 8)
  const r3 = load<usize>(targetRows, 12)
  const r4 = load<usize>(targetRows, 16)
  const r5 = load<usize>(targetRows, 20)
  const end = contextRows + (<usize>contexts << 2)
  for (let d: usize = 0; d < rowBytes; d += 16) {
    const t0 = v128.load(r0 + d)
    const t1 = v128.load(r1 + d)
    const t2 = v128.load(r2 + d)
    const t3 = v128.load(r3 + d)
    const t4 = v128.load(r4 + d)
    const t5 = v128.load(r5 + d)
    let n0 = t0, n1 = t1, n2 = t2, n3 = t3, n4 = t4, n5 = t5
    let g = gradients
    for (let place = contextRows; place < end; place += 4) {
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

/** The same for any number of targets: they move in scratch, and are stored when all contexts have seen them. */
function updateMany(
  params: usize, targetRows: usize, padded: u32, contextRows: usize, contexts: u32,
  rowBytes: usize, gradients: usize, groupBytes: usize,
): void {
  const moved = load<usize>(params, MOVED)
  const targets = <usize>padded
  const end = contextRows + (<usize>contexts << 2)
  for (let d: usize = 0; d < rowBytes; d += 16) {
    for (let t: usize = 0; t < targets; t++) {
      v128.store(moved + (t << 4), v128.load(load<usize>(targetRows + (t << 2)) + d))
    }
    let c: usize = 0
    for (let place = contextRows; place < end; place += 4) {
      const row = load<usize>(place) + d
      const x = v128.load(row)
      let sum = x
      for (let t: usize = 0; t < targets; t++) {
        const w = v128.load32_splat(gradients + (t / 6) * groupBytes + c + ((t % 6) << 2))
        sum = madd(w, v128.load(load<usize>(targetRows + (t << 2)) + d), sum)
        v128.store(moved + (t << 4), madd(w, x, v128.load(moved + (t << 4))))
      }
      v128.store(row, sum)
      c += 24
    }
    for (let t: usize = 0; t < targets; t++) {
      v128.store(load<usize>(targetRows + (t << 2)) + d, v128.load(moved + (t << 4)))
    }
  }
}
