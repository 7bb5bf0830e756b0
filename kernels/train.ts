// Word2Vec: from a text to its windows, and what is done with each. Windows are drawn in draw.ts, multiplied in
// product.ts, judged in activate.ts, and moved in move.ts.
//
// A thread that runs freely calls `train`: window by window, over all columns. Where columns are dealt to threads, or lie
// in several memories, the caller goes through the same steps for a batch of windows.
import { BREAK, drawPool, drawWindow, subsample } from './draw'
import {
  GRADIENTS,
  GRADIENT_BYTES,
  HIDDEN,
  HOT_COPIES,
  HOT_COUNT,
  HOT_FIRST,
  HOT_INPUTS,
  HOT_SHARE,
  INPUT,
  JOBS,
  JOB_BYTES,
  JOB_CONTEXTS,
  JOB_GROUPS,
  JOB_NEXT_INPUT,
  JOB_NEXT_OUTPUT,
  JOB_SUMS,
  KEPT,
  MODE,
  ADAGRAD,
  OUTPUT,
  PER_PAIR,
  PLACE,
  ROW_BYTES,
  SEGMENT,
  SOFTMAX,
  STRIDE,
  TARGET_ROWS,
  WINDOW_BYTES,
} from './layout'
import { activateJob, sumParts } from './activate'
import { moveJob } from './move'
import { dotsJob, groupBytesOf, inputsOf, madd } from './product'
import {
  auditRecords,
  beginLookup,
  endLookup,
  fillSlots,
  hashWord,
  isLookup,
  LOOKUP_BYTES,
  LOOKUPS,
  lowerWords,
  noLookup,
  readSlots,
  spaceLength,
  wordEnd,
} from './text'

export { auditRecords, drawPool, drawWindow, fillSlots, lowerWords, subsample }

const WINDOWS_AHEAD: u32 = 4 // more rows than these windows have would not stay in the first cache

/** Enters the words whose bytes and counts the caller has put into the table's arena and entries. */
export function hashEntries(table: usize): void {
  const entries = load<usize>(table, 8)
  const arena = load<usize>(table, 12)
  const count = load<u32>(table, 16)
  for (let i: u32 = 0; i < count; i++) {
    const entry = entries + <usize>i * 24
    store<u64>(entry, hashWord(arena + load<u32>(entry, 16), load<u32>(entry, 20)), 8)
  }
  fillSlots(table)
}

/**
 * The numbers of the words of a text, in order, with a break behind each sentence: each line, and each
 * `maxSentence` words of a line. Words that are not in the table are left out.
 * Returns how many numbers were written to `ids`. `lookups` has room for LOOKUPS and one more.
 *
 * Words are found some at a time, and then looked up: so their slots are waited for together.
 */
export function tokenise(table: usize, text: usize, length: usize, ids: usize, maxSentence: u32, lookups: usize): u32 {
  const end = text + length
  const full = lookups + LOOKUPS * LOOKUP_BYTES
  let out = ids
  let inSentence: u32 = 0
  let broken = true
  for (let p = text; p < end; ) {
    let last = lookups
    while (p < end && last < full) {
      const space = spaceLength(p, end)
      if (space != 0) {
        if (load<u8>(p) == 10) {
          last = noLookup(last)
          inSentence = 0
        }
        p += space
        continue
      }
      if (inSentence == maxSentence) {
        last = noLookup(last)
        inSentence = 0
      }
      const q = wordEnd(p, end)
      last = beginLookup(table, p, q - p, last)
      inSentence++
      p = q
    }
    readSlots(table, lookups, last)
    for (let lookup = lookups; lookup < last; lookup += LOOKUP_BYTES) {
      let id: u32 = BREAK
      if (isLookup(lookup)) {
        id = endLookup(table, lookup)
        if (id == BREAK) continue
      } else if (broken) continue
      store<u32>(out, id)
      out += 4
      broken = id == BREAK
    }
  }
  if (!broken) {
    store<u32>(out, BREAK)
    out += 4
  }
  return <u32>((out - ids) >> 2)
}

