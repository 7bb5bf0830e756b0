// A block that kills the trainer each time: named, or left out.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RunFolder, readEvents } from '../../src/run/index.ts'
import { madeUpText } from '../made-up-text.ts'

const launcher = join(import.meta.dirname, '../support/millrace.ts')
const bad = 2
const text = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'corpus.txt')
writeFileSync(text, madeUpText(400_000, 3))

/** Trains, and kills the trainer whenever it is at the bad block. */
async function train(threads: number, ...flags: string[]) {
  const folder = new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run'))
  const slow = [
    '--dim',
    '512',
    '--window',
    '10',
    '--min-count',
    '1',
    '--epochs',
    '2',
    '--threads',
    `${threads}`,
  ]
  const args = ['train', text, '--out', folder.path, ...slow, '--sample', '0', '--json', ...flags]
  const child = spawn(process.execPath, ['--conditions=millrace-source', launcher, ...args])
  let output = ''
  let notes = ''
  child.stdout.on('data', (part) => {
    output += part
  })
  child.stderr.on('data', (part) => {
    notes += part
  })
  const killer = setInterval(() => {
    if (!isAt(folder, bad)) return
    try {
      process.kill(folder.read().pids.trainer!, 'SIGKILL')
    } catch {
      // It is dead already, and what it was at lies there until the next one begins.
    }
  }, 1)
  const [code] = await once(child, 'close')
  clearInterval(killer)
  return { code, notes, folder, result: JSON.parse(output) }
}

function isAt(folder: RunFolder, block: number): boolean {
  try {
    const claims = readFileSync(folder.claims)
    return [0, 4].some((at) => at + 4 <= claims.length && claims.readUInt32LE(at) === block + 1)
  } catch {
    return false
  }
}

test('it is named after three deaths, and training stops there', async () => {
  const { code, notes, folder, result } = await train(1)
  expect(code, notes).toBe(1)
  expect(result).toMatchObject({ type: 'error', code: 'BAD_BLOCK' })
  expect(notes).toContain(`block ${bad}, the 65536 bytes from byte ${bad * 65_536} of`)
  expect(readEvents(folder.events).filter(({ type }) => type === 'death')).toHaveLength(3)
  expect(folder.read().status).toBe('failed')
})

test('with --skip-bad-blocks it is left out, told, and missing from the audit, and no other is', async () => {
  const { code, notes, folder, result } = await train(2, '--skip-bad-blocks')
  expect(code, notes).toBe(0)
  const counted = JSON.parse(readFileSync(folder.corpus, 'utf8')).records as number[]
  const records = counted.reduce((sum, count) => sum + count, 0) - counted[bad]!
  expect(result.audit.epochs).toMatchObject([1, 2].map((epoch) => ({ epoch, records, quarantined: [bad] })))
  expect(notes).toContain('is left out')
  expect(readEvents(folder.events)).toContainEqual(
    expect.objectContaining({ type: 'quarantine', block: bad, records: counted[bad] }),
  )
})
