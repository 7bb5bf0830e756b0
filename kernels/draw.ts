// What is drawn at random: the words that subsampling keeps, windows, targets.
//
// Subsampling takes one number after the other from one stream of the block; each window has a stream of its own,
// so that it is the same whoever draws it, and in whatever order.
import {
  BIASES,
  CENTRES,
  CONTEXT_ROWS,
  FIXED_RADIUS,
  FROZEN,
  FROZEN_BIT,
  HAS_FROZEN,
  JOB_BYTES,
  JOB_CONTEXTS,
  JOB_GROUPS,
  JOB_NEXT_INPUT,
  JOB_NEXT_OUTPUT,
  JOB_OWN_SIGNS,
  JOB_SIGNS,
  JOB_TARGETS,
  KEEP,
  MODE,
  NCE,
  NEGATIVE,
  NOISE,
  NOISE_OFFSETS,
  PATH_OFFSETS,
  PATH_STEPS,
  PER_PAIR,
  POOL,
  POOL_MASK,
  RANDOM,
  READ,
  SEED,
  SIGNS,
  SOFTMAX,
  TARGET_ROWS,
  WINDOW,
  WORDS,
} from './layout'

/** Stands behind each sentence in a list of word numbers. */
export const BREAK: u32 = 0xffffffff

const GOLDEN: u64 = 0x9e3779b97f4a7c15
const WINDOWS: u64 = 0xd1342543de82ef95
const POOLED: usize = 255 // noise words before the newest that a window may take

/** SplitMix64's finaliser. */
@inline
function mix(state: u64): u64 {
  let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb
  return z ^ (z >> 31)
}

/** Copies the words that subsampling keeps, and the breaks. Returns the end of the copy, which may overwrite `ids`. */
export function subsample(params: usize, ids: usize, count: u32, kept: usize): usize {
  const keep = load<usize>(params, KEEP)
  let state = load<u64>(params, RANDOM)
  let centres: u32 = 0
  let breaks: u32 = 0
  for (const end = ids + (<usize>count << 2); ids < end; ids += 4) {
    const id = load<u32>(ids)
    if (id != BREAK) {
      state += GOLDEN
      // No branch: it could not be foretold.
      const isKept = <u32>(mix(state) >> 32) <= load<u32>(keep + (<usize>id << 2))
      store<u32>(kept, id)
      kept += <usize>isKept << 2
      centres += <u32>isKept
    } else {
      store<u32>(kept, id)
      kept += 4
      breaks++
    }
  }
  store<u64>(params, state, RANDOM)
  store<f64>(params, load<f64>(params, CENTRES) + <f64>centres, CENTRES)
  store<f64>(params, load<f64>(params, READ) + <f64>(count - breaks), READ)
  return kept
}

/**
 * Draws the noise words with the numbers of `count` kept words, the first of which has `number`, and the 255 before them.
 * The noise of a block is a list of independent draws, each the same whoever draws it.
 */
export function drawPool(params: usize, place: usize, count: u32, number: u32): void {
  const noise = load<usize>(params, NOISE)
  const words = <u64>load<u32>(params, WORDS)
  const pool = place + load<usize>(params, POOL)
  let random = mix(~load<u64>(params, SEED)) + (<u64>number - <u64>POOLED) * GOLDEN
  for (let at = pool - (POOLED << 2); at < pool + (<usize>count << 2); at += 4) {
    store<u32>(at, noiseWord(noise, words, mix(random)))
    random += GOLDEN
  }
}

@inline
function noiseWord(noise: usize, words: u64, random: u64): u32 {
  const slot = <u32>(((random >> 32) * words) >> 32)
  const cell = load<u64>(noise + (<usize>slot << 3))
  return <u32>random <= <u32>cell ? slot : <u32>(cell >> 32)
}

/**
 * Draws the window of one centre word, and its targets, into jobs: one, or one for each context. The first job
 * behind them that has room is marked as none. `number` is the centre word's among the block's kept words, breaks
 * counted; a break stands before the first and behind the last of them. Returns how many jobs there are.
 *
 * rows  a list in step with the words, of the rows that stand for them as contexts; it may be the words themselves
 * pool  where the newest noise word is that the window may take
 */
