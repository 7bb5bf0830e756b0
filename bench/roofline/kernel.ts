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

/**
 * The same with 12 pairs of vectors, each stored side by side: an engine that widens makes 12 operations of 256 bits of
 * them. On others there are not enough registers.
 */
export function multiplyAddPairs(at: usize, steps: i32): void {
  let a0 = v128.load(at)
  let a1 = v128.load(at, 16)
  let b0 = v128.load(at, 32)
  let b1 = v128.load(at, 48)
  let c0 = v128.load(at, 64)
  let c1 = v128.load(at, 80)
  let d0 = v128.load(at, 96)
  let d1 = v128.load(at, 112)
  let e0 = v128.load(at, 128)
  let e1 = v128.load(at, 144)
  let f0 = v128.load(at, 160)
  let f1 = v128.load(at, 176)
  let g0 = v128.load(at, 192)
  let g1 = v128.load(at, 208)
  let h0 = v128.load(at, 224)
  let h1 = v128.load(at, 240)
  let i0 = v128.load(at, 256)
  let i1 = v128.load(at, 272)
  let j0 = v128.load(at, 288)
  let j1 = v128.load(at, 304)
  let k0 = v128.load(at, 320)
  let k1 = v128.load(at, 336)
  let l0 = v128.load(at, 352)
  let l1 = v128.load(at, 368)
  const factor = v128.load(at, 384)
  const term = v128.load(at, 400)
  for (; steps > 0; steps--) {
    a0 = madd(a0, factor, term)
    a1 = madd(a1, factor, term)
    b0 = madd(b0, factor, term)
    b1 = madd(b1, factor, term)
    c0 = madd(c0, factor, term)
    c1 = madd(c1, factor, term)
    d0 = madd(d0, factor, term)
    d1 = madd(d1, factor, term)
    e0 = madd(e0, factor, term)
    e1 = madd(e1, factor, term)
    f0 = madd(f0, factor, term)
    f1 = madd(f1, factor, term)
    g0 = madd(g0, factor, term)
    g1 = madd(g1, factor, term)
    h0 = madd(h0, factor, term)
    h1 = madd(h1, factor, term)
    i0 = madd(i0, factor, term)
    i1 = madd(i1, factor, term)
    j0 = madd(j0, factor, term)
    j1 = madd(j1, factor, term)
    k0 = madd(k0, factor, term)
    k1 = madd(k1, factor, term)
    l0 = madd(l0, factor, term)
    l1 = madd(l1, factor, term)
  }
  v128.store(at, a1, 16)
  v128.store(at, a0)
  v128.store(at, b1, 48)
  v128.store(at, b0, 32)
  v128.store(at, c1, 80)
  v128.store(at, c0, 64)
  v128.store(at, d1, 112)
  v128.store(at, d0, 96)
  v128.store(at, e1, 144)
  v128.store(at, e0, 128)
  v128.store(at, f1, 176)
  v128.store(at, f0, 160)
  v128.store(at, g1, 208)
  v128.store(at, g0, 192)
  v128.store(at, h1, 240)
  v128.store(at, h0, 224)
  v128.store(at, i1, 272)
  v128.store(at, i0, 256)
  v128.store(at, j1, 304)
  v128.store(at, j0, 288)
  v128.store(at, k1, 336)
  v128.store(at, k0, 320)
  v128.store(at, l1, 368)
  v128.store(at, l0, 352)
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
