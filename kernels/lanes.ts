// Lanes: a fixed number of stretches of text that are trained on at the same time, each as if it were alone. What comes
// out depends on no thread, for it does not matter which thread takes which lane, nor when:
//
// - `markLane` tells which rows a lane will use.
// - When all are marked, `openLane` and `trainLane` work on rows that no other lane uses where they are, and on copies of
//   the others.
// - When all are trained, `mergeLanes` adds to the rows that several used what each has learned.
import { BREAK, drawWindow } from './draw'
import { runJobs } from './jobs'
import {
  CENTRE_LIST,
  CONTEXT_LIST,
  CONTEXT_ROWS,
  ENTRY_BYTES,
  ENTRY_COUNT,
  ENTRY_ROW,
  ENTRY_USERS,
  FROZEN,
  FROZEN_BIT,
  HAS_FROZEN,
  INPUT_SIDE,
  IS_FAR,
  JOBS,
  JOB_BYTES,
  JOB_CONTEXTS,
  JOB_TARGETS,
  LANE,
  MARK_MASK,
  MODE,
  NCE,
  NOISE_LIST,
  OUTPUT_SIDE,
  PATH_OFFSETS,
  PATH_STEPS,
  PER_PAIR,
  POOL,
  POOL_MASK,
  ROW_BYTES,
  SIDE_ENTRIES,
  SIDE_FIRST,
  SIDE_MARKS,
  SIDE_ROWS,
  SIDE_SLOTS,
  SIDE_SQUARES,
  SIDE_USED,
  SOFTMAX,
  TARGET_ROWS,
  WINDOW,
  WINDOW_BYTES,
} from './layout'
import { fetch, storePair } from './product'

const LOW_BITS: u64 = 0x0101010101010101
const HIGH_BITS: u64 = 0x8080808080808080
const NONE: u32 = 0xffffffff
const WINDOWS_DRAWN: u32 = 4 // and then run

/** How far one use moves a row towards where it would come to rest: see `shareOf`. */
const PACE: f32 = 0.02

/**
 * Marks the rows that the windows of kept words `from` to `to` of a block use; the block has `total`. A tag, 1 to 255, is the
 * round's. A mark that is left from another one with this tag, or that another row has in common with this one, costs a copy
 * and changes nothing.
 */
export function markLane(params: usize, kept: usize, total: u32, from: u32, to: u32, tag: u32): void {
  eachRow(params, kept, total, from, to, tag, true)
}

/** Finds the rows that a lane uses, or copies: what is far from here, the caller fetches into the slots in use. */
export function openLane(params: usize, kept: usize, total: u32, from: u32, to: u32, tag: u32): void {
  store<u32>(params, 0, INPUT_SIDE + SIDE_USED)
  store<u32>(params, 0, OUTPUT_SIDE + SIDE_USED)
  eachRow(params, kept, total, from, to, tag, false)
}