export function drawWindow(
  params: usize, place: usize, rows: usize, centreRow: u32, pool: usize, number: u32, job: usize,
): u32 {
  store<u32>(job, 0, JOB_CONTEXTS)
  const centre = load<u32>(place)
  if (centre == BREAK) return 0
  const mode = load<u32>(params, MODE)
  const window = load<u32>(params, WINDOW)
  let state = mix(~load<u64>(params, SEED) + <u64>number * WINDOWS)
  let radius: usize = window
  if (!(mode & FIXED_RADIUS)) {
    state += GOLDEN
    radius = 1 + <usize><u32>(((mix(state) >> 32) * <u64>window) >> 32)
  }
  // Loops end at the same place nearly always: how long they are could not be foretold if they ended at the radius.
  const reach = <usize>window << 2
  let before: usize = 0
  while (before < reach && load<u32>(place - 4 - before) != BREAK) before += 4
  let behind: usize = 0
  while (behind < reach && load<u32>(place + 4 + behind) != BREAK) behind += 4
  before = min(before, radius << 2)
  behind = min(behind, radius << 2)
  const contexts = <u32>((before + behind) >> 2)
  if (contexts == 0) return 0

  store<u32>(job, min(load<u32>(rows + reach), load<u32>(params, WORDS)), JOB_NEXT_INPUT)
  const contextRows = load<usize>(params, CONTEXT_ROWS)
  if (mode & PER_PAIR) {
    const jobBytes = load<usize>(params, JOB_BYTES)
    for (let context = place - before; context <= place + behind; context += 4) {
      if (context == place) continue
      state = drawTargets(params, mode, centre, job, state, 0)
      store<u32>(job, 1, JOB_CONTEXTS)
      store<u32>(job + contextRows, load<u32>(rows + (context - place)))
      if (mode & HAS_FROZEN && rows == place) markFrozen(params, job + contextRows, 1)
      job += jobBytes
    }
    if (contexts < 2 * window) store<u32>(job, 0, JOB_CONTEXTS)
    return contexts
  }
  if (mode & SOFTMAX) pathTargets(params, centre, job)
  else {
    store<u32>(job, load<u32>(pool), JOB_NEXT_OUTPUT)
    drawTargets(params, mode, centreRow, job, state, pool)
  }
  store<u32>(job, contexts, JOB_CONTEXTS)
  copyWords(job + contextRows, rows - before, reach)
  copyWords(job + contextRows + before, rows + 4, reach)
  if (mode & HAS_FROZEN && rows == place) markFrozen(params, job + contextRows, contexts)
  return 1
}

/** Copies as many as there may be, four at a time; what stands behind those that there are is not used. */
@inline
function copyWords(to: usize, from: usize, bytes: usize): void {
  for (let b: usize = 0; b < bytes; b += 16) v128.store(to + b, v128.load(from + b))
}

function markFrozen(params: usize, rows: usize, contexts: u32): void {
  const frozen = load<usize>(params, FROZEN)
  for (let place = rows; place < rows + (<usize>contexts << 2); place += 4) {
    const word = load<u32>(place)
    if (load<u8>(frozen + word) != 0) store<u32>(place, word | FROZEN_BIT)
  }
}

/**
 * The centre word and `negative` distinct other words of the noise. After four times as many draws the rest is given
 * up (a vocabulary of very few words). Returns the stream's state.
 *
 * With a pool, where its newest noise word is, a window takes its words anywhere in the last of it: each is then used by
 * about as many windows as there are samples in one, far apart, and its row is still in this core's cache. Rows were
 * waited for a third of the time.
 */