/** Trains on `count` word numbers, whole sentences, at one learning rate. `bytes` is the width of a row. */
export function train(params: usize, ids: usize, count: u32, bytes: usize, learningRate: f32): void {
  const first = load<usize>(params, KEPT)
  store<u32>(first - 4, BREAK)
  const end = subsample(params, ids, count, first)
  const jobs = load<usize>(params, JOBS)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const before = load<u32>(params, PLACE)
  if (!(load<u32>(params, MODE) & (SOFTMAX | PER_PAIR))) drawPool(params, first, <u32>((end - first) >> 2), before)
  copyHotRows(params)
  let ready: u32 = 0
  for (let place = first; place < end; place += 4) {
    if (!drawWindow(params, place, before + <u32>((place - first) >> 2), jobs + <usize>ready * windowBytes)) continue
    if (++ready == WINDOWS_AHEAD) {
      runWindows(params, jobs, ready, bytes, learningRate)
      ready = 0
    }
  }
  runWindows(params, jobs, ready, bytes, learningRate)
  mergeHotRows(params)
  store<u32>(params, before + <u32>((end - first) >> 2), PLACE)
}

/**
 * The nodes near the root of the tree are targets of nearly every window, and a few words are in many of them. If threads
 * shared these rows, each would wait for the other's last write most of the time; so each works on copies, for a piece of
 * text.
 */
function copyHotRows(params: usize): void {
  const count = load<usize>(params, HOT_COUNT)
  if (count == 0) return
  const segment = load<usize>(params, SEGMENT)
  const stride = load<usize>(segment, STRIDE)
  const first = <usize>load<u32>(params, HOT_FIRST) * stride
  copyRows(load<usize>(segment, OUTPUT) + first, load<usize>(params, HOT_COPIES), count * stride)
  const inputs = load<usize>(params, HOT_INPUTS)
  if (inputs != 0) copyRows(load<usize>(segment, INPUT) + first, inputs, count * stride)
}

function copyRows(shared: usize, copies: usize, bytes: usize): void {
  memory.copy(copies, shared, bytes)
  memory.copy(copies + bytes, copies, bytes)
}

/**
 * Adds what was learned on copies to the rows that all share: a part of it, one by the number of threads, since each
 * thread has learned much the same in so many windows, and all of it together would be too much.
 */
function mergeHotRows(params: usize): void {
  const count = load<usize>(params, HOT_COUNT)
  if (count == 0) return
  const segment = load<usize>(params, SEGMENT)
  const stride = load<usize>(segment, STRIDE)
  const first = <usize>load<u32>(params, HOT_FIRST) * stride
  const part = f32x4.splat(load<f32>(params, HOT_SHARE))
  mergeRows(load<usize>(segment, OUTPUT) + first, load<usize>(params, HOT_COPIES), count * stride, part)
  const inputs = load<usize>(params, HOT_INPUTS)
  if (inputs != 0) mergeRows(load<usize>(segment, INPUT) + first, inputs, count * stride, part)
}

function mergeRows(shared: usize, copies: usize, bytes: usize, part: v128): void {
  for (let d: usize = 0; d < bytes; d += 16) {
    const learned = f32x4.sub(v128.load(copies + d), v128.load(copies + bytes + d))
    v128.store(shared + d, f32x4.add(v128.load(shared + d), f32x4.mul(part, learned)))
  }
}

function runWindows(params: usize, jobs: usize, count: u32, bytes: usize, learningRate: f32): void {
  const segment = load<usize>(params, SEGMENT)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const gradients = load<usize>(params, GRADIENTS)
  const hidden = load<usize>(params, HIDDEN)
  const rate = f32x4.splat(learningRate)
  const weight = load<u32>(params, MODE) & ADAGRAD ? f32x4.splat(1) : rate
  fetchRows(params, segment, 0, bytes, jobs, count)
  for (let w: u32 = 0; w < count; w++) {
    const window = jobs + <usize>w * windowBytes
    for (let job = window; job < window + windowBytes && load<u32>(job, JOB_CONTEXTS) != 0; job += jobBytes) {
      dotsJob(params, segment, 0, bytes, job, hidden, gradients, false)
      activateJob(params, job, gradients, gradients, weight)
      moveJob(params, segment, 0, bytes, job, hidden, gradients, rate)
    }
  }
}

