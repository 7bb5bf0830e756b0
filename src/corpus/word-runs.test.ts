import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forSeeds, pick } from '../../test/support/seeds.ts'
import { type Disk, realDisk } from '../core/disk.ts'
import type { Random } from '../core/random.ts'
import { CountLedger, emptyPart } from './count-ledger.ts'
import { planCounting, shareOut } from './count-plan.ts'
import { isWholeRun, mergeRuns, mostOpen, type WordRun, wordsOf, writeRun } from './word-runs.ts'
import { leastTableBytes, runBufferBytes, WordTable } from './word-table.ts'

const bufferBytes = 100_000
const table = new WordTable(bufferBytes, bufferBytes, bufferBytes)
const newFolder = () => mkdtempSync(join(tmpdir(), 'millrace-'))

/** Words that begin alike, end alike, are others with zeros behind them, and as long as can be. */
function randomWords(random: Random, count: number): string[] {
  const part = () => pick(random, ['a', 'b', '\0', '물', 'abcdefgh', '\u{1f30a}'])
  const word = () => Array.from({ length: 1 + random.below(5) }, part).join('')
  return Array.from({ length: count }, () => (random.below(200) === 0 ? word().padEnd(900, 'z') : word()))
}

/** Adds words to the table, and to plain counts. */
function count(words: string[], plain: Map<string, number>): void {
  const text = table.rawBuffer
  for (let i = 0; i < words.length; i += 50) {
    const { written } = new TextEncoder().encodeInto(`${words.slice(i, i + 50).join(' ')} `, text)
    table.count(text.subarray(0, written))
  }
  for (const word of words) plain.set(word, (plain.get(word) ?? 0) + 1)
}

