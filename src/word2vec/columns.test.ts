import { expect, test } from 'vitest'
import { dealColumns, dutyOf, leavesOf } from './columns.ts'

const cases = [1, 2, 3, 4, 5, 7, 8, 16].flatMap((threads) =>
  [1, 4, 7, 20, 100, 199, 300, 1000].flatMap((dim) =>
    [false, true].map((apart) => ({ threads, dim, apart })),
  ),
)

test.each(cases)('leaves cover all columns, and do not depend on threads: %o', ({ threads, dim, apart }) => {
  const { segments, leaves } = dealColumns(dim, true, threads, apart)
  const places = leaves.flatMap(({ segment, from, bytes }) => {
    const first = segments[segment]!.octet + from / 32
    return Array.from({ length: bytes / 32 }, (_, i) => first + i)
  })
  expect(places).toEqual(Array.from({ length: Math.ceil(dim / 8) }, (_, i) => i))
  const alone = dealColumns(dim, true, 1, false).leaves.map(({ bytes }) => bytes)
  expect(leaves.map(({ bytes }) => bytes)).toEqual(alone)
  for (const { stride, octets } of segments) {
    expect(stride % 64).toBe(0)
    expect(stride).toBeGreaterThanOrEqual(octets * 32)
  }
  if (apart) expect(new Set(segments.map(({ memory }) => memory)).size).toBe(leavesOf(dim))
})

test.each(cases)('together, threads do each thing once: %o', ({ threads, dim, apart }) => {
  for (const batch of [1, 4, 16]) {
    for (let active = 1; active <= threads; active++) {
      const dealt = dealColumns(dim, true, threads, apart)
      const duties = Array.from({ length: active }, (_, thread) => dutyOf(dealt, batch, thread, active))
      const parts = duties[0]!.parts
      const products = new Map<string, number>()
      const moved = new Map<string, number>()
      const once = <K>(counts: Map<K, number>, key: K) => counts.set(key, (counts.get(key) ?? 0) + 1)
      for (const { dots, moves } of duties) {
        for (const { leaf, part, fromWindow, toWindow } of dots) {
          expect(leaf).toBe((part * dealt.leaves.length) / parts)
          // A leaf and the one beside it are multiplied in one segment.
          if (parts < dealt.leaves.length)
            expect(dealt.leaves[leaf + 1]!.segment).toBe(dealt.leaves[leaf]!.segment)
          for (let w = fromWindow; w < toWindow; w++) once(products, `${part} ${w}`)
        }
        for (const { segment, from, bytes } of moves) {
          for (let at = from; at < from + bytes; at += 32) once(moved, `${segment} ${at}`)
        }
      }
      expect(products.size).toBe(parts * batch)
      expect(moved.size).toBe(Math.ceil(dim / 8))
      for (const counts of [products, moved]) for (const count of counts.values()) expect(count).toBe(1)
    }
  }
})

test('threads that need not meet twice multiply just what they move', () => {
  for (const { threads, dim, apart } of cases) {
    const { segments, leaves } = dealColumns(dim, true, threads, apart)
    for (let thread = 0; thread < threads; thread++) {
      const { dots, moves, parts, ownColumns } = dutyOf({ segments, leaves }, 16, thread, threads)
      if (!ownColumns) continue
      const columns = (segment: number, from: number, bytes: number) =>
        Array.from({ length: bytes / 32 }, (_, i) => segments[segment]!.octet + from / 32 + i)
      const multiplied = dots.flatMap(({ leaf, fromWindow, toWindow }) => {
        expect([fromWindow, toWindow]).toEqual([0, 16])
        return leaves
          .slice(leaf, leaf + leaves.length / parts)
          .flatMap(({ segment, from, bytes }) => columns(segment, from, bytes))
      })
      expect(multiplied).toEqual(moves.flatMap(({ segment, from, bytes }) => columns(segment, from, bytes)))
    }
  }
})