/**
 * Brings the rows that the jobs will need into this core's cache, a number of each cache line read and stored
 * again. Stored, because a line that another thread wrote would else be fetched twice, to read and later to write:
 * with two cores that share no cache, training ran at half the speed. What another thread does to that number
 * between the two is lost, as it may be anywhere in training without locks.
 */
@inline
function fetchRows(params: usize, segment: usize, from: usize, bytes: usize, windows: usize, count: u32): void {
  const stride = load<usize>(segment, STRIDE)
  const input = load<usize>(segment, INPUT) + from
  const output = load<usize>(segment, OUTPUT) + from
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const targetRows = load<usize>(params, TARGET_ROWS)
  const mode = load<u32>(params, MODE)
  const hotCount: u32 = load<usize>(params, HOT_INPUTS) != 0 ? load<u32>(params, HOT_COUNT) : 0
  for (let w: u32 = 0; w < count; w++) {
    const window = windows + <usize>w * windowBytes
    if (load<u32>(window, JOB_CONTEXTS) == 0) continue
    fetchRow(input, hotCount, load<u32>(window, JOB_NEXT_INPUT), stride, bytes)
    // Nodes near the root are never far, and others write them all the time.
    if (mode & SOFTMAX) continue
    if (!(mode & PER_PAIR)) {
      fetchRow(output, hotCount, load<u32>(window + targetRows), stride, bytes)
      fetchRow(output, hotCount, load<u32>(window, JOB_NEXT_OUTPUT), stride, bytes)
      continue
    }
    for (let job = window; job < window + windowBytes && load<u32>(job, JOB_CONTEXTS) != 0; job += jobBytes) {
      const end = job + targetRows + <usize>load<u32>(job, JOB_GROUPS) * 24
      for (let place = job + targetRows; place < end; place += 4) fetch(output + <usize>load<u32>(place) * stride, bytes)
    }
  }
}

/** Copies are never far. */
@inline
function fetchRow(rows: usize, hotCount: u32, row: u32, stride: usize, bytes: usize): void {
  if (row >= hotCount) fetch(rows + <usize>row * stride, bytes)
}

@inline
function fetch(row: usize, bytes: usize): void {
  for (let b: usize = 0; b < bytes; b += 64) store<u32>(row + b, load<u32>(row + b))
}

/**
 * Draws the windows of batch `number`. A batch has `beside` neighbouring windows of each of several stretches of `stretch`
 * words of the `total` that were kept; where there are no more, a window is empty. The lists of dot products and gradients
 * are packed, since other threads have to read them, or have room for a full window each.
 */
export function drawWindows(
  params: usize, kept: usize, total: u32, stretch: u32, beside: u32, number: u32, jobs: usize, count: u32, isPacked: bool,
): void {
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const gradientBytes = load<usize>(params, GRADIENT_BYTES)
  let sums: usize = 0
  for (let w: u32 = 0; w < count; w++) {
    const place = (w / beside) * stretch + number * beside + (w % beside)
    const window = jobs + <usize>w * windowBytes
    if (place >= total) {
      store<u32>(window, 0, JOB_CONTEXTS)
      continue
    }
    const end = window + drawWindow(params, kept + (<usize>place << 2), place, window) * jobBytes
    if (!isPacked) sums = <usize>w * (windowBytes / jobBytes) * gradientBytes
    for (let job = window; job < end; job += jobBytes) {
      store<usize>(job, sums, JOB_SUMS)
      sums += isPacked ? <usize>load<u32>(job, JOB_GROUPS) * groupBytesOf(inputsOf(params, job)) : gradientBytes
    }
  }
}

/**
 * Dot products of windows `from` to `to` of a batch over the columns of a leaf, `bytes` of a row, and of the one beside
 * it, `moreBytes` if they are to be added up here.
 */
