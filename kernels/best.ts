// What the searches share: the best row of a query, and sums of lanes.

/** Takes a row as the best if it is, lies before `to`, and is none of three that are excluded. */
export function offer(score: f32, row: i32, to: i32, excluded: usize, best: usize): void {
  if (row >= to || !(score > f32.load(best))) return
  if (row == i32.load(excluded) || row == i32.load(excluded, 4) || row == i32.load(excluded, 8)) return
  f32.store(best, score)
  i32.store(best, row, 4)
}

/** [sum of a, sum of b, sum of c, sum of d]: a transposition with the additions on the way. */
// @ts-ignore: decorator
@inline
export function addLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
}
