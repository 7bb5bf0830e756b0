// @ts-nocheck: AssemblyScript, compiled by compile.ts.
// The loops that a training kernel is measured against. Addresses are bytes.

/**
 * Nothing but multiply-adds, 12 independent ones of four lanes in a step, on 12 vectors at `at`. Behind them
 * stand a factor and a term, which keep the numbers where they are.
 */
export function multiplyAdd(at: usize, steps: i32): void {
  let a = v128.load(at)
  let b = v128.load(at, 16)
  let c = v128.load(at, 32)
  let d = v128.load(at, 48)
  let e = v128.load(at, 64)
  let f = v128.load(at, 80)
  let g = v128.load(at, 96)
  let h = v128.load(at, 112)
  let i = v128.load(at, 128)
  let j = v128.load(at, 144)
  let k = v128.load(at, 160)
  let l = v128.load(at, 176)
  const factor = v128.load(at, 192)
  const term = v128.load(at, 208)
  for (; steps > 0; steps--) {
    a = madd(a, factor, term)
    b = madd(b, factor, term)
    c = madd(c, factor, term)
    d = madd(d, factor, term)
    e = madd(e, factor, term)
    f = madd(f, factor, term)
    g = madd(g, factor, term)
    h = madd(h, factor, term)
    i = madd(i, factor, term)
    j = madd(j, factor, term)
    k = madd(k, factor, term)
    l = madd(l, factor, term)
  }
  v128.store(at, a)
  v128.store(at, b, 16)
  v128.store(at, c, 32)
  v128.store(at, d, 48)
  v128.store(at, e, 64)
  v128.store(at, f, 80)
  v128.store(at, g, 96)
  v128.store(at, h, 112)
  v128.store(at, i, 128)
  v128.store(at, j, 144)
  v128.store(at, k, 160)
  v128.store(at, l, 176)
}

/** Adds a vector at `term` to all of each row in a list of addresses: each row is read and written once. */
export function changeRows(list: usize, count: i32, rowBytes: usize, term: usize): void {
  const add = v128.load(term)
  for (const end = list + ((<usize>count) << 2); list < end; list += 4) {
    const row = load<usize>(list)
    for (let at = row, rowEnd = row + rowBytes; at < rowEnd; at += 16) {
      v128.store(at, f32x4.add(v128.load(at), add))
    }
  }
}

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}
