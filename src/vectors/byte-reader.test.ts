import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))

test('lines are whole where they cross a chunk, and where one is longer than a chunk', () => {
  const lengths = [2 ** 20 - 3, 10, 0, 3_000_000, 5, 2 ** 20]
  const path = join(folder, 'lines')
  writeFileSync(path, lengths.map((length, i) => String(i).repeat(length)).join('\n'))
  const reader = new ByteReader(path)
  for (const [i, length] of lengths.entries()) {
    const line = reader.takeUntil(0x0a, 2 ** 22)!
    expect(line.length).toBe(length)
    expect(line.every((byte) => byte === 0x30 + i)).toBe(true)
  }
  expect(reader.position).toBe(reader.size)
  expect(reader.takeUntil(0x0a, 10)).toBeNull()
  expect(reader.take(1)).toBeNull()
  reader.seek(2 ** 20 - 4)
  expect(Buffer.from(reader.take(4)!).toString()).toBe('0\n11')
  expect(reader.takeUntil(0x0a, 7)).toBeNull()
  expect(reader.takeUntil(0x0a, 8)!.length).toBe(8)
  reader.close()
})

test('a path that is not there, and a folder, are told', () => {
  expect(() => new ByteReader(join(folder, 'none'))).toThrow('there is no such file')
  expect(() => new ByteReader(folder)).toThrow('it is not a file')
})
