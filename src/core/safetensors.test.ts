import { mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, realDisk, writeFileAtomically } from './disk.ts'
import { SafetensorsFile, writeSafetensors } from './safetensors.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'millrace-'))
const tensors = {
  vectors: {
    dtype: 'F32' as const,
    shape: [2, 3],
    bytes: new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer),
  },
  words: { dtype: 'U8' as const, shape: [5], bytes: new Uint8Array(Buffer.from('a\nbé')) },
}

test('what is written is read again, and equal input gives equal bytes', () => {
  const [a, b] = [join(folder(), 'a.safetensors'), join(folder(), 'b.safetensors')]
  for (const path of [a, b])
    writeFileAtomically(path, (write) => writeSafetensors(write, tensors, { format: '1' }))
  expect(readFileSync(a)).toEqual(readFileSync(b))
  const file = new SafetensorsFile(a)
  expect(file.metadata).toEqual({ format: '1' })
  expect(file.tensors.get('vectors')!.begin % 64).toBe(0)
  expect([...new Float32Array(file.read('vectors').buffer)]).toEqual([1, 2, 3, 4, 5, 6])
  expect(() => file.read('other')).toThrow('no tensor other')
  file.close()
})

test('a file cut short at any length is refused', () => {
  const path = join(folder(), 'a.safetensors')
  writeFileAtomically(path, (write) => writeSafetensors(write, tensors))
  for (let bytes = readFileSync(path).length - 1; bytes >= 0; bytes -= 7) {
    truncateSync(path, bytes)
    expect(() => new SafetensorsFile(path)).toThrow('is not a whole safetensors file')
  }
})

test('whichever disk call fails, the old file stays and nothing is left beside it', () => {
  for (let failing = 1; ; failing++) {
    const path = join(folder(), 'x', 'a.json')
    writeFileAtomically(path, (write) => write(Buffer.from('old')))
    const disk = failOnCall(failing)
    try {
      writeFileAtomically(path, (write) => write(Buffer.from('new')), disk.disk)
      expect(failing).toBeGreaterThan(8)
      expect(readFileSync(path, 'utf8')).toBe('new')
      return
    } catch (error) {
      expect((error as Error).message).toContain('the disk is full')
      // Only the sync of the folder comes after the rename.
      expect(readFileSync(path, 'utf8')).toBe(disk.renamed() ? 'new' : 'old')
      expect(readdirSync(join(path, '..'))).toEqual(['a.json'])
    }
  }
})

/** A disk on which the N-th call, other than removing, fails with ENOSPC. */
function failOnCall(failing: number): { disk: Disk; renamed: () => boolean } {
  let calls = 0
  let renamed = false
  const names = ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync', 'mkdirSync'] as const
  const disk = { ...realDisk } as any
  for (const name of names) {
    disk[name] = (...args: any[]) => {
      if (++calls === failing) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
      if (name === 'renameSync') renamed = true
      return (realDisk[name] as any)(...args)
    }
  }
  return { disk, renamed: () => renamed }
}

test('writing into a place that is not a folder says so', () => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  expect(() => writeFileAtomically(join(file, 'a.json'), () => {})).toThrow('cannot write')
})