/** Visits the rows of a lane, to mark them or to use them. */
@inline
function eachRow(params: usize, kept: usize, total: u32, from: u32, to: u32, tag: u32, marks: bool): void {
  if (from == to) return
  const mode = load<u32>(params, MODE)
  const lane = <usize>load<u32>(params, LANE)
  const mask = load<usize>(params, MARK_MASK)
  const bytes = load<usize>(params, ROW_BYTES)
  const isFar = load<u32>(params, IS_FAR) != 0
  const window = load<u32>(params, WINDOW)
  const inputs = params + INPUT_SIDE
  const outputs = params + OUTPUT_SIDE
  // The list begins `window` before the first.
  const contexts = load<usize>(params, CONTEXT_LIST) + (<usize>window << 2) - (<usize>from << 2)
  const frozen = mode & HAS_FROZEN ? load<usize>(params, FROZEN) : 0
  const last = min(to + window, total)
  for (let i = from > window ? from - window : 0; i < last; i++) {
    const at = <usize>i << 2
    const word = load<u32>(kept + at)
    let row = word
    if (word != BREAK) row = useRow(inputs, word, lane, tag, mask, bytes, isFar, marks)
    if (frozen != 0 && word != BREAK && load<u8>(frozen + word) != 0) row |= FROZEN_BIT
    if (!marks) store<u32>(contexts + at, row)
  }
  if (mode & PER_PAIR) {
    usePairs(params, kept, from, to, tag, marks)
    return
  }
  const centres = load<usize>(params, CENTRE_LIST) - (<usize>from << 2)
  for (let i = from; i < to; i++) {
    const at = <usize>i << 2
    const word = load<u32>(kept + at)
    if (mode & SOFTMAX) {
      if (word != BREAK) usePath(params, outputs, word, tag, marks)
      continue
    }
    if (word != BREAK) {
      const row = useRow(outputs, word, lane, tag, mask, bytes, isFar, marks)
      if (!marks) store<u32>(centres + at, row)
    }
  }
  if (mode & SOFTMAX) return
  const noise = load<usize>(params, NOISE_LIST)
  const pool = poolOf(params, kept, to)
  for (let at: usize = 0; at <= load<usize>(params, POOL_MASK) << 2; at += 4) {
    const row = useRow(outputs, load<u32>(pool + at), lane, tag, mask, bytes, isFar, marks)
    if (!marks) store<u32>(noise + at, row)
  }
}

/** The noise words that the windows of a lane take theirs from: the last before its end. */
@inline
function poolOf(params: usize, kept: usize, to: u32): usize {
  return kept + (<usize>to << 2) + load<usize>(params, POOL) - (load<usize>(params, POOL_MASK) << 2) - 4
}

function usePath(params: usize, side: usize, word: u32, tag: u32, marks: bool): void {
  const lane = <usize>load<u32>(params, LANE)
  const mask = load<usize>(params, MARK_MASK)
  const bytes = load<usize>(params, ROW_BYTES)
  const isFar = load<u32>(params, IS_FAR) != 0
  const offsets = load<usize>(params, PATH_OFFSETS) + (<usize>word << 2)
  const steps = load<usize>(params, PATH_STEPS)
  const end = steps + (<usize>load<u32>(offsets, 4) << 2)
  for (let step = steps + (<usize>load<u32>(offsets) << 2); step < end; step += 4) {
    useRow(side, load<u32>(step) & 0x7fffffff, lane, tag, mask, bytes, isFar, marks)
  }
}

/**
 * The windows of a lane that draw negative samples for each pair: drawn when the lane is marked, and kept until it is
 * trained on. When it is opened, rows come in place of their words.
 */
function usePairs(params: usize, kept: usize, from: u32, to: u32, tag: u32, marks: bool): void {
  const lane = <usize>load<u32>(params, LANE)
  const mask = load<usize>(params, MARK_MASK)
  const bytes = load<usize>(params, ROW_BYTES)
  const isFar = load<u32>(params, IS_FAR) != 0
  const inputs = params + INPUT_SIDE
  const outputs = params + OUTPUT_SIDE
  const jobBytes = load<usize>(params, JOB_BYTES)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const targetRows = load<usize>(params, TARGET_ROWS)
  const contextRows = load<usize>(params, CONTEXT_ROWS)
  let window = load<usize>(params, JOBS)
  for (let i = from; i < to; i++) {
    const place = kept + (<usize>i << 2)
    if (marks) drawWindow(params, place, place, load<u32>(place), 0, i, window)
    for (let job = window; job < window + windowBytes && load<u32>(job, JOB_CONTEXTS) != 0; job += jobBytes) {
      const rows = job + targetRows
      const end = rows + (<usize>load<u32>(job, JOB_TARGETS) << 2)
      for (let at = rows; at < end; at += 4) {
        const row = useRow(outputs, load<u32>(at), lane, tag, mask, bytes, isFar, marks)
        if (!marks) store<u32>(at, row)
      }
      if (!marks) store<u32>(job + contextRows, foundRow(inputs, load<u32>(job + contextRows)))
    }
    window += windowBytes
  }
}

