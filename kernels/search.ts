// Cosine queries over a matrix of word vectors. Addresses are bytes, counts are elements.
//
// matrix   one row a word, `stride` floats apart; stride is a multiple of 4, the floats past the width are 0
// inverse  1 / length of each row, NaN for a row of zeros: NaN is above nothing, so such a row is never found
//
// Rows are taken 4 or 6 at a time, also past the last one: the memory there is the caller's to keep readable.

import { addLanes, offer } from './best'

/** out[row] = 1 / |row|. */
export function inverseLengths(matrix: usize, rows: i32, stride: i32, out: usize): void {
  const rowBytes = (<usize>stride) << 2
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0)
    for (let at = matrix, end = matrix + rowBytes; at < end; at += 16) {
      const x = v128.load(at)
      sum = f32x4.add(sum, f32x4.mul(x, x))
    }
    f32.store(out, 1 / sqrt<f32>(f32x4.extract_lane(addLanes(sum, sum, sum, sum), 0)))
    out += 4
    matrix += rowBytes
  }
}

/** out[row] = cosine of a query of length 1 with each row; `out` has room for a multiple of 4. */
export function cosines(matrix: usize, inverse: usize, rows: i32, stride: i32, query: usize, out: usize): void {
  const rowBytes = (<usize>stride) << 2
  for (let row = 0; row < rows; row += 4) {
    let a = f32x4.splat(0), b = a, c = a, d = a
    const r1 = matrix + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const q = v128.load(query + at)
      a = f32x4.add(a, f32x4.mul(q, v128.load(matrix + at)))
      b = f32x4.add(b, f32x4.mul(q, v128.load(r1 + at)))
      c = f32x4.add(c, f32x4.mul(q, v128.load(r2 + at)))
      d = f32x4.add(d, f32x4.mul(q, v128.load(r3 + at)))
    }
    v128.store(out, f32x4.mul(addLanes(a, b, c, d), v128.load(inverse)))
    matrix = r3 + rowBytes
    inverse += 16
    out += 16
  }
}

/**
 * Keeps, for each query, the best row so far among rows `from` … `to`-1, three excluded rows apart.
 * Of equal rows the first wins. 2 queries × 6 rows are held in registers.
 *
 * queries   queryCount × stride floats; queryCount is even
 * excluded  queryCount × 4 row numbers, the fourth unused
 * best      queryCount × (score f32, row i32), begun by the caller with (-Infinity, -1)
 */
export function bestRows(
  matrix: usize, inverse: usize, from: i32, to: i32, stride: i32,
  queries: usize, queryCount: i32, excluded: usize, best: usize,
): void {
  const rowBytes = (<usize>stride) << 2
  for (let query = 0; query < queryCount; query += 2) {
    const p = queries + <usize>query * rowBytes
    const q = p + rowBytes
    const bestP = best + ((<usize>query) << 3)
    const excludedP = excluded + ((<usize>query) << 4)
    for (let row = from; row < to; row += 6) {
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
      // Four rows of each query, and the last two of both.
      const lengths = inverse + ((<usize>row) << 2)
      const first = v128.load(lengths)
      const last = v128.load64_splat(lengths + 16)
      const scoresP = f32x4.mul(addLanes(p0, p1, p2, p3), first)
      const scoresQ = f32x4.mul(addLanes(q0, q1, q2, q3), first)
      const scoresPQ = f32x4.mul(addLanes(p4, p5, q4, q5), last)
      const atP = v128.load32_splat(bestP)
      const atQ = v128.load32_splat(bestP + 8)
      const above = v128.or(
        v128.or(f32x4.gt(scoresP, atP), f32x4.gt(scoresQ, atQ)),
        f32x4.gt(scoresPQ, v128.shuffle<i32>(atP, atQ, 0, 1, 4, 5)),
      )
      if (v128.any_true(above)) {
        // Rare once a good row is known.
        offer(f32x4.extract_lane(scoresP, 0), row, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresP, 1), row + 1, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresP, 2), row + 2, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresP, 3), row + 3, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresPQ, 0), row + 4, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresPQ, 1), row + 5, to, excludedP, bestP)
        offer(f32x4.extract_lane(scoresQ, 0), row, to, excludedP + 16, bestP + 8)
        offer(f32x4.extract_lane(scoresQ, 1), row + 1, to, excludedP + 16, bestP + 8)
        offer(f32x4.extract_lane(scoresQ, 2), row + 2, to, excludedP + 16, bestP + 8)
        offer(f32x4.extract_lane(scoresQ, 3), row + 3, to, excludedP + 16, bestP + 8)
        offer(f32x4.extract_lane(scoresPQ, 2), row + 4, to, excludedP + 16, bestP + 8)
        offer(f32x4.extract_lane(scoresPQ, 3), row + 5, to, excludedP + 16, bestP + 8)
      }
    }
  }
}
