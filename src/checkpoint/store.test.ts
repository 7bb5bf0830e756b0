import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realDisk } from '../core/disk.ts'
import { CheckpointStore } from './store.ts'

const folder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'checkpoints')
const tensor = (...values: number[]) => ({
  w: {
    dtype: 'F32' as const,
    shape: [values.length],
    bytes: new Uint8Array(new Float32Array(values).buffer),
  },
})

test('the newest comes back, and only the last two stay', () => {
  const store = new CheckpointStore<{ step: number }>(folder())
  expect(store.newest()).toBeUndefined()
  for (let step = 1; step <= 4; step++) store.write({ step }, tensor(step, 2 * step))
  expect(readdirSync(store.path)).toEqual(['000003', '000004'])
  const newest = store.newest()!
  expect(newest.state).toEqual({ step: 4 })
  const file = newest.tensors()
  expect([...new Float32Array(file.read('w').buffer)]).toEqual([4, 8])
  file.close()
})

test.each([
  ['cut short', (file: string) => truncateSync(file, 100)],
  ['missing', (file: string) => rmSync(file)],
  [
    'flipped in one bit',
    (file: string) => {
      const bytes = readFileSync(file)
      bytes[bytes.length - 3]! ^= 4
      writeFileSync(file, bytes)
    },
  ],
])('a checkpoint whose tensors are %s is told and passed over', (_, damage) => {
  const store = new CheckpointStore<number>(folder())
  store.write(1, tensor(1))
  const { path } = store.write(2, tensor(2))
  damage(join(path, 'tensors.safetensors'))
  const told: string[] = []
  expect(store.newest((path) => told.push(path))!.state).toBe(1)
  expect(told).toEqual([path])
})

test('whichever disk call fails, the newest whole checkpoint loads, and a later write works', () => {
  for (let failing = 1; ; failing++) {
    const path = folder()
    new CheckpointStore<number>(path).write(1, tensor(1))
    let calls = 0
    const disk = { ...realDisk } as any
    for (const name of [
      'openSync',
      'writeSync',
      'fsyncSync',
      'closeSync',
      'renameSync',
      'mkdirSync',
      'rmSync',
    ]) {
      disk[name] = (...args: unknown[]) => {
        if (++calls === failing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        return (realDisk as any)[name](...args)
      }
    }
    const store = new CheckpointStore<number>(path, { disk })
    try {
      store.write(2, tensor(2))
      expect(failing).toBeGreaterThan(10)
      return
    } catch {
      expect([1, 2]).toContain(store.newest()!.state)
      new CheckpointStore<number>(path).write(3, tensor(3))
      expect(store.newest()!.state).toBe(3)
    }
  }
})