/** The copy of a row that a lane has used, or the row; with the bit that it stays. */
@inline
function foundRow(side: usize, row: u32): u32 {
  const slot = slotOf(side, row & ~FROZEN_BIT)
  return slot == NONE ? row : (load<u32>(side, SIDE_FIRST) + slot) | (row & FROZEN_BIT)
}

/** Marks a row for a lane, or gives the row that it uses: this one, or a slot. */
@inline
function useRow(
  side: usize, row: u32, lane: usize, tag: u32, mask: usize, bytes: usize, isFar: bool, marks: bool,
): u32 {
  const mark = load<usize>(side, SIDE_MARKS) + ((<usize>row & mask) << 3)
  if (marks) {
    store<u8>(mark + lane, <u8>tag)
    return row
  }
  const own = <u64>0x80 << (<u64>lane << 3)
  const others = usersOf(load<u64>(mark), tag) & ~own
  if (others == 0 && !isFar) {
    fetch(load<usize>(side, SIDE_ROWS) + <usize>row * bytes, bytes)
    return row
  }
  let slot = slotOf(side, row)
  if (slot == NONE) {
    slot = load<u32>(side, SIDE_USED)
    store<u32>(side, slot + 1, SIDE_USED)
    store<u32>(load<usize>(side, SIDE_SLOTS) + (<usize>row << 2), slot)
    const entry = entryOf(side, slot)
    store<u32>(entry, row, ENTRY_ROW)
    store<u32>(entry, 0, ENTRY_COUNT)
    store<u64>(entry, others | own, ENTRY_USERS)
    if (!isFar) copyToSlot(side, row, slot, bytes)
  }
  const entry = entryOf(side, slot)
  store<u32>(entry, load<u32>(entry, ENTRY_COUNT) + 1, ENTRY_COUNT)
  return load<u32>(side, SIDE_FIRST) + slot
}

/** The highest bit of each byte that is the tag. */
@inline
function usersOf(marks: u64, tag: u32): u64 {
  const x = marks ^ (LOW_BITS * <u64>tag)
  return ~(((x & ~HIGH_BITS) + ~HIGH_BITS) | x | ~HIGH_BITS)
}

@inline
function entryOf(side: usize, slot: u32): usize {
  return load<usize>(side, SIDE_ENTRIES) + <usize>slot * ENTRY_BYTES
}

/** The slot of a row. What stands in the table may be of an earlier round, so it must be a slot that says the same. */
@inline
function slotOf(side: usize, row: u32): u32 {
  const slot = load<u32>(load<usize>(side, SIDE_SLOTS) + (<usize>row << 2))
  return slot < load<u32>(side, SIDE_USED) && load<u32>(entryOf(side, slot), ENTRY_ROW) == row ? slot : NONE
}

@inline
function copyToSlot(side: usize, row: u32, slot: u32, bytes: usize): void {
  const rows = load<usize>(side, SIDE_ROWS)
  const squares = load<usize>(side, SIDE_SQUARES)
  const to = <usize>(load<u32>(side, SIDE_FIRST) + slot) * bytes
  copyRow(rows + <usize>row * bytes, rows + to, bytes)
  if (squares != 0) copyRow(squares + <usize>row * bytes, squares + to, bytes)
}

@inline
function copyRow(from: usize, to: usize, bytes: usize): void {
  for (let d: usize = 0; d < bytes; d += 32) storePair(to + d, v128.load(from + d), v128.load(from + d, 16))
}

/** Trains on the windows of kept words `from` to `to`, whose lane is open. */
export function trainLane(params: usize, kept: usize, from: u32, to: u32, learningRate: f32): void {
  const mode = load<u32>(params, MODE)
  const jobs = load<usize>(params, JOBS)
  if (mode & PER_PAIR) {
    runJobs(params, jobs, to - from, learningRate)
    return
  }
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const first = <usize>from << 2
  const contexts = load<usize>(params, CONTEXT_LIST) + (<usize>load<u32>(params, WINDOW) << 2) - first
  // Targets are drawn as words where more than their rows must be known of them, and found afterwards.
  const areWords = (mode & (SOFTMAX | NCE)) != 0
  const centres = areWords ? kept : load<usize>(params, CENTRE_LIST) - first
  const pool = (areWords ? poolOf(params, kept, to) : load<usize>(params, NOISE_LIST)) + (load<usize>(params, POOL_MASK) << 2)
  let ready: u32 = 0
  for (let i = from; i < to; i++) {
    const at = <usize>i << 2
    const window = jobs + <usize>ready * windowBytes
    if (drawWindow(params, kept + at, contexts + at, load<u32>(centres + at), pool, i, window)) {
      if (areWords) findTargets(params, window)
      ready++
    }
    if (ready < WINDOWS_DRAWN && i + 1 < to) continue
    runJobs(params, jobs, ready, learningRate)
    ready = 0
  }
}

