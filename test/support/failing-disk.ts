import { type Disk, realDisk } from '../../src/core/disk.ts'

/** The real disk with a hand on each call: `before` is told its name and, by throwing, makes it fail. */
export function watchedDisk(before: (name: keyof Disk, args: unknown[]) => void): Disk {
  const wrap = (name: keyof Disk) => {
    const call = realDisk[name] as (...args: unknown[]) => unknown
    const watched = (...args: unknown[]) => {
      before(name, args)
      return call(...args)
    }
    // Those that return promises fail by them.
    return name.endsWith('Sync') ? watched : async (...args: unknown[]) => watched(...args)
  }
  const names = Object.keys(realDisk) as (keyof Disk)[]
  return Object.fromEntries(names.map((name) => [name, wrap(name)])) as unknown as Disk
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'test' })
}

/** A disk whose N-th call fails, from 1; all others work. */
export function failOnce(nth: number, code: string) {
  let calls = 0
  const disk = watchedDisk(() => {
    if (++calls === nth) throw systemError(code)
  })
  return { disk, calls: () => calls, hasFailed: () => calls >= nth }
}
