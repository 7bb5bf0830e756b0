// The two loops that most of the time goes to, 32 bytes of a row at a time, for engines that make one operation of 256 bits of
// two of 128 (src/runtime/wasm.ts asks for it). On others there are not enough registers for them.
import { madd, putDots, storePair, sums4 } from './product'

/** Two inputs by six targets, or by the first three. */
@inline
export function dots2Wide(
  x0: usize, x1: usize, t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize,
  bytes: usize, out: usize, isHalf: bool, scratch: usize,
): void {
  let a0 = v128.load(scratch, 96) // zeros: constants could not be paired
  let a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0
  let c0 = v128.load(scratch, 112)
  let c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0
  let e0 = c0, e1 = c0, e2 = c0, e3 = c0, e4 = c0, e5 = c0
  for (let d: usize = 0; d < bytes; d += 32) {
    const a = v128.load(x0 + d)
    const c = v128.load(x0 + d, 16)
    const b = v128.load(x1 + d)
    const e = v128.load(x1 + d, 16)
    let t = v128.load(t0 + d)
    let u = v128.load(t0 + d, 16)
    a0 = madd(a, t, a0)
    c0 = madd(c, u, c0)
    b0 = madd(b, t, b0)
    e0 = madd(e, u, e0)
    t = v128.load(t1 + d)
    u = v128.load(t1 + d, 16)
    a1 = madd(a, t, a1)
    c1 = madd(c, u, c1)
    b1 = madd(b, t, b1)
    e1 = madd(e, u, e1)
    t = v128.load(t2 + d)
    u = v128.load(t2 + d, 16)
    a2 = madd(a, t, a2)
    c2 = madd(c, u, c2)
    b2 = madd(b, t, b2)
    e2 = madd(e, u, e2)
    if (isHalf) continue
    t = v128.load(t3 + d)
    u = v128.load(t3 + d, 16)
    a3 = madd(a, t, a3)
    c3 = madd(c, u, c3)
    b3 = madd(b, t, b3)
    e3 = madd(e, u, e3)
    t = v128.load(t4 + d)
    u = v128.load(t4 + d, 16)
    a4 = madd(a, t, a4)
    c4 = madd(c, u, c4)
    b4 = madd(b, t, b4)
    e4 = madd(e, u, e4)
    t = v128.load(t5 + d)
    u = v128.load(t5 + d, 16)
    a5 = madd(a, t, a5)
    c5 = madd(c, u, c5)
    b5 = madd(b, t, b5)
    e5 = madd(e, u, e5)
  }
  // Through memory: the engine does not widen a sum of its own accord.
  storePair(scratch, sums4(a0, a1, a2, a3), sums4(c0, c1, c2, c3))
  storePair(scratch + 32, sums4(a4, a5, b0, b1), sums4(c4, c5, e0, e1))
  storePair(scratch + 64, sums4(b2, b3, b4, b5), sums4(e2, e3, e4, e5))
  const y0 = f32x4.add(v128.load(scratch), v128.load(scratch, 16))
  const y1 = f32x4.add(v128.load(scratch, 32), v128.load(scratch, 48))
  const y2 = f32x4.add(v128.load(scratch, 64), v128.load(scratch, 80))
  putDots(out, y0, y1, y2)
}

/** Moves six targets, or the first three, by the inputs, and the inputs by the targets: see moveSix. */
@inline
export function moveSixWide(
  r0: usize, r1: usize, r2: usize, r3: usize, r4: usize, r5: usize, pointers: usize, end: usize, bytes: usize,
  gradients: usize, moved: usize, isFirst: bool, isLast: bool, isHalf: bool,
): void {
  for (let d: usize = 0; d < bytes; d += 32) {
    const t0 = v128.load(r0 + d)
    const u0 = v128.load(r0 + d, 16)
    const t1 = v128.load(r1 + d)
    const u1 = v128.load(r1 + d, 16)
    const t2 = v128.load(r2 + d)
    const u2 = v128.load(r2 + d, 16)
    const t3 = v128.load(r3 + d)
    const u3 = v128.load(r3 + d, 16)
    const t4 = v128.load(r4 + d)
    const u4 = v128.load(r4 + d, 16)
    const t5 = v128.load(r5 + d)
    const u5 = v128.load(r5 + d, 16)
    let n0 = t0, n1 = t1, n2 = t2, n3 = t3, n4 = t4, n5 = t5
    let m0 = u0, m1 = u1, m2 = u2, m3 = u3, m4 = u4, m5 = u5
    let g = gradients
    let by = moved + d
    for (let place = pointers; place < end; place += 4) {
      const row = load<usize>(place) + d
      const x = v128.load(row)
      const z = v128.load(row, 16)
      let w = v128.load32_splat(g)
      let s = isFirst ? (isLast ? madd(w, t0, x) : f32x4.mul(w, t0)) : madd(w, t0, v128.load(by))
      let q = isFirst ? (isLast ? madd(w, u0, z) : f32x4.mul(w, u0)) : madd(w, u0, v128.load(by, 16))
      n0 = madd(w, x, n0)
      m0 = madd(w, z, m0)
      w = v128.load32_splat(g, 4)
      s = madd(w, t1, s)
      q = madd(w, u1, q)
      n1 = madd(w, x, n1)
      m1 = madd(w, z, m1)
      w = v128.load32_splat(g, 8)
      s = madd(w, t2, s)
      q = madd(w, u2, q)
      n2 = madd(w, x, n2)
      m2 = madd(w, z, m2)
      if (!isHalf) {
        w = v128.load32_splat(g, 12)
        s = madd(w, t3, s)
        q = madd(w, u3, q)
        n3 = madd(w, x, n3)
        m3 = madd(w, z, m3)
        w = v128.load32_splat(g, 16)
        s = madd(w, t4, s)
        q = madd(w, u4, q)
        n4 = madd(w, x, n4)
        m4 = madd(w, z, m4)
        w = v128.load32_splat(g, 20)
        s = madd(w, t5, s)
        q = madd(w, u5, q)
        n5 = madd(w, x, n5)
        m5 = madd(w, z, m5)
      }
      if (!isLast) storePair(by, s, q)
      else if (isFirst) storePair(row, s, q)
      else storePair(row, f32x4.add(x, s), f32x4.add(z, q))
      if (!(isFirst && isLast)) by += bytes
      g += 24
    }
    storePair(r0 + d, n0, m0)
    storePair(r1 + d, n1, m1)
    storePair(r2 + d, n2, m2)
    if (!isHalf) {
      storePair(r3 + d, n3, m3)
      storePair(r4 + d, n4, m4)
      storePair(r5 + d, n5, m5)
    }
  }
}
