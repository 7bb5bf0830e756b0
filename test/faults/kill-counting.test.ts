import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { forSeeds } from '../support/seeds.ts'

const program = join(import.meta.dirname, '../support/count-words.ts')
const most = { attempts: 12, files: 30 }

/** Runs it, and kills it some milliseconds after so many lines. Returns the lines: what was saved, and the result. */
async function count(text: string, scratch: string, killAfter: number, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=millrace-source', program, text, scratch])
  const closed = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    if (lines.push(line) === killAfter) void sleep(delayMs).then(() => child.kill('SIGKILL'))
  }
  await closed
  return lines
}

test('killed outright again and again, a count ends, and is right', () =>
  forSeeds(1, async (random) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const [text, scratch] = [join(folder, 'text.txt'), join(folder, 'counting')]
    const word = () => (random.below(3) === 0 ? `물${random.below(900)}` : `w${random.below(2 ** 24)}`)
    const lines = Array.from({ length: 9000 }, () => Array.from({ length: 20 }, word).join(' '))
    writeFileSync(text, `${lines.join('\n')}\n`)
    const [expected] = (await count(text, join(folder, 'other'), Number.POSITIVE_INFINITY, 0)).slice(-1)
    let blocks = 0
    let attempts = 0
    for (let told = ''; told !== expected; attempts++) {
      expect(attempts, 'restarts without an end').toBeLessThan(most.attempts)
      const before = blocks
      const said = await count(text, scratch, 5 + random.below(8), random.below(20))
      blocks = Number(said[0]!.split(' ')[1])
      // What was told to be safe is not counted again, and each attempt gets on.
      expect(blocks).toBeGreaterThanOrEqual(before)
      expect(readdirSync(scratch).length).toBeLessThan(most.files)
      const last = said.at(-1)!
      if (last.startsWith('counted')) expect(last).toBe(expected)
      else expect(Number(last.split(' ')[1])).toBeGreaterThan(blocks)
      told = last
      blocks = last.startsWith('saved') ? Number(last.split(' ')[1]) : blocks
    }
    expect(attempts).toBeGreaterThan(1)
  }))
