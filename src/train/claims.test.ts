import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BlockTable } from '../corpus/index.ts'
import { RunFolder } from '../run/index.ts'
import { Claims, judgeClaims, openClaims, takeClaims } from './claims.ts'

const blocks = new BlockTable([{ path: 'a.txt', bytes: 650_000, mtimeMs: 0 }], 65_536)

function newRun(): RunFolder {
  const folder = new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run'))
  mkdirSync(folder.path)
  return folder
}

/** A process that dies at these blocks, one a thread. */
function dieAt(folder: RunFolder, ...at: number[]): void {
  openClaims(folder, at.length)
  for (const [thread, block] of at.entries()) new Claims(folder.claims, thread).claim(block)
}

const judge = (folder: RunFolder, deaths: number, skip = false) =>
  judgeClaims(folder, { atWork: takeClaims(folder), deaths, skip, blocks })

test('a block at work in three deaths running is named, and where its text lies', () => {
  const folder = newRun()
  dieAt(folder, 3, 5)
  expect(judge(folder, 1)).toEqual({ quarantined: [], fresh: [], suspects: [] })
  dieAt(folder, 6, 3)
  expect(judge(folder, 2).suspects).toEqual([3])
  dieAt(folder, 3)
  expect(() => judge(folder, 3)).toThrow(
    /block 3, the 65536 bytes from byte 196608 of a\.txt on, has ended the trainer 3 times running[\s\S]*tail -c \+196609 a\.txt \| head -c 65536[\s\S]*--skip-bad-blocks/,
  )
  // Its user has looked, and runs it again: it has three more tries.
  expect(judge(folder, 0)).toEqual({ quarantined: [], fresh: [], suspects: [] })
})

test('it is left out if that is asked for, and stays so', () => {
  const folder = newRun()
  for (const deaths of [1, 2]) {
    dieAt(folder, 3)
    judge(folder, deaths, true)
  }
  dieAt(folder, 3)
  expect(judge(folder, 3, true)).toEqual({ quarantined: [3], fresh: [3], suspects: [] })
  expect(judge(folder, 0, true)).toEqual({ quarantined: [3], fresh: [], suspects: [] })
  expect(judge(folder, 0, false)).toEqual({ quarantined: [3], fresh: [], suspects: [] })
})

test('deaths at different blocks, or with an orderly end or a new supervisor between, blame none', () => {
  const folder = newRun()
  for (const [deaths, block] of [1, 2, 3, 4].entries()) {
    dieAt(folder, block)
    expect(judge(folder, deaths + 1).suspects).toEqual([])
  }
  dieAt(folder, 9)
  judge(folder, 1)
  dieAt(folder, 9)
  judge(folder, 1)
  dieAt(folder, 9)
  expect(judge(folder, 2).suspects).toEqual([9])
  expect(judge(folder, 3)).toEqual({ quarantined: [], fresh: [], suspects: [] })
  expect(existsSync(folder.suspects)).toBe(false)
})

test('a thread at no block is not to blame, and damaged files are taken for none', () => {
  const folder = newRun()
  dieAt(folder, 4, 5)
  new Claims(folder.claims, 0).clear()
  judge(folder, 1)
  expect(JSON.parse(readFileSync(folder.suspects, 'utf8')).deaths).toEqual({ 5: 1 })
  writeFileSync(folder.suspects, '{"dea')
  writeFileSync(folder.claims, 'x')
  expect(judge(folder, 2)).toEqual({ quarantined: [], fresh: [], suspects: [] })
})
