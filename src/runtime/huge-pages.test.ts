import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { askForHugePages } from './huge-pages.ts'

const mebibyte = 1024 * 1024

test.skipIf(!grantsThem())('a large memory gets huge pages where Linux gives them to who asks', () => {
  expect(hugeBytesAfterTouching(4 * mebibyte)).toBe(0)
  // The system may be short of whole huge pages, so not all of it.
  expect(hugeBytesAfterTouching(64 * mebibyte)).toBeGreaterThanOrEqual(2 * mebibyte)
})

function hugeBytesAfterTouching(bytes: number): number {
  const pages = bytes / 65_536
  const before = hugeBytes()
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  askForHugePages(memory)
  new Uint8Array(memory.buffer).fill(1)
  return hugeBytes() - before
}

function hugeBytes(): number {
  return (
    Number(/^AnonHugePages:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))![1]) * 1024
  )
}

function grantsThem(): boolean {
  if (process.platform !== 'linux' || !process.getBuiltinModule('node:ffi')) return false
  return readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[madvise]')
}