/** Puts the rows of targets, or their copies, in place of their words. */
function findTargets(params: usize, job: usize): void {
  const side = params + OUTPUT_SIDE
  const rows = job + load<usize>(params, TARGET_ROWS)
  const end = rows + (<usize>load<u32>(job, JOB_TARGETS) << 2)
  for (let at = rows; at < end; at += 4) store<u32>(at, foundRow(side, load<u32>(at)))
}

/**
 * Merges the rows that lanes had copies of: those that fall to lanes `from` to `to`.
 *
 * lanes     the first one's parameters; those of the others follow, `laneBytes` apart
 * pointers  room for a pointer to each lane's copy
 */
export function mergeLanes(lanes: usize, laneBytes: usize, from: u32, to: u32, pointers: usize): void {
  const bytes = load<usize>(lanes, ROW_BYTES)
  for (let lane = from; lane < to; lane++) {
    mergeSlots(lanes + INPUT_SIDE, laneBytes, lane, bytes, pointers)
    mergeSlots(lanes + OUTPUT_SIDE, laneBytes, lane, bytes, pointers)
  }
}

function mergeSlots(sides: usize, laneBytes: usize, lane: u32, bytes: usize, pointers: usize): void {
  const side = sides + <usize>lane * laneBytes
  const rows = load<usize>(side, SIDE_ROWS)
  const squares = load<usize>(side, SIDE_SQUARES)
  const used = load<u32>(side, SIDE_USED)
  for (let slot: u32 = 0; slot < used; slot++) {
    if (!isMergedBy(sides, laneBytes, lane, slot)) continue
    const at = <usize>load<u32>(entryOf(side, slot), ENTRY_ROW) * bytes
    mergeRow(sides, laneBytes, lane, slot, bytes, rows + at, false, pointers)
    if (squares != 0) mergeRow(sides, laneBytes, lane, slot, bytes, squares + at, true, pointers)
  }
}

/** Whether the row in a lane's slot falls to this lane: to one of those that have a copy, in turn. */
@inline
function isMergedBy(sides: usize, laneBytes: usize, lane: u32, slot: u32): bool {
  const entry = entryOf(sides + <usize>lane * laneBytes, slot)
  const row = load<u32>(entry, ENTRY_ROW)
  const users = load<u64>(entry, ENTRY_USERS)
  let left = users
  for (let skipped = row % <u32>popcnt(users); skipped > 0; skipped--) left &= left - 1
  let user = <u32>ctz(left) >> 3
  // Some may only have a mark in common with a row of theirs.
  while (user != lane && slotOf(sides + <usize>user * laneBytes, row) == NONE) {
    left &= left - 1
    if (left == 0) left = users
    user = <u32>ctz(left) >> 3
  }
  return user == lane
}

/**
 * Adds to a row, which is at `to`, what lanes have learned on their copies of it. A row that only one lane had is as it
 * left it.
 */
