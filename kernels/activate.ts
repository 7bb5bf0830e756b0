// Dot products of a job into gradients and loss. src/word2vec/reference.ts has the same mathematics in plain TypeScript.
//
// Written for speed, and measured:
// - constants are loaded, because the engine rebuilds a constant operand at each use;
// - pmin and pmax are one instruction each, min and max about nine.
import { BIASES, CONSTANTS, JOB_GROUPS, JOB_SIGNS, JOB_TARGETS, LOSS, MODE, NCE, PAIRS, PRODUCT } from './layout'
import { groupBytesOf, inputsOf, madd, storePair } from './product'

// Constants, one number each, see src/word2vec/model.ts. None at 0: an engine that widens takes a number for both halves
// only from an offset.
const MINUS_LOG2_E: usize = 4
const MAGIC: usize = 8 // 1.5 × 2^23: adding it rounds to a whole number, in the low bits
const C6: usize = 12
const C5: usize = 16
const C4: usize = 20
const C3: usize = 24
const C2: usize = 28
const C1: usize = 32
const ONE: usize = 36
const LIMIT: usize = 40 // 16: the sigmoid is taken within ± this
const MINUS_LIMIT: usize = 44
const FIRST_SIX: usize = 48 // 1, 1, 1, 1, 1, 1, 0, 0

const FAR_BELOW_1: f64 = 1e-180
const LIFT: f64 = 4.149515568880993e180 // 2^600
const LOG_LIFT: f64 = 415.88830833596717 // 600 log 2
const LOG_2: f64 = 0.6931471805599453

/**
 * Turns the dot products of a job into gradients times the rate, and adds its loss and pairs. The two lists may be one.
 *
 * Lanes that are no pair have the sign 0: their gradient is 0, and their probability one half exactly, which is
 * taken out of the loss again.
 */
@inline
export function activateJob(
  params: usize, job: usize, sums: usize, out: usize, rate: v128,
): void {
  const inputs = inputsOf(params, job)
  const targets = load<u32>(job, JOB_TARGETS)
  const groups = load<u32>(job, JOB_GROUPS)
  const isNce = (load<u32>(params, MODE) & NCE) != 0
  let signs = load<usize>(job, JOB_SIGNS)
  let biases = job + load<usize>(params, BIASES)
  for (let g: u32 = 0; g < groups; g++) {
    if (isNce) activateNce(params, inputs, signs, biases, sums, out, rate)
    else activateGroup(params, inputs, signs, biases, sums, out, rate, false)
    sums += groupBytesOf(inputs)
    out += groupBytesOf(inputs)
    signs += 96
    biases += 48
  }
  const lanes = groups * ((inputs >> 1) * 12 + (inputs & 1) * 8)
  const pairs = inputs * targets
  store<f64>(params, load<f64>(params, LOSS) - <f64>(lanes - pairs) * LOG_2, LOSS)
  store<f64>(params, load<f64>(params, PAIRS) + <f64>pairs, PAIRS)
}

function activateNce(
  params: usize, inputs: u32, signs: usize, biases: usize, from: usize, to: usize, rate: v128,
): void {
  activateGroup(params, inputs, signs, biases, from, to, rate, true)
}

