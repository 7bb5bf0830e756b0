import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failOnce, systemError, watchedDisk } from '../../test/support/failing-disk.ts'
import { forSeeds } from '../../test/support/seeds.ts'
import { CheckpointStore } from './store.ts'

const folder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'checkpoints')
const tensor = (...values: number[]) => ({
  w: {
    dtype: 'F32' as const,
    shape: [values.length],
    bytes: new Uint8Array(new Float32Array(values).buffer),
  },
})

test('the newest comes back, and only the last two stay', async () => {
  const store = new CheckpointStore<{ step: number }>(folder())
  expect(store.newest()).toBeUndefined()
  for (let step = 1; step <= 4; step++) await store.write({ step }, tensor(step, 2 * step))
  expect(readdirSync(store.path)).toEqual(['000003', '000004'])
  const newest = store.newest()!
  expect(newest.state).toEqual({ step: 4 })
  const file = newest.tensors()
  expect([...new Float32Array(file.read('w').buffer)]).toEqual([4, 8])
  file.close()
})

test('what changes after the call returned is not in the checkpoint, and a second write must wait', async () => {
  const store = new CheckpointStore<{ step: number }>(folder())
  const state = { step: 1 }
  const numbers = new Float32Array([1])
  const bytes = new Uint8Array(numbers.buffer)
  const written = store.write(state, { w: { dtype: 'F32', shape: [1], bytes } })
  state.step = 2
  numbers[0] = 2
  await expect(store.write(state, tensor(2))).rejects.toThrow('a checkpoint is still being written')
  await written
  expect(store.newest()!.state.step).toBe(1)
  expect(new Float32Array(store.newest()!.tensors().read('w').buffer)[0]).toBe(1)
})

test('a checkpoint of which any byte is flipped or cut off is told and passed over', async () => {
  const store = new CheckpointStore<{ step: number; note: string }>(folder())
  await store.write({ step: 1, note: '' }, tensor(1))
  const { path } = await store.write({ step: 2, note: 'é물' }, tensor(2, 3))
  const passedOver = (file: string, damage: string) => {
    const told: string[] = []
    expect(store.newest((path) => told.push(path))?.state.step, `${file}: ${damage}`).toBe(1)
    expect(told).toEqual([path])
  }
  await forSeeds(1, (random) => {
    for (const name of readdirSync(path)) {
      const file = join(path, name)
      const whole = readFileSync(file)
      for (let at = 0; at < whole.length; at++) {
        const flipped = Buffer.from(whole)
        flipped[at]! ^= 1 + random.below(255)
        writeFileSync(file, flipped)
        passedOver(file, `byte ${at} is ${flipped[at]}`)
        if (at % 8 > 0) continue
        writeFileSync(file, whole.subarray(0, at))
        passedOver(file, `${at} bytes long`)
      }
      rmSync(file)
      passedOver(file, 'gone')
      writeFileSync(file, whole)
    }
  })
  expect(store.newest()!.state.step).toBe(2)
})

test('a damaged or foreign checkpoint does not count as one that stays', async () => {
  const store = new CheckpointStore<number>(folder())
  for (let i = 1; i <= 2; i++) await store.write(i, tensor(i))
  cpSync(join(store.path, '000002'), join(store.path, '000003'), { recursive: true })
  cpSync(join(store.path, '000002'), join(store.path, '000004'), { recursive: true })
  truncateSync(join(store.path, '000004', 'tensors.safetensors'), 3)
  const told: string[] = []
  const isOwn = (state: number) => (state === 2 ? 'it is of another run' : undefined)
  expect(store.newest((_, why) => told.push(why), isOwn)!.state).toBe(1)
  expect(told).toEqual([
    expect.stringContaining('tensors.safetensors has 3 bytes'),
    'it is of another run',
    'it is of another run',
  ])
  await store.write(5, tensor(5))
  expect(readdirSync(store.path)).toEqual(['000001', '000002', '000003', '000004', '000005'])
  await store.write(6, tensor(6))
  expect(readdirSync(store.path)).toEqual(['000005', '000006'])
})

test('nothing older goes before the new one is safe, and one that cannot be removed is no failure', async () => {
  const calls: string[] = []
  const disk = watchedDisk((name) => {
    calls.push(name)
    if (name === 'rm') throw systemError('EACCES')
  })
  const store = new CheckpointStore<number>(folder(), { keep: 1, disk })
  await store.write(1, tensor(1))
  calls.length = 0
  await store.write(2, tensor(2))
  const slow = calls.filter((name) => !name.endsWith('Sync'))
  expect(slow).toEqual(['fsync', 'fsync', 'fsync', 'rename', 'fsync', 'rm'])
})

test('whichever disk call fails, the newest whole checkpoint loads, and a later write works', async () => {
  for (let failing = 1; ; failing++) {
    const path = folder()
    await new CheckpointStore<number>(path).write(1, tensor(1))
    const { disk, hasFailed } = failOnce(failing, 'EIO')
    const store = new CheckpointStore<number>(path, { keep: 1, disk })
    const failed = await store.write(2, tensor(2)).then(
      () => false,
      (error) => expect(error.code).toBe('DISK_EIO') ?? true,
    )
    if (!hasFailed()) {
      expect(failing).toBeGreaterThan(12)
      return
    }
    expect(failed ? [1, 2] : [2]).toContain(store.newest()!.state)
    expect(readdirSync(path).filter((name) => name.startsWith('.'))).toEqual([])
    await store.write(3, tensor(3))
    expect(store.newest()!.state).toBe(3)
  }
})

const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0
if (!hasNumpy) console.log('skipped: python3 with numpy is not there to open a checkpoint')

test.skipIf(!hasNumpy)(
  'Python opens the tensors and checks the checksums as the documentation says',
  async () => {
    const store = new CheckpointStore<{ step: number }>(folder())
    const matrix = { dtype: 'F32' as const, shape: [2, 3], bytes: tensor(1, 2, 3, 4, 5, 6).w.bytes }
    const { path } = await store.write({ step: 7 }, { ...tensor(-0.5, 1e-9), matrix })
    const documentation = readFileSync(join(import.meta.dirname, '../../docs/checkpoints.md'), 'utf8')
    const program = /```python\n([^`]*def open_checkpoint[^`]*)```/.exec(documentation)![1]
    const ask = `
import sys
manifest, tensors = open_checkpoint(sys.argv[1])
print(json.dumps([manifest["state"], {name: tensor.tolist() for name, tensor in tensors.items()}]))`
    const answer = execFileSync('python3', ['-c', program + ask, path], { encoding: 'utf8' })
    expect(JSON.parse(answer)).toEqual([
      { step: 7 },
      {
        w: [-0.5, Math.fround(1e-9)],
        matrix: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    ])
    truncateSync(join(path, 'manifest.json'), readFileSync(join(path, 'manifest.json')).length - 1)
    expect(spawnSync('python3', ['-c', program + ask, path]).status).not.toBe(0)
  },
)
