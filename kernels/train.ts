// Skip-gram with negative sampling: from a text to its windows. What is done with a window is in window.ts.
//
// The rows of the next windows are fetched in one tight loop, so that their cache misses overlap.
import { auditRecords, fillSlots, findWord, hashWord, lowerWords, spaceLength, wordEnd } from './text'
import {
  CENTRES,
  INPUT,
  JOBS,
  JOB_BYTES,
  JOB_CONTEXTS,
  JOB_ROWS,
  JOB_TARGETS,
  KEEP,
  KEPT,
  NEGATIVE,
  NOISE,
  OUTPUT,
  RANDOM,
  ROW_BYTES,
  WINDOW,
  WORDS,
  ZERO_ROW,
} from './layout'
import { runJob } from './window'

export { auditRecords, fillSlots, lowerWords }

/** Stands behind each sentence in a list of word numbers. */
const BREAK: u32 = 0xffffffff

const JOBS_AHEAD: u32 = 4 // more rows than these windows have would not stay in the first cache

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
 * Returns how many numbers were written to `ids`.
 */
export function tokenise(table: usize, text: usize, length: usize, ids: usize, maxSentence: u32): u32 {
  const end = text + length
  let out = ids
  let inSentence: u32 = 0
  let broken = true
  for (let p = text; p < end; ) {
    const space = spaceLength(p, end)
    if (space != 0) {
      if (load<u8>(p) == 10) {
        if (!broken) {
          store<u32>(out, BREAK)
          out += 4
          broken = true
        }
        inSentence = 0
      }
      p += space
      continue
    }
    if (inSentence == maxSentence) {
      if (!broken) {
        store<u32>(out, BREAK)
        out += 4
        broken = true
      }
      inSentence = 0
    }
    const q = wordEnd(p, end)
    const id = findWord(table, p, q - p, hashWord(p, q - p))
    if (id >= 0) {
      store<u32>(out, id)
      out += 4
      broken = false
    }
    inSentence++
    p = q
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
  const end = subsample(params, ids, count, first)
  const jobs = load<usize>(params, JOBS)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const rate = f32x4.splat(learningRate)
  let ready: u32 = 0
  for (let place = first; place < end; place += 4) {
    if (load<u32>(place) == BREAK) continue
    if (!prepareJob(params, place, jobs + <usize>ready * jobBytes)) continue
    if (++ready == JOBS_AHEAD) {
      runJobs(params, jobs, jobBytes, ready, rate)
      ready = 0
    }
  }
  runJobs(params, jobs, jobBytes, ready, rate)
}

@inline
function random64(params: usize): u64 {
  const state = load<u64>(params, RANDOM) + 0x9e3779b97f4a7c15
  store<u64>(params, state, RANDOM)
  let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb
  return z ^ (z >> 31)
}

/** Copies the words that subsampling keeps, and the breaks. Returns the end of the copy. */
function subsample(params: usize, ids: usize, count: u32, kept: usize): usize {
  const keep = load<usize>(params, KEEP)
  let centres: u32 = 0
  store<u32>(kept - 4, BREAK)
  for (const end = ids + (<usize>count << 2); ids < end; ids += 4) {
    const id = load<u32>(ids)
    if (id != BREAK) {
      if (<u32>(random64(params) >> 32) > load<u32>(keep + (<usize>id << 2))) continue
      centres++
    }
    store<u32>(kept, id)
    kept += 4
  }
  store<f64>(params, load<f64>(params, CENTRES) + <f64>centres, CENTRES)
  return kept
}

/** Draws the window and the negative samples of one centre word. False if it has no context. */
function prepareJob(params: usize, place: usize, job: usize): bool {
  const centre = load<u32>(place)
  const window = load<u32>(params, WINDOW)
  const radius = 1 + <usize><u32>(((random64(params) >> 32) * <u64>window) >> 32)
  let left = place
  for (const farthest = place - (radius << 2); left > farthest && load<u32>(left - 4) != BREAK; ) left -= 4
  let right = place + 4
  for (const farthest = place + (radius << 2); right <= farthest && load<u32>(right) != BREAK; ) right += 4
  const contexts = ((right - left) >> 2) - 1
  if (contexts == 0) return false

  const rowBytes = load<usize>(params, ROW_BYTES)
  const rows = job + JOB_ROWS
  const targets = drawTargets(params, centre, rows, rowBytes)
  const negative = load<u32>(params, NEGATIVE)
  const padded = ((negative + 6) / 6) * 6
  const zeroRow = load<usize>(params, ZERO_ROW)
  for (let t = targets; t < padded; t++) store<usize>(rows + (<usize>t << 2), zeroRow)
  store<u32>(job, <u32>contexts, JOB_CONTEXTS)
  store<u32>(job, targets, JOB_TARGETS)

  const input = load<usize>(params, INPUT)
  let out = rows + (<usize>padded << 2)
  for (; left < right; left += 4) {
    if (left == place) continue
    store<usize>(out, input + <usize>load<u32>(left) * rowBytes)
    out += 4
  }
  return true
}

/**
 * The centre word's row and those of `negative` distinct other words drawn from the noise. After four times as
 * many draws the rest is given up (a vocabulary of very few words). Returns how many rows there are.
 */
@inline
function drawTargets(params: usize, centre: u32, rows: usize, rowBytes: usize): u32 {
  const output = load<usize>(params, OUTPUT)
  const noise = load<usize>(params, NOISE)
  const words = <u64>load<u32>(params, WORDS)
  const wanted = load<u32>(params, NEGATIVE) + 1
  store<usize>(rows, output + <usize>centre * rowBytes)
  let targets: u32 = 1
  for (let draws: u32 = 4 * (wanted - 1); targets < wanted && draws != 0; draws--) {
    const random = random64(params)
    const slot = <u32>(((random >> 32) * words) >> 32)
    const cell = load<u64>(noise + (<usize>slot << 3))
    const word = <u32>random <= <u32>cell ? slot : <u32>(cell >> 32)
    const row = output + <usize>word * rowBytes
    let isNew = true
    for (let t: u32 = 0; t < targets; t++) isNew = isNew && load<usize>(rows + (<usize>t << 2)) != row
    if (!isNew) continue
    store<usize>(rows + (<usize>targets << 2), row)
    targets++
  }
  return targets
}

function runJobs(params: usize, jobs: usize, jobBytes: usize, count: u32, rate: v128): void {
  const padded = ((load<u32>(params, NEGATIVE) + 6) / 6) * 6
  fetchRows(params, jobs, jobBytes, count, padded)
  for (let i: u32 = 0; i < count; i++) runJob(params, jobs + <usize>i * jobBytes, padded, rate)
}

/**
 * Brings the rows that the jobs will need into this core's cache, a number of each cache line read and stored
 * again. Stored, because a line that another thread wrote would else be fetched twice, to read and later to write:
 * with two cores that share no cache, training ran at half the speed. What another thread does to that number
 * between the two is lost, as it may be anywhere in training without locks.
 */
function fetchRows(params: usize, jobs: usize, jobBytes: usize, count: u32, padded: u32): void {
  const rowBytes = load<usize>(params, ROW_BYTES)
  for (let i: u32 = 0; i < count; i++) {
    const rows = jobs + <usize>i * jobBytes + JOB_ROWS
    // Contexts of one window are contexts of the next: its last is enough.
    const contexts = load<u32>(rows - JOB_ROWS, JOB_CONTEXTS)
    for (let t: u32 = 0; t <= padded; t++) {
      const row = load<usize>(rows + (<usize>(t < padded ? t : padded + contexts - 1) << 2))
      for (let b: usize = 0; b < rowBytes; b += 64) store<u32>(row + b, load<u32>(row + b))
    }
  }
}

/** Fills the input rows evenly within ± 0.5 / dim, as word2vec.c does; padding stays zero. */
export function initialise(params: usize, dim: u32): void {
  const rowBytes = load<usize>(params, ROW_BYTES)
  const words = load<u32>(params, WORDS)
  const scale: f32 = 1 / <f32>dim
  let row = load<usize>(params, INPUT)
  for (let word: u32 = 0; word < words; word++) {
    for (let d: usize = 0; d < <usize>dim; d++) {
      const unit = <f32>(random64(params) >> 40) * <f32>(1.0 / 16777216.0)
      store<f32>(row + (d << 2), (unit - 0.5) * scale)
    }
    row += rowBytes
  }
}