/** Six targets by all inputs: four inputs at a time, which are three pairs of vectors, then two, then one. */
@inline
function activateGroup(
  params: usize, inputs: u32, signs: usize, biases: usize, from: usize, to: usize, rate: v128, isNce: bool,
): void {
  const k = load<usize>(params, CONSTANTS)
  const limit = v128.load32_splat(k, LIMIT)
  const minusLimit = v128.load32_splat(k, MINUS_LIMIT)
  const minusLog2E = v128.load32_splat(k, MINUS_LOG2_E)
  const magic = v128.load32_splat(k, MAGIC)
  const c6 = v128.load32_splat(k, C6)
  const c5 = v128.load32_splat(k, C5)
  const c4 = v128.load32_splat(k, C4)
  const c3 = v128.load32_splat(k, C3)
  const c2 = v128.load32_splat(k, C2)
  const c1 = v128.load32_splat(k, C1)
  const one = v128.load32_splat(k, ONE)
  let product = load<f64>(params, PRODUCT)
  let left = inputs
  for (; left >= 4; left -= 4) {
    const s0 = v128.load(signs)
    const s1 = v128.load(signs, 16)
    const s2 = v128.load(signs, 32)
    const s3 = v128.load(signs, 48)
    const s4 = v128.load(signs, 64)
    const s5 = v128.load(signs, 80)
    const y0 = signed(v128.load(from), biases, s0, isNce)
    const y1 = signed(v128.load(from, 16), biases + 16, s1, isNce)
    const y2 = signed(v128.load(from, 32), biases + 32, s2, isNce)
    const y3 = signed(v128.load(from, 48), biases, s3, isNce)
    const y4 = signed(v128.load(from, 64), biases + 16, s4, isNce)
    const y5 = signed(v128.load(from, 80), biases + 32, s5, isNce)
    const p0 = sigmoid(y0, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p1 = sigmoid(y1, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p2 = sigmoid(y2, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p3 = sigmoid(y3, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p4 = sigmoid(y4, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p5 = sigmoid(y5, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    storePair(to, f32x4.mul(f32x4.mul(f32x4.sub(one, p0), s0), rate), f32x4.mul(f32x4.mul(f32x4.sub(one, p1), s1), rate))
    storePair(to + 32, f32x4.mul(f32x4.mul(f32x4.sub(one, p2), s2), rate), f32x4.mul(f32x4.mul(f32x4.sub(one, p3), s3), rate))
    storePair(to + 64, f32x4.mul(f32x4.mul(f32x4.sub(one, p4), s4), rate), f32x4.mul(f32x4.mul(f32x4.sub(one, p5), s5), rate))
    product *= productOf(f32x4.mul(f32x4.mul(p0, p2), p4))
    if (product < FAR_BELOW_1) product = lift(params, product)
    product *= productOf(f32x4.mul(f32x4.mul(p1, p3), p5))
    if (product < FAR_BELOW_1) product = lift(params, product)
    if (isFar(f32x4.pmin(f32x4.pmin(y0, y2), y4), f32x4.pmin(f32x4.pmin(y1, y3), y5), k)) {
      addExcess(params, y0, k)
      addExcess(params, y1, k)
      addExcess(params, y2, k)
      addExcess(params, y3, k)
      addExcess(params, y4, k)
      addExcess(params, y5, k)
    }
    from += 96
    to += 96
  }
  if (left >= 2) {
    const s0 = v128.load(signs)
    const s1 = v128.load(signs, 16)
    const s2 = v128.load(signs, 32)
    const y0 = signed(v128.load(from), biases, s0, isNce)
    const y1 = signed(v128.load(from, 16), biases + 16, s1, isNce)
    const y2 = signed(v128.load(from, 32), biases + 32, s2, isNce)
    const p0 = sigmoid(y0, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p1 = sigmoid(y1, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p2 = sigmoid(y2, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    storePair(to, f32x4.mul(f32x4.mul(f32x4.sub(one, p0), s0), rate), f32x4.mul(f32x4.mul(f32x4.sub(one, p1), s1), rate))
    v128.store(to, f32x4.mul(f32x4.mul(f32x4.sub(one, p2), s2), rate), 32)
    product *= productOf(f32x4.mul(f32x4.mul(p0, p1), p2))
    if (product < FAR_BELOW_1) product = lift(params, product)
    if (isFar(f32x4.pmin(y0, y1), y2, k)) {
      addExcess(params, y0, k)
      addExcess(params, y1, k)
      addExcess(params, y2, k)
    }
    from += 48
    to += 48
  }
  if (left & 1) {
    const s0 = f32x4.mul(v128.load(signs), v128.load(k, FIRST_SIX))
    const s1 = f32x4.mul(v128.load(signs, 16), v128.load(k, FIRST_SIX + 16))
    const y0 = signed(v128.load(from), biases, s0, isNce)
    const y1 = signed(v128.load(from, 16), biases + 16, s1, isNce)
    const p0 = sigmoid(y0, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    const p1 = sigmoid(y1, limit, minusLimit, minusLog2E, magic, c6, c5, c4, c3, c2, c1, one)
    storePair(to, f32x4.mul(f32x4.mul(f32x4.sub(one, p0), s0), rate), f32x4.mul(f32x4.mul(f32x4.sub(one, p1), s1), rate))
    product *= productOf(f32x4.mul(p0, p1))
    if (product < FAR_BELOW_1) product = lift(params, product)
    if (isFar(y0, y1, k)) {
      addExcess(params, y0, k)
      addExcess(params, y1, k)
    }
  }
  store<f64>(params, product, PRODUCT)
}

/** Dot products with the sign of their label. */
@inline
function signed(y: v128, biases: usize, sign: v128, isNce: bool): v128 {
  return f32x4.mul(isNce ? f32x4.add(y, v128.load(biases)) : y, sign)
}

/** 1 / (1 + exp(-y)) within ± 16, to about 2 units in the last place. Polynomial: Cephes' exp2f. */
@inline
function sigmoid(
  y: v128, limit: v128, minusLimit: v128, minusLog2E: v128, magic: v128,
  c6: v128, c5: v128, c4: v128, c3: v128, c2: v128, c1: v128, one: v128,
): v128 {
  const within = f32x4.pmax(f32x4.pmin(y, limit), minusLimit)
  const scaled = f32x4.mul(within, minusLog2E)
  const rounded = f32x4.add(scaled, magic)
  const r = f32x4.sub(scaled, f32x4.sub(rounded, magic))
  let e = madd(r, c6, c5)
  e = madd(r, e, c4)
  e = madd(r, e, c3)
  e = madd(r, e, c2)
  e = madd(r, e, c1)
  e = madd(r, e, one)
  e = i32x4.add(e, i32x4.shl(rounded, 23)) // times 2^n
  return f32x4.div(one, f32x4.add(one, e))
}

/** The product of four lanes; of probabilities, each at least 1e-7 and three to a lane at most. */
@inline
function productOf(p: v128): f64 {
  const both = f64x2.mul(f64x2.promote_low_f32x4(p), f64x2.promote_low_f32x4(v128.shuffle<f32>(p, p, 2, 3, 2, 3)))
  return f64x2.extract_lane(both, 0) * f64x2.extract_lane(both, 1)
}

/** The product times a power of two, whose logarithm goes into the loss: no logarithm is taken here. */
function lift(params: usize, product: f64): f64 {
  store<f64>(params, load<f64>(params, LOSS) + LOG_LIFT, LOSS)
  return product * LIFT
}

/** Whether anything is below the sigmoid's limit. */
@inline
function isFar(y0: v128, y1: v128, k: usize): bool {
  return v128.any_true(f32x4.lt(f32x4.pmin(y0, y1), v128.load32_splat(k, MINUS_LIMIT)))
}

/** Loss beyond the sigmoid's limit, which is linear there: added up, for it is rare. */
function addExcess(params: usize, y: v128, k: usize): void {
  const limit = v128.load32_splat(k, MINUS_LIMIT)
  const beyond = v128.and(f32x4.lt(y, limit), f32x4.sub(limit, y))
  const sum = f32x4.extract_lane(beyond, 0) + f32x4.extract_lane(beyond, 1) + f32x4.extract_lane(beyond, 2) + f32x4.extract_lane(beyond, 3)
  store<f64>(params, load<f64>(params, LOSS) + <f64>sum, LOSS)
}