function inOrder(plain: Map<string, number>): [string, number][] {
  return [...plain].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function read(parts: Iterable<Uint8Array>): [string, number][] {
  return Array.from(wordsOf(parts), ([word, count]) => [Buffer.from(word).toString(), count])
}

test('a table is written in the order of bytes, and runs are merged into one, whatever their number', () =>
  forSeeds(5, async (random) => {
    const folder = newFolder()
    const all = new Map<string, number>()
    const runs: WordRun[] = []
    for (let i = pick(random, [1, 2, 5, mostOpen]); i > 0; i--) {
      const plain = new Map<string, number>()
      const words = randomWords(random, pick(random, [0, 1, 15, 17, 400]))
      count(words, plain)
      for (const [word, count] of plain) all.set(word, (all.get(word) ?? 0) + count)
      const path = join(folder, `run-${i}`)
      runs.push(writeRun(path, 0, (write) => table.writeSorted(write)))
      expect(read([readFileSync(path)])).toEqual(inOrder(plain))
      // Repaired, the table counts on as if nothing had been.
      table.repair()
      count(words, plain)
      const doubled = new Map(
        [...table.words(1)].map(([word, count]) => [Buffer.from(word).toString(), count]),
      )
      expect(inOrder(doubled)).toEqual(inOrder(plain))
      table.clear()
    }
    for (const minCount of [1, 3]) {
      const totals = { distinctWords: 0, mostFrequent: 0 }
      // With the least room, words lie across the ends of what is read at a time.
      const room = table.runBuffer.subarray(0, pick(random, [mostOpen * 2 ** 11, runBufferBytes]))
      const merged = read(mergeRuns(folder, runs, { memory: table.memory, room }, minCount, totals))
      expect(merged).toEqual(inOrder(all).filter(([, count]) => count >= minCount))
      expect(totals).toEqual({ distinctWords: all.size, mostFrequent: Math.max(0, ...all.values()) })
    }
  }))

test('whatever byte of a run is another, its words are refused', () =>
  forSeeds(1, async (random) => {
    const folder = newFolder()
    const path = join(folder, 'run-0')
    count(randomWords(random, 12), new Map())
    const run = writeRun(path, 0, (write) => table.writeSorted(write))
    table.clear()
    const bytes = readFileSync(path)
    const space = { memory: table.memory, room: table.runBuffer }
    for (let i = 0; i <= bytes.length; i++) {
      const harmed = Buffer.from(bytes)
      if (i < bytes.length) harmed[i] = harmed[i]! ^ (1 << random.below(8))
      writeFileSync(path, harmed)
      const merge = () => read(mergeRuns(folder, [run], space))
      if (i === bytes.length) merge()
      else expect(merge).toThrow('is damaged')
      if (i % 50 === 0) expect(await isWholeRun(folder, run)).toBe(i === bytes.length)
    }
  }))

test('a table takes no more than its share, and shares no more than the memory', () =>
  forSeeds(20, (random) => {
    const corpusBytes = 10 ** (6 + random.below(5))
    const threads = 1 + random.below(4)
    const memory = planCounting(corpusBytes, threads).least + random.below(100_000_000)
    const { taker, giver, tables } = shareOut(corpusBytes, threads, memory)
    expect(Math.min(taker, giver)).toBeGreaterThanOrEqual(leastTableBytes)
    expect(Math.abs(taker + (threads - 1) * giver - tables)).toBeLessThan(1)
    expect(tables).toBeLessThan(memory)
    const limited = new WordTable(corpusBytes, 1000, 1000, { tableBytes: giver })
    // Beside its share there is what `merge` reads a batch of words to, and the buffers; all are rounded up to pages.
    const beside = 2 ** 20 + 2 ** 16 + 8 * 4096
    expect(limited.memory.buffer.byteLength).toBeLessThanOrEqual(giver + beside)
  }))

test('a table that is full has room made before it goes on, and loses no word', () => {
  const limited = new WordTable(1e9, bufferBytes, 0, { tableBytes: leastTableBytes })
  const runs: [string, number][] = []
  limited.whenFull = () => {
    expect(limited.usedBytes).toBeLessThanOrEqual(leastTableBytes - runBufferBytes)
    limited.writeSorted((part) => void runs.push(...read([part])))
    limited.clear()
  }
  for (let i = 0; i < 100_000; i += 1000) {
    const line = Array.from({ length: 1000 }, (_, j) => `${(i + j).toString(36)}!`).join(' ')
    limited.count(limited.rawBuffer.subarray(0, fill(limited.rawBuffer, line)))
  }
  limited.whenFull()
  expect(new Set(runs.map(([word]) => word)).size).toBe(100_000)
  expect(runs.length).toBe(100_000)
})

test.each([
  ['goes on', false],
  ['dies', true],
])('whichever disk call fails, and the process %s, what was safe is, and is whole', async (_, dies) => {
  for (let n = 1, failed = true; failed; n++) {
    const folder = join(newFolder(), 'counting')
    const faulty = failingDisk(n)
    const place = () => ({
      scratch: folder,
      corpus: 'one',
      audits: { records: new Uint32Array(9), words: new Uint32Array(9), hashes: new BigUint64Array(9) },
      covered: new Uint8Array(9),
      disk: faulty.disk,
    })
    const ledger = await CountLedger.open(place())
    let safe = 0
    for (let block = 0; block < 4; block++) {
      try {
        count([`w${block}`, 'a'], new Map())
        const run = writeRun(
          join(folder, `run-${block}`),
          0,
          (write) => table.writeSorted(write),
          faulty.disk,
        )
        ledger.add({ ...emptyPart(), runs: [run], blocks: [block] })
        if (block === 2) {
          const runs = [...ledger.runs]
          const space = { memory: table.memory, room: table.runBuffer }
          const merged = writeRun(join(folder, 'run-9'), 1, (write) => mergeRuns(folder, runs, space).forEach(write), faulty.disk) // biome-ignore format: one line
          ledger.replace(runs, merged)
        }
        ledger.save()
        safe = ledger.total.blocks.length
      } catch (error) {
        expect((error as Error).message).toContain('cannot write')
        if (dies) break
      } finally {
        table.clear()
      }
    }
    failed = faulty.hasFailed()
    const again = await CountLedger.open({ ...place(), disk: realDisk })
    // A save whose last call failed may be there as well.
    const { length } = again.total.blocks
    expect(length, `call ${n}`).toBeGreaterThanOrEqual(safe)
    const space = { memory: table.memory, room: table.runBuffer }
    const counts = read(mergeRuns(folder, [...again.runs], space))
    expect(counts.length, `call ${n}`).toBe(length === 0 ? 0 : length + 1)
    expect(counts[0] ?? ['a', 0]).toEqual(['a', length])
    const left = existsSync(folder) ? readdirSync(folder) : []
    expect(left.length).toBe(again.runs.length + (length > 0 ? 1 : 0))
  }
})

/** Its n-th call fails. */
function failingDisk(n: number): { disk: Disk; hasFailed: () => boolean } {
  let calls = 0
  const names = Object.keys(calledOnDisk) as (keyof Disk)[]
  const disk = Object.fromEntries(
    names.map((name) => [
      name,
      (...args: unknown[]) => {
        if (++calls === n) throw Object.assign(new Error('made up'), { code: 'EIO' })
        return (realDisk[name] as (...args: unknown[]) => unknown)(...args)
      },
    ]),
  )
  return { disk: disk as unknown as Disk, hasFailed: () => calls >= n }
}

const calledOnDisk: Partial<Record<keyof Disk, true>> = {
  openSync: true,
  writeSync: true,
  fsyncSync: true,
  closeSync: true,
  renameSync: true,
  mkdirSync: true,
  rmSync: true,
}

function fill(target: Uint8Array, text: string): number {
  return new TextEncoder().encodeInto(`${text} `, target).written
}
