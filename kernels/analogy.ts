// Many questions made of few words. The cosine of a row with b − a + c is, but for a factor that is the same for all
// rows, its cosine with b, less that with a, plus that with c. So the matrix product is one of all rows by the words
// asked about, and a question is three additions a row. Addresses are bytes, counts are elements.
//
// matrix, inverse  as in search.ts
// units            slots × stride: the words asked about, brought to length 1; an even count of them
// cosines          slots × span: of each slot's word with each row of a block; span is a multiple of 16

import { addLanes, offer } from './best'

/**
 * The cosines of the slots with rows `from` … `from` + rows − 1; 2 slots × 6 rows are held in registers.
 *
 * rows  at most span; up to 5 more are read and written
 */
export function cosineBlock(
  matrix: usize, inverse: usize, from: i32, rows: i32, stride: i32,
  units: usize, slotCount: i32, cosines: usize, span: i32,
): void {
  const rowBytes = (<usize>stride) << 2
  const spanBytes = (<usize>span) << 2
  for (let slot = 0; slot < slotCount; slot += 2) {
    const p = units + <usize>slot * rowBytes
    const q = p + rowBytes
    let out = cosines + <usize>slot * spanBytes
    for (let row = from, end = from + rows; row < end; row += 6) {
      const r0 = matrix + <usize>row * rowBytes
      const r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes, r4 = r3 + rowBytes, r5 = r4 + rowBytes
      let p0 = f32x4.splat(0), p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0
      let q0 = p0, q1 = p0, q2 = p0, q3 = p0, q4 = p0, q5 = p0
      for (let at: usize = 0; at < rowBytes; at += 16) {
        const x = v128.load(p + at)
        const y = v128.load(q + at)
        let r = v128.load(r0 + at)
        p0 = f32x4.add(p0, f32x4.mul(x, r))
        q0 = f32x4.add(q0, f32x4.mul(y, r))
        r = v128.load(r1 + at)
        p1 = f32x4.add(p1, f32x4.mul(x, r))
        q1 = f32x4.add(q1, f32x4.mul(y, r))
        r = v128.load(r2 + at)
        p2 = f32x4.add(p2, f32x4.mul(x, r))
        q2 = f32x4.add(q2, f32x4.mul(y, r))
        r = v128.load(r3 + at)
        p3 = f32x4.add(p3, f32x4.mul(x, r))
        q3 = f32x4.add(q3, f32x4.mul(y, r))
        r = v128.load(r4 + at)
        p4 = f32x4.add(p4, f32x4.mul(x, r))
        q4 = f32x4.add(q4, f32x4.mul(y, r))
        r = v128.load(r5 + at)
        p5 = f32x4.add(p5, f32x4.mul(x, r))
        q5 = f32x4.add(q5, f32x4.mul(y, r))
      }
      const lengths = inverse + ((<usize>row) << 2)
      const first = v128.load(lengths)
      const last = v128.load64_splat(lengths + 16)
      v128.store(out, f32x4.mul(addLanes(p0, p1, p2, p3), first))
      v128.store(out + spanBytes, f32x4.mul(addLanes(q0, q1, q2, q3), first))
      const both = f32x4.mul(addLanes(p4, p5, q4, q5), last)
      v128.store64_lane(out, both, 0, 16)
      v128.store64_lane(out + spanBytes, both, 1, 16)
      out += 24
    }
  }
}

/**
 * Keeps, for each question, the best row so far by a weighted sum of its terms' cosines. Of equal rows the first wins.
 *
 * ends      questionCount × where the question's terms end, an i32; they begin where those before it end, at 0
 * terms     (slot i32, weight f32), all questions' behind one another
 * excluded  questionCount × 4 row numbers, the fourth unused
 * best      questionCount × (score f32, row i32), begun by the caller with (-Infinity, -1)
 */
export function bestSums(
  cosines: usize, span: i32, from: i32, rows: i32,
  questionCount: i32, ends: usize, terms: usize, excluded: usize, best: usize,
): void {
  const spanBytes = (<usize>span) << 2
  const rowsEnd = (<usize>rows) << 2
  const to = from + rows
  let begin = terms
  for (let question = 0; question < questionCount; question++) {
    const end = terms + ((<usize>i32.load(ends)) << 3)
    let bar = v128.load32_splat(best)
    for (let at: usize = 0; at < rowsEnd; at += 64) {
      let a = f32x4.splat(0), b = a, c = a, d = a
      for (let term = begin; term < end; term += 8) {
        const row = cosines + <usize>i32.load(term) * spanBytes + at
        const weight = v128.load32_splat(term + 4)
        a = f32x4.add(a, f32x4.mul(weight, v128.load(row)))
        b = f32x4.add(b, f32x4.mul(weight, v128.load(row, 16)))
        c = f32x4.add(c, f32x4.mul(weight, v128.load(row, 32)))
        d = f32x4.add(d, f32x4.mul(weight, v128.load(row, 48)))
      }
      const above = v128.or(
        v128.or(f32x4.gt(a, bar), f32x4.gt(b, bar)),
        v128.or(f32x4.gt(c, bar), f32x4.gt(d, bar)),
      )
      if (v128.any_true(above)) {
        const row = from + <i32>(at >> 2)
        offerFour(a, row, to, excluded, best)
        offerFour(b, row + 4, to, excluded, best)
        offerFour(c, row + 8, to, excluded, best)
        offerFour(d, row + 12, to, excluded, best)
        bar = v128.load32_splat(best)
      }
    }
    begin = end
    ends += 4
    excluded += 16
    best += 8
  }
}

/**
 * As `bestSums`, by the cosines b · c / a, each brought to 0 … 1: questions of three terms, b, c and a, whose weights
 * are not read. `half` is 1/2, `epsilon` what is added to a: constants would be made anew in each round.
 */
export function bestRatios(
  cosines: usize, span: i32, from: i32, rows: i32,
  questionCount: i32, terms: usize, excluded: usize, best: usize, half: f32, epsilon: f32,
): void {
  const spanBytes = (<usize>span) << 2
  const rowsEnd = (<usize>rows) << 2
  const to = from + rows
  const one = f32x4.splat(half + half)
  const halves = f32x4.splat(half)
  const little = f32x4.splat(epsilon)
  for (let question = 0; question < questionCount; question++) {
    const b = cosines + <usize>i32.load(terms) * spanBytes
    const c = cosines + <usize>i32.load(terms, 8) * spanBytes
    const a = cosines + <usize>i32.load(terms, 16) * spanBytes
    let bar = v128.load32_splat(best)
    for (let at: usize = 0; at < rowsEnd; at += 16) {
      const above = f32x4.mul(
        f32x4.mul(f32x4.add(one, v128.load(b + at)), halves),
        f32x4.mul(f32x4.add(one, v128.load(c + at)), halves),
      )
      const below = f32x4.add(f32x4.mul(f32x4.add(one, v128.load(a + at)), halves), little)
      const score = f32x4.div(above, below)
      if (v128.any_true(f32x4.gt(score, bar))) {
        offerFour(score, from + <i32>(at >> 2), to, excluded, best)
        bar = v128.load32_splat(best)
      }
    }
    terms += 24
    excluded += 16
    best += 8
  }
}

function offerFour(scores: v128, row: i32, to: i32, excluded: usize, best: usize): void {
  offer(f32x4.extract_lane(scores, 0), row, to, excluded, best)
  offer(f32x4.extract_lane(scores, 1), row + 1, to, excluded, best)
  offer(f32x4.extract_lane(scores, 2), row + 2, to, excluded, best)
  offer(f32x4.extract_lane(scores, 3), row + 3, to, excluded, best)
}