@inline
function drawTargets(params: usize, mode: u32, centre: u32, job: usize, state: u64, pool: usize): u64 {
  const rows = job + load<usize>(params, TARGET_ROWS)
  const noise = load<usize>(params, NOISE)
  const words = <u64>load<u32>(params, WORDS)
  const wanted = load<u32>(params, NEGATIVE) + 1
  const mask = load<usize>(params, POOL_MASK)
  store<u32>(rows, centre)
  let targets: u32 = 1
  let places: u64 = 0
  for (let draws: u32 = 0; targets < wanted && draws < 4 * (wanted - 1); draws++) {
    let word: u32
    if (pool != 0) {
      // One number of the window's stream tells eight places.
      if ((draws & 7) == 0) {
        state += GOLDEN
        places = mix(state)
      }
      word = load<u32>(pool - ((<usize>places & mask) << 2))
      places >>= 8
    } else {
      state += GOLDEN
      word = noiseWord(noise, words, mix(state))
    }
    let isNew = true
    for (let t: u32 = 0; t < targets; t++) isNew = isNew && load<u32>(rows + (<usize>t << 2)) != word
    if (!isNew) continue
    store<u32>(rows + (<usize>targets << 2), word)
    targets++
  }
  const groups = (wanted + 5) / 6
  padTargets(rows, targets, groups * 6, <u32>words)
  store<u32>(job, targets, JOB_TARGETS)
  store<u32>(job, groups, JOB_GROUPS)
  if (targets == wanted) store<usize>(job, load<usize>(params, SIGNS), JOB_SIGNS)
  else {
    const signs = job + JOB_OWN_SIGNS
    store<usize>(job, signs, JOB_SIGNS)
    for (let t: u32 = 0; t < groups * 6; t++) putSign(signs, t, t == 0 ? 1 : t < targets ? -1 : 0)
  }
  if (mode & NCE) {
    const biases = job + load<usize>(params, BIASES)
    const offsets = load<usize>(params, NOISE_OFFSETS)
    for (let t: u32 = 0; t < groups * 6; t++) {
      putTwice(biases, t, t < targets ? load<f32>(offsets + (<usize>load<u32>(rows + (<usize>t << 2)) << 2)) : 0)
    }
  }
  return state
}

/** The nodes from the root to a word. Code 0 is the label 1. */
@inline
function pathTargets(params: usize, centre: u32, job: usize): void {
  const rows = job + load<usize>(params, TARGET_ROWS)
  const signs = job + JOB_OWN_SIGNS
  const offsets = load<usize>(params, PATH_OFFSETS) + (<usize>centre << 2)
  const steps = load<usize>(params, PATH_STEPS)
  const first = load<u32>(offsets)
  const targets = load<u32>(offsets, 4) - first
  const groups = (targets + 5) / 6
  const code = i32x4.splat(0x80000000)
  const one = f32x4.splat(1)
  const zeroRow = i32x4.splat(load<u32>(params, WORDS))
  let step = steps + (<usize>first << 2)
  let row = rows
  let sign = signs
  // Six at a time, lanes 0 to 3 and 2 to 5. The code is the sign's bit.
  for (let left = <i32>targets; left > 0; left -= 6) {
    const a = v128.load(step)
    const b = v128.load(step, 8)
    const isA = i32x4.gt_s(i32x4.splat(left), i32x4(0, 1, 2, 3))
    const isB = i32x4.gt_s(i32x4.splat(left), i32x4(2, 3, 4, 5))
    v128.store(row, v128.bitselect(v128.andnot(a, code), zeroRow, isA))
    v128.store(row, v128.bitselect(v128.andnot(b, code), zeroRow, isB), 8)
    const signA = v128.and(isA, v128.or(v128.and(a, code), one))
    const signB = v128.and(isB, v128.or(v128.and(b, code), one))
    const signC = v128.shuffle<f32>(signA, signB, 6, 7, 0, 1)
    v128.store(sign, signA)
    v128.store(sign, signC, 16)
    v128.store(sign, signB, 32)
    v128.store(sign, signA, 48)
    v128.store(sign, signC, 64)
    v128.store(sign, signB, 80)
    step += 24
    row += 24
    sign += 96
  }
  store<u32>(job, targets, JOB_TARGETS)
  store<u32>(job, groups, JOB_GROUPS)
  store<usize>(job, signs, JOB_SIGNS)
}

@inline
function padTargets(rows: usize, targets: u32, padded: u32, zeroRow: u32): void {
  for (let t = targets; t < padded; t++) store<u32>(rows + (<usize>t << 2), zeroRow)
}

/** Of target t, for four inputs: lists of 24 for each group of six. */
@inline
function putSign(list: usize, t: u32, value: f32): void {
  const at = list + <usize>(t / 6) * 96 + (<usize>(t % 6) << 2)
  store<f32>(at, value)
  store<f32>(at, value, 24)
  store<f32>(at, value, 48)
  store<f32>(at, value, 72)
}

/** Of target t in lists of 12 for each group of six. */
@inline
function putTwice(list: usize, t: u32, value: f32): void {
  const at = list + <usize>(t / 6) * 48 + (<usize>(t % 6) << 2)
  store<f32>(at, value)
  store<f32>(at, value, 24)
}