@inline
function mergeRow(
  sides: usize, laneBytes: usize, lane: u32, slot: u32, bytes: usize, to: usize, areSquares: bool, pointers: usize,
): void {
  const entry = entryOf(sides + <usize>lane * laneBytes, slot)
  const row = load<u32>(entry, ENTRY_ROW)
  let uses: u32 = 0
  let end = pointers
  for (let users = load<u64>(entry, ENTRY_USERS); users != 0; users &= users - 1) {
    const side = sides + <usize>(<u32>ctz(users) >> 3) * laneBytes
    const slot = slotOf(side, row)
    if (slot == NONE) continue
    uses += load<u32>(entryOf(side, slot), ENTRY_COUNT)
    const rows = areSquares ? load<usize>(side, SIDE_SQUARES) : load<usize>(side, SIDE_ROWS)
    store<usize>(end, rows + <usize>(load<u32>(side, SIDE_FIRST) + slot) * bytes)
    end += 4
  }
  const copies = <u32>(end - pointers) >> 2
  if (copies == 1) copyRow(load<usize>(pointers), to, bytes)
  else addLearned(to, pointers, end, bytes, areSquares ? 1 : shareOf(uses, copies))
}

/**
 * How much counts of what each lane has learned on a row: all of it where the row was used a few times, and one by the
 * number of lanes where it was used so often that each lane has brought it to where it would stay.
 */
@inline
function shareOf(uses: u32, copies: u32): f32 {
  const all = PACE * <f32>uses
  return (1 + all / <f32>copies) / (1 + all)
}

@inline
function addLearned(to: usize, pointers: usize, end: usize, bytes: usize, share: f32): void {
  const part = f32x4.splat(share)
  for (let d: usize = 0; d < bytes; d += 32) {
    const a = v128.load(to + d)
    const b = v128.load(to + d, 16)
    let copy = load<usize>(pointers) + d
    let s = f32x4.sub(v128.load(copy), a)
    let t = f32x4.sub(v128.load(copy, 16), b)
    for (let at = pointers + 4; at < end; at += 4) {
      copy = load<usize>(at) + d
      s = f32x4.add(s, f32x4.sub(v128.load(copy), a))
      t = f32x4.add(t, f32x4.sub(v128.load(copy, 16), b))
    }
    storePair(to + d, f32x4.add(a, f32x4.mul(part, s)), f32x4.add(b, f32x4.mul(part, t)))
  }
}

// Where rows lie in other memories, copies go to and fro by lists of them.

const LISTS_ALL: u32 = 0
const LISTS_OWN: u32 = 1 // rows that no other lane can have
const LISTS_SHARED: u32 = 2 // others, whose merging falls to the lane

/** Lists rows that a lane has in slots `from` to `to`, and their slots. */
export function listSlots(
  sides: usize, laneBytes: usize, lane: u32, from: u32, to: u32, which: u32, rows: usize, slots: usize,
): u32 {
  const side = sides + <usize>lane * laneBytes
  let count: usize = 0
  for (let slot = from; slot < to; slot++) {
    const entry = entryOf(side, slot)
    if (which != LISTS_ALL) {
      const isOwn = popcnt(load<u64>(entry, ENTRY_USERS)) == 1
      if (isOwn != (which == LISTS_OWN) || (!isOwn && !isMergedBy(sides, laneBytes, lane, slot))) continue
    }
    store<u32>(rows + (count << 2), load<u32>(entry, ENTRY_ROW))
    store<u32>(slots + (count << 2), slot)
    count++
  }
  return <u32>count
}

/** Merges the row in a slot, the old values of which have been fetched to `to` if it is shared. */
export function mergeFar(
  sides: usize, laneBytes: usize, lane: u32, slot: u32, bytes: usize, to: usize, areSquares: bool, pointers: usize,
): void {
  mergeRow(sides, laneBytes, lane, slot, bytes, to, areSquares, pointers)
}

/** Copies rows by their numbers to `to`, one behind the other. */
export function gatherRows(rows: usize, bytes: usize, list: usize, count: u32, to: usize): void {
  for (const end = list + (<usize>count << 2); list < end; list += 4) {
    copyRow(rows + <usize>load<u32>(list) * bytes, to, bytes)
    to += bytes
  }
}

/** Copies what stands one behind the other to rows, by their numbers. */
export function scatterRows(rows: usize, bytes: usize, list: usize, count: u32, from: usize): void {
  for (const end = list + (<usize>count << 2); list < end; list += 4) {
    copyRow(from, rows + <usize>load<u32>(list) * bytes, bytes)
    from += bytes
  }
}
