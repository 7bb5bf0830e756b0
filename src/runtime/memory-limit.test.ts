import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { availableMemory } from './memory-limit.ts'

const machine = 16 * 2 ** 30
/** The limit where files have such content. */
const limitWith = (files: Record<string, string>) =>
  availableMemory(undefined, (path) => files[path] ?? '', machine)

test('what is given goes before all else', () => {
  expect(availableMemory(123)).toEqual({ bytes: 123, of: '--memory' })
})

test('without a control group it is the machine', () => {
  expect(limitWith({})).toEqual({ bytes: machine, of: 'this machine' })
  expect(limitWith({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n' }).of).toBe(
    'this machine',
  )
  const { bytes } = availableMemory()
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThanOrEqual(totalmem())
})

test('of version 2 the least of the group and those that hold it counts', () => {
  const groups = { '/proc/self/cgroup': '0::/jobs/mine\n', '/sys/fs/cgroup/jobs/mine/memory.max': '3000\n' }
  expect(limitWith(groups)).toEqual({ bytes: 3000, of: 'the control group' })
  expect(limitWith({ ...groups, '/sys/fs/cgroup/jobs/memory.max': '2000\n' }).bytes).toBe(2000)
  // In a container the own group is the root, whatever its path is called.
  expect(limitWith({ ...groups, '/sys/fs/cgroup/memory.max': '1000\n' }).bytes).toBe(1000)
})

test('so it is of version 1, by the group of the memory controller', () => {
  const files = {
    '/proc/self/cgroup': '5:cpu,cpuacct:/other\n4:memory:/jobs/mine\n0::/\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/memory/other/memory.limit_in_bytes': '5\n',
  }
  expect(limitWith(files).of).toBe('this machine')
  const parent = { ...files, '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': '4000\n' }
  expect(limitWith(parent)).toEqual({ bytes: 4000, of: 'the control group' })
  expect(limitWith({ ...parent, '/sys/fs/cgroup/memory/jobs/mine/memory.limit_in_bytes': '7\n' }).bytes).toBe(
    7,
  )
})