export function dotsWindows(
  params: usize, segment: usize, column: usize, bytes: usize, moreBytes: usize, jobs: usize, hidden: usize, from: u32, to: u32,
  sums: usize,
): void {
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const rowBytes = load<usize>(params, ROW_BYTES)
  const jobsEach = <u32>(windowBytes / jobBytes)
  for (let w = from; w < to; w++) {
    const window = jobs + <usize>w * windowBytes
    if ((w - from) % WINDOWS_AHEAD == 0) {
      fetchRows(params, segment, column, bytes + moreBytes, window, to - w < WINDOWS_AHEAD ? to - w : WINDOWS_AHEAD)
    }
    for (let j: u32 = 0; j < jobsEach && load<u32>(window + <usize>j * jobBytes, JOB_CONTEXTS) != 0; j++) {
      const job = window + <usize>j * jobBytes
      const out = sums + load<usize>(job, JOB_SUMS)
      const row = hidden + <usize>w * rowBytes
      dotsJob(params, segment, column, bytes, job, row, out, false)
      if (moreBytes != 0) dotsJob(params, segment, column + bytes, moreBytes, job, row, out, true)
    }
  }
}

/** Gradients, times the rate but for Adagrad, of a batch whose dot products are the sums of `parts` lists. */
export function activateWindows(
  params: usize, jobs: usize, count: u32, sums: usize, parts: u32, partBytes: usize, gradients: usize, learningRate: f32,
): void {
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const jobsEach = <u32>(windowBytes / jobBytes)
  const weight = f32x4.splat(load<u32>(params, MODE) & ADAGRAD ? 1 : learningRate)
  for (let w: u32 = 0; w < count; w++) {
    for (let j: u32 = 0; j < jobsEach; j++) {
      const job = jobs + <usize>w * windowBytes + <usize>j * jobBytes
      if (load<u32>(job, JOB_CONTEXTS) == 0) break
      const offset = load<usize>(job, JOB_SUMS)
      sumParts(params, job, sums + offset, parts, partBytes, gradients + offset)
      activateJob(params, job, gradients + offset, gradients + offset, weight)
    }
  }
}

/** Moves the windows of a batch, one after the other, over some columns. */
export function moveWindows(
  params: usize, segment: usize, column: usize, bytes: usize, jobs: usize, hidden: usize, count: u32, gradients: usize,
  learningRate: f32,
): void {
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const rowBytes = load<usize>(params, ROW_BYTES)
  const jobsEach = <u32>(windowBytes / jobBytes)
  const rate = f32x4.splat(learningRate)
  for (let w: u32 = 0; w < count; w++) {
    for (let j: u32 = 0; j < jobsEach; j++) {
      const job = jobs + <usize>w * windowBytes + <usize>j * jobBytes
      if (load<u32>(job, JOB_CONTEXTS) == 0) break
      moveJob(params, segment, column, bytes, job, hidden + <usize>w * rowBytes, gradients + load<usize>(job, JOB_SUMS), rate)
    }
  }
}

/**
 * Fills columns of input rows evenly within ± 1 / dim, as gensim does; word2vec.c's ± 0.5 / dim cost cbow most of a point
 * in analogies. The number for a row and column is the same wherever it lies: `column` is the first one here, of `dim` in all; `seed` begins the stream.
 */
export function initialise(row: usize, stride: usize, rows: u32, column: u32, columns: u32, dim: u32, seed: u64): void {
  const scale: f32 = 2 / <f32>dim
  for (let r: u32 = 0; r < rows; r++) {
    let state = seed + (<u64>r * dim + column) * 0x9e3779b97f4a7c15
    for (let d: usize = 0; d < <usize>columns; d++) {
      state += 0x9e3779b97f4a7c15
      let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb
      z ^= z >> 31
      store<f32>(row + (d << 2), (<f32>(z >> 40) * <f32>(1.0 / 16777216.0) - 0.5) * scale)
    }
    row += stride
  }
}

/** Whether a multiply-add is one rounding here: 0 if it is two. */
export function fusedProbe(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0)
}
