// Word2Vec: from a text to its windows, and what is done with each. Windows are drawn in draw.ts and trained on in jobs.ts:
// multiplied in product.ts, judged in activate.ts, and moved in move.ts.
//
// A thread that runs freely calls `train`: window by window. What threads share out among them is in lanes.ts.
import { BREAK, drawPool, drawWindow, subsample } from './draw'
import {
  HOT_COPIES,
  HOT_COUNT,
  HOT_FIRST,
  HOT_INPUTS,
  INPUT,
  JOBS,
  JOB_BYTES,
  JOB_CONTEXTS,
  JOB_GROUPS,
  JOB_NEXT_INPUT,
  JOB_NEXT_OUTPUT,
  KEPT,
  MODE,
  OUTPUT,
  PER_PAIR,
  PLACE,
  POOL,
  ROW_BYTES,
  SOFTMAX,
  TARGET_ROWS,
  WINDOW_BYTES,
} from './layout'
import { runJobs } from './jobs'
import { fetch, madd } from './product'
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

export * from './lanes'
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

/** Trains on `count` word numbers, whole sentences, at one learning rate. */
export function train(params: usize, ids: usize, count: u32, learningRate: f32): void {
  const first = load<usize>(params, KEPT)
  store<u32>(first - 4, BREAK)
  const end = subsample(params, ids, count, first)
  const jobs = load<usize>(params, JOBS)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const before = load<u32>(params, PLACE)
  const pool = load<usize>(params, POOL)
  if (!(load<u32>(params, MODE) & (SOFTMAX | PER_PAIR))) drawPool(params, first, <u32>((end - first) >> 2), before)
  let ready: u32 = 0
  for (let place = first; place < end; place += 4) {
    const number = before + <u32>((place - first) >> 2)
    const job = jobs + <usize>ready * windowBytes
    if (!drawWindow(params, place, place, load<u32>(place), place + pool, number, job)) continue
    if (++ready == WINDOWS_AHEAD) {
      runWindows(params, jobs, ready, learningRate)
      ready = 0
    }
  }
  runWindows(params, jobs, ready, learningRate)
  store<u32>(params, before + <u32>((end - first) >> 2), PLACE)
}

/**
 * The nodes near the root of the tree are targets of nearly every window, and a few words are in many of them. If threads
 * shared these rows, each would wait for the other's last write most of the time; so each works on copies, for some pieces
 * of text. Where there is but one thread there are none, and nothing is done.
 */
export function copyHotRows(params: usize): void {
  const count = load<usize>(params, HOT_COUNT)
  if (count == 0) return
  const bytes = load<usize>(params, ROW_BYTES)
  const first = <usize>load<u32>(params, HOT_FIRST) * bytes
  copyRows(load<usize>(params, OUTPUT) + first, load<usize>(params, HOT_COPIES), count * bytes)
  const inputs = load<usize>(params, HOT_INPUTS)
  if (inputs != 0) copyRows(load<usize>(params, INPUT) + first, inputs, count * bytes)
}

function copyRows(shared: usize, copies: usize, bytes: usize): void {
  memory.copy(copies, shared, bytes)
  memory.copy(copies + bytes, copies, bytes)
}

/**
 * Adds what was learned on copies to the rows that all share: a part of it, one by the number of threads at work, since
 * each of them has learned much the same in so many windows, and all of it together would be too much.
 */
export function mergeHotRows(params: usize, share: f32): void {
  const count = load<usize>(params, HOT_COUNT)
  if (count == 0) return
  const bytes = load<usize>(params, ROW_BYTES)
  const first = <usize>load<u32>(params, HOT_FIRST) * bytes
  const part = f32x4.splat(share)
  mergeRows(load<usize>(params, OUTPUT) + first, load<usize>(params, HOT_COPIES), count * bytes, part)
  const inputs = load<usize>(params, HOT_INPUTS)
  if (inputs != 0) mergeRows(load<usize>(params, INPUT) + first, inputs, count * bytes, part)
}

function mergeRows(shared: usize, copies: usize, bytes: usize, part: v128): void {
  for (let d: usize = 0; d < bytes; d += 16) {
    const learned = f32x4.sub(v128.load(copies + d), v128.load(copies + bytes + d))
    v128.store(shared + d, f32x4.add(v128.load(shared + d), f32x4.mul(part, learned)))
  }
}

function runWindows(params: usize, jobs: usize, count: u32, learningRate: f32): void {
  fetchRows(params, load<usize>(params, ROW_BYTES), jobs, count)
  runJobs(params, jobs, count, learningRate)
}

/**
 * Brings the rows that the jobs will need into this core's cache, a number of each cache line read and stored
 * again. Stored, because a line that another thread wrote would else be fetched twice, to read and later to write:
 * with two cores that share no cache, training ran at half the speed. What another thread does to that number
 * between the two is lost, as it may be anywhere in training without locks.
 */
@inline
function fetchRows(params: usize, bytes: usize, windows: usize, count: u32): void {
  const input = load<usize>(params, INPUT)
  const output = load<usize>(params, OUTPUT)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const targetRows = load<usize>(params, TARGET_ROWS)
  const mode = load<u32>(params, MODE)
  const hotCount: u32 = load<usize>(params, HOT_INPUTS) != 0 ? load<u32>(params, HOT_COUNT) : 0
  for (let w: u32 = 0; w < count; w++) {
    const window = windows + <usize>w * windowBytes
    if (load<u32>(window, JOB_CONTEXTS) == 0) continue
    fetchRow(input, hotCount, load<u32>(window, JOB_NEXT_INPUT), bytes)
    // Nodes near the root are never far, and others write them all the time.
    if (mode & SOFTMAX) continue
    if (!(mode & PER_PAIR)) {
      fetchRow(output, hotCount, load<u32>(window + targetRows), bytes)
      fetchRow(output, hotCount, load<u32>(window, JOB_NEXT_OUTPUT), bytes)
      continue
    }
    for (let job = window; job < window + windowBytes && load<u32>(job, JOB_CONTEXTS) != 0; job += jobBytes) {
      const end = job + targetRows + <usize>load<u32>(job, JOB_GROUPS) * 24
      for (let place = job + targetRows; place < end; place += 4) fetch(output + <usize>load<u32>(place) * bytes, bytes)
    }
  }
}

/** Copies are never far. */
@inline
function fetchRow(rows: usize, hotCount: u32, row: u32, bytes: usize): void {
  if (row >= hotCount) fetch(rows + <usize>row * bytes, bytes)
}


/**
 * Fills input rows evenly within ± √(3 / (4 dim)), which makes them about half a unit long. In word2vec.c they are 17 times
 * shorter at 100 dimensions, and a text of some million words is too short to make up for it: docs/training.md.
 * A word's numbers are the same wherever its row lies: the rows here are those of words `first`, `first` + `step` and so on.
 * `seed` begins the stream.
 */
export function initialise(row: usize, bytes: usize, rows: u32, first: u32, step: u32, dim: u32, seed: u64): void {
  const scale = sqrt<f32>(3 / <f32>dim)
  for (let r: u32 = 0; r < rows; r++) {
    let state = seed + <u64>(first + r * step) * dim * 0x9e3779b97f4a7c15
    for (let d: usize = 0; d < <usize>dim; d++) {
      state += 0x9e3779b97f4a7c15
      let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb
      z ^= z >> 31
      store<f32>(row + (d << 2), (<f32>(z >> 40) * <f32>(1.0 / 16777216.0) - 0.5) * scale)
    }
    row += bytes
  }
}

/** Whether a multiply-add is one rounding here: 0 if it is two. */
export function fusedProbe(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0)
}
