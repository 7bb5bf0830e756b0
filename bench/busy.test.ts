import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { besideBusyProcess } from './busy.ts'

/** Ticks of CPU time that a process had in user mode. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11])
}

test.skipIf(process.platform !== 'linux')(
  'a process is busy while work lasts, and gone after it',
  async () => {
    let pid = 0
    const ticks = await besideBusyProcess(async (busy) => {
      pid = busy
      await new Promise((resolve) => setTimeout(resolve, 1500))
      return ticksOf(busy)
    })
    // 100 a second, if it has a core to itself; to start takes a few.
    expect(ticks).toBeGreaterThan(25)
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    const failing = besideBusyProcess((busy) => {
      pid = busy
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  },
)
